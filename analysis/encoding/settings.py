"""The settings of comparisons; light, so that the command line can be derived from them."""

import dataclasses
import functools
import math
from typing import Literal

from analysis.parts import REGRESSIONS
from rodent.errors import InputError, check_setting

_FEW_SHIFTS = 20  # up to which regressions of the null are made in full
_USUAL_SHIFT, _SHORT_SHIFT = 20.0, 2.0  # seconds
_SHIFTS_IN_SESSION = 6
"""Least length of a session in units of the least shift, which stands for how slow drift is expected:
ranks hold for drift over up to a sixth of the session (`benchmarks/truth.py`)."""

_check = functools.partial(check_setting, "encoding setting")


@dataclasses.dataclass(frozen=True)
class EncodingSettings:
    """How neurons are regressed on features, and how the regression is tested."""

    model: str = "ridge"
    """Poisson regression with a penalty on squares (`ridge`), on squares and absolute values
    (`elastic-net`) or on the norm of each band (`group-lasso`, which leaves out whole bands);
    linear regression of the root of the counts with a penalty per band (`banded-ridge`); or a
    regression that an installed package adds, by its name."""
    components: int | None = None
    """Principal components kept of each band's standardised features, the same in every model; all
    features if not given. Fewer cost less, and tell less: 32 components hold half of 67 joints."""
    lags: tuple[float, ...] = (0.0,)
    """Delays of the features, seconds: at 0.1 the spikes are predicted from the features 0.1 s
    earlier, at -0.1 from those 0.1 s later. Each lag adds a set of components."""
    band_lags: tuple[str, ...] = ()
    """Other lags for some bands, as in `joints=0,0.1`."""
    base_lags: tuple[float, ...] | None = None
    """Lags of the kinematics that --unique starts from, seconds. If not given -0.1, 0 and 0.1 s, to whole
    bins: an encoder that sees the coming frames would else gain by knowing the future alone."""
    folds: int = 5
    """Parts of the session that are held out in turn; each consists of whole blocks."""
    block_seconds: float = 60.0
    """Length of a contiguous block, at least; blocks are dealt to the folds in turn, so that each
    fold has something of all parts of the session."""
    gap_seconds: float = 1.0
    """Trimmed from both ends of every training block, on top of the span of the lags, so that
    no training bin is near a held-out one."""
    strengths: tuple[float, ...] = (0.001, 0.01, 0.1, 1.0, 10.0)
    """Strengths of the penalty to choose from, relative to a neuron's mean count: at 1 ridge
    shrinks a component of unit variance by half. Chosen per neuron within the training folds; one
    value saves that search."""
    penalties: Literal["bands", "shared"] = "bands"
    """Whether each band, and the neuron's own past, has a strength of its own (`bands`), or all bands of a
    model share one (`shared`). Under a shared one a band of many columns can hold another one back."""
    l1_ratio: float = 0.5
    """Part of the elastic net's penalty that is absolute values, above 0 and at most 1."""
    band_weights: int = 20
    """Weightings of the bands against one another that banded ridge chooses from; drawn at random."""
    shifts: int = 199
    """Random time shifts of the null, which is their mean. A score's p is its rank among them, so it is
    never less than 1 / (1 + shifts)."""
    null: Literal["second-order", "refit"] | None = None
    """How the regressions of the shifts are made: from the likelihood to second order, in one step
    (`second-order`), or in full like the score itself (`refit`), which takes as long again for every
    shift. If not given: in full for 20 shifts or fewer."""
    shift_seconds: float | None = None
    """The least such shift. If not given 20 s where the null is refitted, so that its few shifts keep
    nothing of what behavior says; and 2 s to second order: leaving out short shifts among many makes p too
    small where drift is slow. A session must be six times as long, and two minutes if not given."""
    seed: int = 0
    """Of the random shifts, weightings and bootstraps."""

    def __post_init__(self) -> None:
        REGRESSIONS.require(self.model, "--model")
        _check("components", self.components is None or self.components >= 1, self.components, "at least 1")
        for name, low in (("folds", 2), ("band_weights", 1), ("shifts", 1), ("seed", 0)):
            _check(name, getattr(self, name) >= low, getattr(self, name), f"at least {low}")
        for name, value in (("block_seconds", self.block_seconds), ("shift_seconds", self.least_shift)):
            _check(name, 0 < value < math.inf, value, "positive")
        _check("gap_seconds", 0 <= self.gap_seconds < math.inf, self.gap_seconds, "zero or more")
        _check("l1_ratio", 0 < self.l1_ratio <= 1, self.l1_ratio, "above 0 and at most 1")
        good = all(0 < s < math.inf for s in self.strengths)
        _check("strengths", bool(self.strengths) and good, self.strengths, "positive numbers")
        for lags in (self.lags, self.base_lags or (0.0,), *self._band_lags().values()):
            good = all(map(math.isfinite, lags)) and len(set(lags)) == len(lags)
            _check("lags", bool(lags) and good, lags, "different numbers of seconds")
        if len(self.strengths) > 1 and self.folds < 3:
            raise InputError(
                f"{self.folds} folds leave nothing to choose between {len(self.strengths)} strengths with; "
                "take 3 folds or more, or one strength"
            )

    @property
    def refits(self) -> bool:
        """Whether the regressions of the null are made in full."""
        return self.shifts <= _FEW_SHIFTS if self.null is None else self.null == "refit"

    @property
    def least_shift(self) -> float:
        """Seconds by which the null shifts at least."""
        if self.shift_seconds is not None:
            return self.shift_seconds
        return _USUAL_SHIFT if self.refits else _SHORT_SHIFT

    @property
    def least_session(self) -> float:
        """How long a session must be, seconds."""
        return _SHIFTS_IN_SESSION * (_USUAL_SHIFT if self.shift_seconds is None else self.shift_seconds)

    def separates(self, n_groups: int) -> bool:
        """Whether so many bands are to have strengths of their own."""
        several = n_groups > 1 and len(self.strengths) > 1
        return several and self.penalties == "bands"

    def lags_of(self, band: str) -> tuple[float, ...]:
        """Lags of a band, seconds."""
        return self._band_lags().get(band, self.lags)

    @property
    def all_lags(self) -> tuple[float, ...]:
        """Those of any band, seconds, in order: the bins used are the same for all."""
        return tuple(sorted({*self.lags, *(lag for lags in self._band_lags().values() for lag in lags)}))

    @property
    def lag_span(self) -> float:
        """From the latest to the earliest features that one bin is predicted from, seconds."""
        return max(*self.all_lags, 0.0) - min(*self.all_lags, 0.0)

    def _band_lags(self) -> dict[str, tuple[float, ...]]:
        found = {}
        for text in self.band_lags:
            name, _, lags = text.partition("=")
            try:
                found[name] = tuple(float(lag) for lag in lags.split(","))
            except ValueError as error:
                raise InputError(
                    f"encoding setting band_lags has {text!r}; a band and its lags in seconds are expected, "
                    "as in joints=0,0.1"
                ) from error
        return found
