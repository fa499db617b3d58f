"""Settings of the imitation game; light, so that the command line can be derived from them."""

import dataclasses
import functools
import math

from rodent.errors import check_setting

_check = functools.partial(check_setting, "game setting")


@dataclasses.dataclass(frozen=True)
class GameSettings:
    """Windows, classifiers and intervals."""

    seconds: tuple[float, ...] = (1.0, 0.5, 2.0)
    """Lengths of the windows to classify, seconds. The headline figures are of the first."""
    lowpass: float = 15.0
    """Cutoff of the filter that smooths both sides alike, Hz; below half the frame rate. What is faster is
    not compared, because tracking smooths it."""
    folds: int = 5
    """Folds of the cross-validation. No clip is in two folds, nor a session if there are several."""
    permutations: int = 5
    """Permutations of each group of features, for its importance."""
    bootstraps: int = 1000
    """Bootstrap samples of clips or sessions, for the 95 % intervals."""
    least_windows: int = 10
    """Smallest number of windows of each side; fewer are refused."""
    seed: int = 0
    """Seed of folds, permutations, bootstrap samples, initial weights and drawn spikes."""

    def __post_init__(self) -> None:
        good = bool(self.seconds) and all(0 < x < math.inf for x in self.seconds)
        _check("seconds", good, self.seconds, "one or more positive numbers")
        _check("lowpass", 0 < self.lowpass < math.inf, self.lowpass, "positive")
        least = {"folds": 2, "permutations": 1, "bootstraps": 2, "least_windows": 4, "seed": 0}
        for name, low in least.items():
            _check(name, getattr(self, name) >= low, getattr(self, name), f"at least {low}")


@dataclasses.dataclass(frozen=True)
class ActivitySettings:
    """How spikes are drawn from units, for games of activity."""

    bin_seconds: float | None = None
    """Bin of spikes and units, seconds; by default the shortest that fits both files."""
    activity_seconds: float = 10.0
    """Length of the windows of activity, seconds."""
    depth: float = 0.6
    """Standard deviation of the logarithm of a unit's rate over time."""
    offset: float | None = None
    """Time of the first frame on the clock of the spikes, seconds. By default, both must start and end at the
    same time."""

    def __post_init__(self) -> None:
        _check("activity_seconds", 0 < self.activity_seconds < math.inf, self.activity_seconds, "positive")
        _check("depth", 0 <= self.depth < math.inf, self.depth, "zero or more")


@dataclasses.dataclass(frozen=True)
class BlindSettings:
    """Pairs of films for people."""

    trials: int = 20
    """Largest number of pairs of films."""
    film_seconds: float = 2.0
    """Length of a film, seconds; it repeats."""

    def __post_init__(self) -> None:
        _check("trials", self.trials >= 1, self.trials, "at least 1")
        _check("film_seconds", 0 < self.film_seconds <= 60, self.film_seconds, "in (0, 60]")
