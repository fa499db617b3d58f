"""Bouts of behaviors without a rat."""

from collections.abc import Callable

import numpy as np
import pytest

from analysis.similarity.design import Design
from analysis.similarity.settings import SimilaritySettings
from tests.analysis.similarity.sessions import timeline_of


@pytest.fixture
def bouts() -> Callable[..., np.ndarray]:
    """A function that makes labels of bins: each behavior in so many bouts, in random order."""

    def make(
        names: str | tuple[str, ...] = "ABCDEF", each: int = 8, bins: int = 10, seed: int = 0
    ) -> np.ndarray:
        rng = np.random.default_rng(seed)
        rounds = [rng.permutation(list(names)) for _ in range(each)]
        # a bin without a label between bouts keeps two of one behavior apart
        return np.concatenate([[*[name] * bins, ""] for name in np.concatenate(rounds)])

    return make


@pytest.fixture
def design(bouts) -> Design:
    """Six behaviors in eight bouts of ten windows."""
    labels = bouts()
    return Design.of(labels, timeline_of(len(labels)), np.ones(len(labels), bool), SimilaritySettings())
