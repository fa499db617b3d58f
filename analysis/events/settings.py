"""The settings of peri-event rates; light, so that the command line can be derived from them."""

import dataclasses
import functools
import math

from rodent.errors import check_setting

_check = functools.partial(check_setting, "event setting")


@dataclasses.dataclass(frozen=True)
class EventSettings:
    """The windows around an event, and the tests of responses."""

    window: tuple[float, float] = (-0.5, 0.5)
    """Window around the event, seconds. Events without a complete window are excluded."""
    baseline: tuple[float, float] = (-0.5, -0.2)
    """Part of the window for the baseline, seconds."""
    response: tuple[float, float] = (-0.2, 0.5)
    """Part of the window for the response, seconds. It starts before the event, because motor neurons lead
    it; for sensory responses, start at 0."""
    psth_seconds: float = 0.01
    """Bin of the histogram for spike times, seconds. Counts and units keep the bins of the recording
    (--bin-seconds)."""
    smooth_seconds: float = 0.02
    """Standard deviation of the Gaussian window that smooths rates, seconds; 0 for none."""
    rotations: int = 999
    """Circular shifts of the events relative to the activity, for p. The smallest p is 1 / (1 + rotations); a
    single responding neuron among n needs 20 n rotations for a q of 0.05."""
    shift_seconds: float = 20.0
    """Smallest circular shift, seconds. The session must be three times as long."""
    bootstraps: int = 1000
    """Bootstrap samples of events for the 95 % intervals."""
    least_events: int = 10
    """Smallest number of events; events with fewer occurrences are refused."""
    seed: int = 0
    """Seed of shifts and bootstrap samples."""

    def __post_init__(self) -> None:
        for name in ("window", "baseline", "response"):
            low, high = getattr(self, name)
            good = math.isfinite(low) and math.isfinite(high) and low < high
            _check(name, good, f"{low} {high}", "two times in seconds, the earlier first")
        for name in ("baseline", "response"):
            (low, high), (first, last) = getattr(self, name), self.window
            _check(name, first <= low and high <= last, f"{low} {high}", f"within the window, {first} {last}")
        for name in ("psth_seconds", "shift_seconds"):
            _check(name, 0 < getattr(self, name) < math.inf, getattr(self, name), "positive")
        _check("smooth_seconds", 0 <= self.smooth_seconds < 1, self.smooth_seconds, "in [0, 1)")
        least = {"rotations": 19, "bootstraps": 2, "least_events": 2, "seed": 0}
        for name, low in least.items():
            _check(name, getattr(self, name) >= low, getattr(self, name), f"at least {low}")


@dataclasses.dataclass(frozen=True)
class RatEventSettings:
    """Thresholds of the events of the recorded rat: touches, lifts, walks and rears.

    A state starts when its measure reaches a threshold, and stops when it falls below a lower one
    (hysteresis), so that fluctuations around a threshold make one event, not many.
    """

    touch_weight: float = 0.05
    """A paw touches the floor when it carries this fraction of the body's weight, and is lifted when it
    carries less than half of that."""
    touch_seconds: float = 0.04
    """Shorter touches, and shorter gaps between touches, are ignored, seconds."""
    walk_speed: float = 0.1
    """The rat walks when its trunk reaches this speed, and stops below half of it, m/s."""
    rear_height: float = 0.125
    """The rat rears when its head reaches this height, and stops below four fifths of it: metres for a body
    of scale 0.9, and proportional to scale. In standing, the head is at 0.063."""
    bout_seconds: float = 0.3
    """Shorter bouts of walking, rearing and other behaviors are ignored, seconds."""

    def __post_init__(self) -> None:
        for name in ("touch_weight", "walk_speed", "rear_height"):
            _check(name, 0 < getattr(self, name) < math.inf, getattr(self, name), "positive")
        for name in ("touch_seconds", "bout_seconds"):
            _check(name, 0 <= getattr(self, name) < 60, getattr(self, name), "in [0, 60)")
