"""The kinds of interventions; every one also has the fields of `rodent.intervention.spec.Intervention`.

Silence("decoder/layer_0[20%]", to="mean", seed=3)
KINDS["silence"]
"""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar, Literal

from rodent.errors import InputError, unknown
from rodent.intervention.quantities import Amount, Fraction, Time, amount, check_time, fraction
from rodent.intervention.spec import Intervention


@dataclasses.dataclass(frozen=True)
class Silence(Intervention):
    """Replace activity by nothing; what nothing is must be said, because it matters."""

    _: dataclasses.KW_ONLY
    to: Literal["zero", "mean", "resampled"]
    """`zero`; `mean`: of each unit in an intact rollout; `resampled`: drawn in every step from the values of
    the unit in an intact rollout, independently of all other units and steps."""

    OWN: ClassVar[Mapping[str, str]] = {"to": "to"}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.to not in ("zero", "mean", "resampled"):
            raise unknown("silence to", str(self.to), ("zero", "mean", "resampled"))


@dataclasses.dataclass(frozen=True)
class Clamp(Intervention):
    """Hold at a value."""

    _: dataclasses.KW_ONLY
    to: Amount
    """The value; with `sd`, so many standard deviations above the mean of the unit in an intact rollout."""

    OWN: ClassVar[Mapping[str, str]] = {"to": "to"}

    def __post_init__(self) -> None:
        super().__post_init__()
        amount(self.to)


@dataclasses.dataclass(frozen=True)
class Stimulate(Intervention):
    """Add to activity."""

    _: dataclasses.KW_ONLY
    by: Amount
    """What is added; with `sd`, in standard deviations of the unit in an intact rollout."""

    OWN: ClassVar[Mapping[str, str]] = {"by": "by"}

    def __post_init__(self) -> None:
        super().__post_init__()
        amount(self.by)


@dataclasses.dataclass(frozen=True)
class Gain(Intervention):
    """Multiply activity."""

    _: dataclasses.KW_ONLY
    by: float
    """The factor."""

    OWN: ClassVar[Mapping[str, str]] = {"by": "by"}

    def __post_init__(self) -> None:
        super().__post_init__()
        _, in_sd = amount(self.by)
        if in_sd:
            raise InputError(f"gain by {self.by!r} has a unit; expected a factor without unit")


@dataclasses.dataclass(frozen=True)
class Threshold(Intervention):
    """Raise the threshold of units: less input reaches their nonlinearity."""

    _: dataclasses.KW_ONLY
    by: Amount
    """What is subtracted from the input of the nonlinearity; with `sd`, in standard deviations of that."""

    OWN: ClassVar[Mapping[str, str]] = {"by": "by"}

    def __post_init__(self) -> None:
        super().__post_init__()
        amount(self.by)


@dataclasses.dataclass(frozen=True)
class Noise(Intervention):
    """Add normal noise, independent between units."""

    _: dataclasses.KW_ONLY
    by: Amount
    """Its standard deviation; with `sd`, in standard deviations of the unit in an intact rollout."""
    time: Time | None = None
    """Time constant of its autocorrelation, for AR(1) noise; None for white noise."""

    OWN: ClassVar[Mapping[str, str]] = {"by": "by", "time": "time"}

    def __post_init__(self) -> None:
        super().__post_init__()
        if amount(self.by)[0] < 0:
            raise InputError(f"noise by {self.by!r} is negative; it is a standard deviation")
        if self.time is not None:
            check_time(self.time, "time of noise", positive=True)


@dataclasses.dataclass(frozen=True)
class Leak(Intervention):
    """Give units a time constant: activity follows with an exponential lag."""

    _: dataclasses.KW_ONLY
    time: Time
    """The time constant."""

    OWN: ClassVar[Mapping[str, str]] = {"time": "time"}

    def __post_init__(self) -> None:
        super().__post_init__()
        check_time(self.time, "time of leak")


@dataclasses.dataclass(frozen=True)
class Delay(Intervention):
    """Delay activity; in the first frames of an episode it is that of the first frame."""

    _: dataclasses.KW_ONLY
    by: Time
    """How long; rounded to control steps."""

    OWN: ClassVar[Mapping[str, str]] = {"by": "by"}

    def __post_init__(self) -> None:
        super().__post_init__()
        check_time(self.by, "delay")


@dataclasses.dataclass(frozen=True)
class Degrade(Intervention):
    """Damage units or weights by degrees, at random."""

    _: dataclasses.KW_ONLY
    by: Fraction
    """Mean loss, from 0 to 1. Losses are uniformly distributed around it, as widely as 0 to 1 allows."""
    of: Literal["units", "weights"] = "units"
    """What loses: the activity of units, or the weights of their input."""

    OWN: ClassVar[Mapping[str, str]] = {"by": "by", "of": "of"}

    def __post_init__(self) -> None:
        super().__post_init__()
        fraction(self.by, "degrade by")
        if self.of not in ("units", "weights"):
            raise unknown("degrade of", str(self.of), ("units", "weights"))


KINDS: Mapping[str, type[Intervention]] = {
    kind.__name__.lower(): kind
    for kind in (Silence, Clamp, Stimulate, Gain, Threshold, Noise, Leak, Delay, Degrade)
}
"""Every kind by the name that it has in texts and TOML."""
