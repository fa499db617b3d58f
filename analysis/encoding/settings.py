"""The settings of comparisons; light, so that the command line can be derived from them."""

import dataclasses
import math

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class EncodingSettings:
    """How neurons are regressed on units, and how the regression is tested."""

    components: int = 32
    """Principal components kept of a layer's standardised units; a layer with no more units
    than this is used as it is. Also bounds the cost, which is linear in it."""
    lags: tuple[float, ...] = (0.0,)
    """Delays of the units, seconds: at 0.1 the spikes are predicted from the units 0.1 s
    earlier, at -0.1 from those 0.1 s later. Each lag adds a set of components."""
    folds: int = 5
    """Parts of the session that are held out in turn; each consists of whole blocks."""
    block_seconds: float = 60.0
    """Length of a contiguous block, at least; blocks are dealt to the folds in turn. Short
    blocks keep slow drift in both the score and its null, where it cancels."""
    gap_seconds: float = 1.0
    """Trimmed from both ends of every training block, on top of the span of the lags, so that
    no training bin is near a held-out one."""
    strengths: tuple[float, ...] = (0.001, 0.01, 0.1, 1.0, 10.0)
    """Ridge penalties to choose from, relative to a neuron's mean count: at 1 a component of
    unit variance is shrunk by half. Chosen per neuron within the training folds; one value
    saves that search."""
    shifts: int = 5
    """Random time shifts that the null is averaged over."""
    shift_seconds: float = 20.0
    """The least such shift. It should exceed the time over which behavior repeats itself."""
    min_rate: float = 0.1
    """Neurons that fire less are left out, Hz."""
    seed: int = 0
    """Of the random shifts."""

    def __post_init__(self) -> None:
        for name, low in (("components", 1), ("folds", 2), ("shifts", 1), ("seed", 0)):
            _check(name, getattr(self, name) >= low, getattr(self, name), f"at least {low}")
        for name in ("block_seconds", "shift_seconds"):
            value = getattr(self, name)
            _check(name, 0 < value < math.inf, value, "positive")
        for name in ("gap_seconds", "min_rate"):
            value = getattr(self, name)
            _check(name, 0 <= value < math.inf, value, "zero or more")
        good = all(0 < s < math.inf for s in self.strengths)
        _check("strengths", bool(self.strengths) and good, self.strengths, "positive numbers")
        good = all(map(math.isfinite, self.lags)) and len(set(self.lags)) == len(self.lags)
        _check("lags", bool(self.lags) and good, self.lags, "different numbers of seconds")
        if len(self.strengths) > 1 and self.folds < 3:
            raise InputError(
                f"{self.folds} folds leave nothing to choose between {len(self.strengths)} strengths with; "
                "take 3 folds or more, or one strength"
            )

    @property
    def lag_span(self) -> float:
        """From the latest to the earliest units that one bin is predicted from, seconds."""
        return max(*self.lags, 0.0) - min(*self.lags, 0.0)


def _check(name: str, good: bool, value: object, wanted: str) -> None:
    if not good:
        raise InputError(f"encoding setting {name} is {value}; it must be {wanted}")
