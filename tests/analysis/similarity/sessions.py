"""Sessions without a recording."""

import numpy as np

from analysis.timeline import Timeline

WINDOW = 0.2  # seconds


def timeline_of(n_bins: int, bin_seconds: float = WINDOW, rollout: np.ndarray | None = None) -> Timeline:
    """Bins without rollouts behind them."""
    rollout = np.zeros(n_bins, int) if rollout is None else rollout
    return Timeline((), bin_seconds, 1, rollout, np.ones(n_bins, bool))
