"""Interventions as they are specified: where, which units, and when; `rodent.intervention.kinds` says what.

    Silence("decoder/layer_0[0:32]", to="mean", start=1.0)
    Stimulate("latent/sample", units="3,5", by="2 sd", width="50 ms", period="0.5 s")
    Gain("decoder/layer_1", units="20%", by=0.5, seed=1, trigger="speed > 0.3", duration="0.2 s")

A specification is data: it is read from a text or TOML (`rodent.intervention.language`), stored with a
recording, and resolved for a policy and a task by `rodent.intervention.plan`. A site is the address of a
layer, an LSTM gate, a part of the observation (`observation/touch`), or `action`; see
`rodent.intervention.sites`. It may be a pattern, such as `observation/*`.
"""

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from rodent.errors import InputError
from rodent.intervention.gait_phase import PHASE
from rodent.intervention.quantities import Time, check_time
from rodent.intervention.selection import Selection


class Trigger(NamedTuple):
    """A condition on the state: a signal is between two levels.

    Attributes:
        signal: its name, such as `speed`; see `rodent.intervention.signals`.
        low, high: in the unit of the signal; for a phase in cycles, where 1.1 is 0.1.
    """

    signal: str
    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def of(cls, text: str) -> "Trigger":
        """From a text such as `speed > 0.3` or `phase/foot_L = 0.25 +- 0.1`.

        Raises:
            InputError: it has another form, or the range of a phase makes no sense.
        """
        number = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)"
        if found := re.fullmatch(rf"\s*([^\s<>=]+)\s*([<>])\s*{number}\s*", text):
            level = float(found[3])
            return cls(found[1], low=level) if found[2] == ">" else cls(found[1], high=level)
        found = re.fullmatch(rf"\s*([^\s<>=]+)\s*=\s*{number}\s*(?:\+-|±)\s*{number}\s*", text)
        if found is None:
            raise InputError(
                f"trigger {text!r} is not understood; expected SIGNAL > NUMBER, SIGNAL < NUMBER or SIGNAL = "
                "NUMBER +- NUMBER"
            )
        centre, half = float(found[2]), float(found[3])
        if half <= 0 or (found[1].startswith(PHASE) and half > 0.5):
            most = "; half a cycle is all of it" if half > 0 else ""
            raise InputError(f"trigger {text!r} has a range of +- {half:g}; expected one above 0{most}")
        return cls(found[1], centre - half, centre + half)

    @property
    def cyclic(self) -> bool:
        """Whether it is a window of a phase, which comes back after a cycle."""
        return self.signal.startswith(PHASE) and math.isfinite(self.low) and math.isfinite(self.high)


def split_site(text: str) -> tuple[str, str]:
    """The address and the units of a site, which may follow in brackets; else `all`.

    Raises:
        InputError: it has another form.
    """
    found = re.fullmatch(r"\s*([^\s\[\]]+)\s*(?:\[([^\[\]]*)\]\s*)?", text)
    if found is None:
        raise InputError(f"site {text!r} is not understood; expected an address, such as decoder/layer_0")
    return found[1], "all" if found[2] is None else Selection.of(found[2]).text


@dataclasses.dataclass(frozen=True)
class Intervention:
    """Where, which units, and when; the base of all interventions."""

    site: str
    """Address or pattern of what is changed; units may follow in brackets, as in `decoder/layer_0[0:32]`."""
    _: dataclasses.KW_ONLY
    units: str = "all"
    """Which units, see `rodent.intervention.selection`."""
    start: Time | None = None
    """When it begins, from the first frame of the rollout."""
    stop: Time | None = None
    """When it ends."""
    width: Time | None = None
    """Duration of each pulse of a pulse train, which begins at the start; None for no pulses."""
    period: Time | None = None
    """Time from pulse to pulse."""
    trigger: str | None = None
    """A condition on the state, such as `speed > 0.3`; the intervention begins when it becomes true."""
    during: str | None = None
    """A condition on the state; the intervention lasts as long as it is true."""
    delay: Time | None = None
    """Time from the trigger to the beginning."""
    duration: Time | None = None
    """How long it lasts after a trigger; None for to the end."""
    refractory: Time | None = None
    """How long after its end it cannot be triggered again."""
    seed: int = 0
    """Of all its draws."""

    WORDS: ClassVar[Mapping[str, str]] = {
        "from": "start",
        "until": "stop",
        "pulses": "width",
        "every": "period",
        "when": "trigger",
        "while": "during",
        "after": "delay",
        "for": "duration",
        "refractory": "refractory",
        "seed": "seed",
    }
    """Words of the text form, and the fields that they set."""

    def __post_init__(self) -> None:
        site, units = split_site(self.site)
        if units != "all" and self.units != "all":
            raise InputError(f"units of {self.site} are given twice: in brackets, and as {self.units!r}")
        object.__setattr__(self, "site", site)
        object.__setattr__(self, "units", Selection.of(str(self.units)).text if units == "all" else units)
        for name in ("start", "stop", "delay", "refractory"):
            if (time := getattr(self, name)) is not None:
                check_time(time, f"{name} of {self.kind}")
        for name in ("width", "period", "duration"):
            if (time := getattr(self, name)) is not None:
                check_time(time, f"{name} of {self.kind}", positive=True)
        self._check_when()

    def _check_when(self) -> None:
        if (self.width is None) != (self.period is None):
            raise InputError(
                f"a pulse train of {self.kind} needs both width and period: pulses 10 ms every 0.1 s"
            )
        if self.trigger is not None and self.during is not None:
            raise InputError(f"{self.kind} has both `when` and `while`; expected one of them")
        for condition in (self.trigger, self.during):
            if condition is not None:
                Trigger.of(condition)
        for name in ("delay", "duration", "refractory"):
            if getattr(self, name) is not None and self.trigger is None:
                raise InputError(
                    f"{name} of {self.kind} belongs to a trigger; add one, such as: when speed > 0.3"
                )

    @property
    def kind(self) -> str:
        """Name of the kind, such as `silence`."""
        return type(self).__name__.lower()

    @property
    def selection(self) -> Selection:
        """The rule that selects units."""
        return Selection.of(self.units)

    @property
    def selections(self) -> tuple[Selection, ...]:
        """All rules that select units."""
        return (self.selection,)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables of units that it refers to."""
        measures = [selection.measure for selection in self.selections]
        return tuple(one.name for one in measures if one is not None and one.kind == "in")

    @property
    def on_weights(self) -> bool:
        """Whether the weights of layers are changed, not activity."""
        return False

    @property
    def on_activity(self) -> bool:
        """Whether the activity of sites is changed."""
        return not self.on_weights

    @property
    def place(self) -> str:
        """Site and units as in a text."""
        return self.site if self.units == "all" else f"{self.site}[{self.units}]"

    @property
    def condition(self) -> Trigger | None:
        """The condition of `trigger` or `during`."""
        text = self.trigger if self.trigger is not None else self.during
        return None if text is None else Trigger.of(text)

    @classmethod
    def words(cls) -> Mapping[str, str]:
        """Words of the text form, and the fields that they set; those of the kind come first, and are their
        own words.
        """
        shared = {field.name for field in dataclasses.fields(Intervention)}
        own = [field.name for field in dataclasses.fields(cls) if field.name not in shared]
        return {**{name: name for name in own}, **cls.WORDS}

    def __str__(self) -> str:
        found = [f"{self.kind} {self.place}"]
        for word, name in self.words().items():
            value, default = getattr(self, name), type(self).__dataclass_fields__[name].default
            if value != default:
                unit = " s" if name in _TIMES and not isinstance(value, str) else ""
                found.append(
                    f"{word} {value:g}{unit}" if isinstance(value, float) else f"{word} {value}{unit}"
                )
        return " ".join(found)


_TIMES = ("start", "stop", "width", "period", "delay", "duration", "refractory")
