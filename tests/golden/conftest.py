"""What was recorded to the bit was compiled as it is for users, and is computed in a process that does so."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from rodent.jax_setup import cache_compilations
from tests.environment import COMPILATION


@pytest.fixture(scope="module")
def optimised() -> Iterator[Callable[..., Any]]:
    """Calls a function with arguments where functions are compiled with all of XLA's optimisations."""
    with pytest.MonkeyPatch.context() as patch:
        for name in COMPILATION:
            patch.delenv(name, raising=False)
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawn, initializer=cache_compilations) as pool:
            yield lambda function, *arguments: pool.submit(function, *arguments).result()
