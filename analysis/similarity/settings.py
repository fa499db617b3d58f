"""The settings of a comparison of structure; light, so that the command line can be derived from them."""

import dataclasses
import functools
import math
from typing import Literal

from rodent.errors import check_setting

LabelSource = Literal["clip", "session", "kinematics", "trials"]
Noise = Literal["shrunk", "diagonal", "none"]
Measure = Literal["whitened", "cosine", "rank", "tau"]

FEWEST_CONDITIONS = 3
"""Smallest number of behaviors: two have only one distance, which is no structure."""

_check = functools.partial(check_setting, "similarity setting")


@dataclasses.dataclass(frozen=True)
class SimilaritySettings:
    """Settings of behaviors, distances, and the comparison of structures."""

    conditions: LabelSource = "clip"
    """Source of the behaviors: the labels of the recording's clips, the epochs of the session's file,
    kinematic states, or the kinds of trials of a recording of a task."""
    epoch_table: str | None = None
    """With --conditions session: the interval table with the epochs, such as `trials`. By default the only
    table with a column of kinds, or `epochs`."""
    epoch_column: str | None = None
    """Column of this table with the kinds of epochs, such as `side`; by default the only text column. With
    --conditions trials: `kind`, by default, or `outcome`."""
    window_seconds: float = 0.2
    """Length of a window, seconds, a whole number of bins: spikes are summed and units averaged over it.
    Counts of 20 ms are mostly 0 or 1; over 0.2 s, the variance of their square roots is about constant."""
    partitions: int = 4
    """Parts of the session for cross-validated distances, made of whole bouts. Behaviors with fewer bouts are
    excluded."""
    least_seconds: float = 2.0
    """Behaviors with less time are excluded, seconds."""
    noise: Noise = "shrunk"
    """Normalisation of distances: by the covariance within behaviors with Ledoit-Wolf shrinkage, by variances
    only, or none (squared Euclidean distance)."""
    similarity: Measure = "whitened"
    """Measure of similarity: cosine of the distances whitened by their covariance
    (Diedrichsen et al. 2021), plain cosine, Spearman's rho-a, or Kendall's tau-a."""
    permutations: int = 5000
    """Number of random permutations of the behaviors for p; all permutations if there are fewer."""
    bootstraps: int = 1000
    """Bootstrap samples of behaviors and sessions for the intervals."""
    splits: int = 20
    """Random splits of the neurons into halves, for the noise ceiling of a single session."""
    shifts: int = 5
    """Random time shifts for the null of CKA, which is their mean."""
    shift_seconds: float = 20.0
    """Least time shift, seconds."""
    seed: int = 0
    """Seed of permutations, samples, splits and shifts."""

    def __post_init__(self) -> None:
        least = {"partitions": 2, "permutations": 1, "bootstraps": 2, "splits": 1, "shifts": 1, "seed": 0}
        for name, low in least.items():
            _check(name, getattr(self, name) >= low, getattr(self, name), f"at least {low}")
        for name in ("window_seconds", "shift_seconds"):
            _check(name, 0 < getattr(self, name) < math.inf, getattr(self, name), "positive")
        for name, sources in (("epoch_table", ("session",)), ("epoch_column", ("session", "trials"))):
            value = getattr(self, name)
            used = value is None or self.conditions in sources
            _check(name, used, repr(value), f"used only with --conditions {' or '.join(sources)}")
        _check("least_seconds", 0 <= self.least_seconds < math.inf, self.least_seconds, "zero or more")
