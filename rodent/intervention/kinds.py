"""The kinds of interventions; every one also has the fields of `rodent.intervention.spec.Intervention`.

Silence("decoder/layer_0[20%]", to="mean", seed=3)
KINDS["silence"]
"""

import dataclasses
from collections.abc import Mapping
from typing import Literal

from rodent.errors import InputError, check_setting, unknown
from rodent.intervention.body_kinds import Mass, Weaken
from rodent.intervention.quantities import Amount, Fraction, Time, amount, check_time, fraction
from rodent.intervention.spec import Intervention
from rodent.intervention.structure import Cut, Swap


@dataclasses.dataclass(frozen=True)
class Silence(Intervention):
    """Replace activity by nothing; what nothing is must be said, because it matters."""

    _: dataclasses.KW_ONLY
    to: Literal["zero", "mean", "resampled"]
    """`zero`; `mean`: of each unit in an intact rollout; `resampled`: drawn in every step from the values of
    the unit in an intact rollout, independently of all other units and steps."""

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

    def __post_init__(self) -> None:
        super().__post_init__()
        amount(self.to)


@dataclasses.dataclass(frozen=True)
class Stimulate(Intervention):
    """Add to activity."""

    _: dataclasses.KW_ONLY
    by: Amount
    """What is added; with `sd`, in standard deviations of the unit in an intact rollout."""

    def __post_init__(self) -> None:
        super().__post_init__()
        amount(self.by)


@dataclasses.dataclass(frozen=True)
class Gain(Intervention):
    """Multiply activity."""

    _: dataclasses.KW_ONLY
    by: float
    """The factor."""

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

    def __post_init__(self) -> None:
        super().__post_init__()
        check_time(self.time, "time of leak")


@dataclasses.dataclass(frozen=True)
class Delay(Intervention):
    """Delay activity; in the first frames of an episode it is that of the first frame."""

    _: dataclasses.KW_ONLY
    by: Time
    """How long; rounded to control steps."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_time(self.by, "delay")


@dataclasses.dataclass(frozen=True)
class Degrade(Intervention):
    """Damage units or their incoming weights by degrees, at random."""

    _: dataclasses.KW_ONLY
    by: Fraction
    """Severity, from 0 to 1; see `how`."""
    of: Literal["units", "weights"] = "units"
    """What is multiplied by random factors: the activity of units, or their incoming weights."""
    how: Literal["loss", "removal", "noise"] = "loss"
    """`loss`: a random part of each is lost; the severity is its mean, and losses are uniformly distributed
    around it, as widely as 0 to 1 allows. `removal`: the severity is the fraction that is lost completely.
    `noise`: factors are normally distributed around 1; the severity is their standard deviation."""

    def __post_init__(self) -> None:
        super().__post_init__()
        fraction(self.by, "degrade by")
        for name, choices in (("of", ("units", "weights")), ("how", ("loss", "removal", "noise"))):
            if (value := getattr(self, name)) not in choices:
                raise unknown(f"degrade {name}", str(value), choices)

    @property
    def on_weights(self) -> bool:
        """See `Intervention.on_weights`."""
        return self.of == "weights"


@dataclasses.dataclass(frozen=True)
class Drug(Intervention):
    """A dose acts on the units with a receptor, by a Hill curve.

    The effect is `effect` * dose^hill / (dose^hill + ed50^hill).
    """

    _: dataclasses.KW_ONLY
    dose: float
    """In the unit of `ed50`; at least 0."""
    ed50: float
    """Dose of half the effect."""
    effect: Amount
    """At an infinite dose. On the gain: what is added to 1, at least -1. On the threshold: how much it rises;
    with `sd`, in standard deviations of the input of the nonlinearity."""
    hill: float = 1.0
    """Hill coefficient."""
    on: Literal["gain", "threshold"] = "gain"
    """What the drug acts on."""
    receptors: str = ""
    """Fractions of the units of a site with each receptor, such as `A=0.4,B=0.3`, drawn with the seed: a unit
    has one or none. Empty for all units."""
    table: str = ""
    """In place of `receptors`: a CSV or JSON file with the columns layer, unit and receptor; units that are
    not in it have none."""
    receptor: str = ""
    """The receptor that the drug acts on, one of `receptors` or of the table."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.on not in ("gain", "threshold"):
            raise unknown("drug on", str(self.on), ("gain", "threshold"))
        for name, good, expected in (
            ("dose", self.dose >= 0, "at least 0"),
            ("ed50", self.ed50 > 0, "above 0"),
            ("hill", self.hill > 0, "above 0"),
        ):
            check_setting("drug", name, good, getattr(self, name), expected)
        number, in_sd = amount(self.effect)
        if self.on == "gain" and (in_sd or number < -1):
            raise InputError(
                f"drug effect on the gain is {self.effect!r}; it must be a number of at least -1"
            )
        if self.table:
            if self.receptors:
                raise InputError("drug has both receptors and a table; expected one of them")
            if not self.receptor:
                raise InputError(f"drug with the table {self.table} lacks the receptor that it acts on")
        elif self.receptors or self.receptor:
            fractions = self.fractions
            if self.receptor not in fractions:
                raise unknown("receptor", self.receptor, fractions, f"the receptors {self.receptors!r}")

    @property
    def tables(self) -> tuple[str, ...]:
        """See `Intervention.tables`; also that of the receptors."""
        return (*super().tables, self.table) if self.table else super().tables

    @property
    def fractions(self) -> dict[str, float]:
        """Fractions of units by receptor.

        Raises:
            InputError: they are not understood, or their sum is above 1.
        """
        found: dict[str, float] = {}
        for part in self.receptors.split(","):
            name, equals, number = part.partition("=")
            if not name.strip() or not equals:
                raise InputError(
                    f"drug receptors {self.receptors!r} are not understood; expected A=0.4,B=0.3"
                )
            found[name.strip()] = fraction(number, f"fraction of receptor {name.strip()}")
        if sum(found.values()) > 1 + 1e-9:
            raise InputError(
                f"drug receptors {self.receptors!r} are on more than all units; the sum is above 1"
            )
        return found

    @property
    def fraction_of_effect(self) -> float:
        """The Hill curve at the dose, from 0 to 1."""
        return self.dose**self.hill / (self.dose**self.hill + self.ed50**self.hill)


KINDS: Mapping[str, type[Intervention]] = {
    kind.__name__.lower(): kind
    for kind in (
        Silence,
        Clamp,
        Stimulate,
        Gain,
        Threshold,
        Noise,
        Leak,
        Delay,
        Degrade,
        Drug,
        Cut,
        Swap,
        Weaken,
        Mass,
    )
}
"""Every kind by the name that it has in texts and TOML."""
