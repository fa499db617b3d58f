"""What was recorded to the bit was compiled as it is for users: with all of XLA's optimisations."""

from collections.abc import Iterator

import jax
import pytest

_OPTION = "jax_disable_most_optimizations"


@pytest.fixture(scope="module", autouse=True)
def optimised() -> Iterator[None]:
    """Functions are compiled anew before and after."""
    before = jax.config.values[_OPTION]
    jax.clear_caches()
    jax.config.update(_OPTION, False)
    yield
    jax.config.update(_OPTION, before)
    jax.clear_caches()
