"""A small population whose two latent variables are known."""

import numpy as np
import pytest

from analysis.dynamics.settings import DynamicsSettings, LfadsSettings
from analysis.dynamics.simulation import Truth, draw_spikes, rotation_matrix, simulate_linear

HERTZ, DECAY_SECONDS = 2.0, 0.5
"""Of the planted rotation."""
SMALL = DynamicsSettings(
    dimensions=2,
    window_seconds=0.6,
    overlap_seconds=0.1,
    forecast_seconds=0.1,
    iterations=15,
    shifts=19,
    lfads=LfadsSettings(generator=12, encoder=12, controller=6, steps=80, batch=16, learning_rate=0.02),
)


@pytest.fixture(scope="session")
def matrix() -> np.ndarray:
    """The map from each bin of 20 ms to the next."""
    return rotation_matrix(np.array([2 * np.pi * HERTZ * 0.02]), np.exp(-0.02 / DECAY_SECONDS))


@pytest.fixture(scope="session")
def truth(matrix: np.ndarray) -> Truth:
    """A minute of twenty neurons."""
    return draw_spikes(simulate_linear(matrix, 3000, seed=1), neurons=20, seed=1, rate=30.0)
