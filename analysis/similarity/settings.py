"""The settings of a comparison of structure; light, so that the command line can be derived from them."""

import dataclasses
import functools
import math
from typing import Literal

from rodent.errors import check_setting

LabelSource = Literal["clip", "session", "kinematics"]
Noise = Literal["shrunk", "diagonal", "none"]
Measure = Literal["whitened", "cosine", "rank", "tau"]

FEWEST_CONDITIONS = 3
"""Behaviors below which there is no structure: two have but one distance."""

_check = functools.partial(check_setting, "similarity setting")


@dataclasses.dataclass(frozen=True)
class SimilaritySettings:
    """How behaviors are found, their distances measured and the structures compared."""

    conditions: LabelSource = "clip"
    """Where the behaviors come from: the labels of the recording's clips, the epochs of the
    session's file, or states told apart by kinematics."""
    epoch_table: str | None = None
    """Of --conditions session: the table of intervals that says what the epochs are, such as `trials`.
    If not given, the only one with a column of kinds, or `epochs`."""
    epoch_column: str | None = None
    """Its column that tells kinds of epochs apart, such as `side`; the only one of texts if not given."""
    window_seconds: float = 0.2
    """Length of a window, seconds, a whole number of bins: spikes are summed and units averaged
    over it. Counts of 20 ms are mostly 0 or 1; over 0.2 s their roots vary about alike."""
    partitions: int = 4
    """Parts of the session that distances are cross-validated over, made of whole bouts. A
    behavior with fewer bouts than this is left out."""
    least_seconds: float = 2.0
    """A behavior seen for less is left out, seconds."""
    noise: Noise = "shrunk"
    """What distances are relative to: the covariance within behaviors shrunk as by Ledoit and
    Wolf, the variances alone, or nothing (squared Euclidean distance)."""
    similarity: Measure = "whitened"
    """How structures are compared: cosine of the distances whitened by their covariance
    (Diedrichsen et al. 2021), plain cosine, Spearman's rho-a, or Kendall's tau-a."""
    permutations: int = 5000
    """Random orders of the behaviors that p is found with; all orders where there are no more."""
    bootstraps: int = 1000
    """Samples of behaviors and sessions, drawn with replacement, that intervals come from."""
    splits: int = 20
    """Random halves of the neurons that the noise ceiling of a single session comes from."""
    shifts: int = 5
    """Random time shifts that the null of CKA is averaged over."""
    shift_seconds: float = 20.0
    """The least such shift, seconds."""
    seed: int = 0
    """Of permutations, samples, halves and shifts."""

    def __post_init__(self) -> None:
        least = {"partitions": 2, "permutations": 1, "bootstraps": 2, "splits": 1, "shifts": 1, "seed": 0}
        for name, low in least.items():
            _check(name, getattr(self, name) >= low, getattr(self, name), f"at least {low}")
        for name in ("window_seconds", "shift_seconds"):
            _check(name, 0 < getattr(self, name) < math.inf, getattr(self, name), "positive")
        for name in ("epoch_table", "epoch_column"):
            value = getattr(self, name)
            used = value is None or self.conditions == "session"
            _check(name, used, repr(value), "left out, or --conditions be session")
        _check("least_seconds", 0 <= self.least_seconds < math.inf, self.least_seconds, "zero or more")
