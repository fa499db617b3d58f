"""Kinds of interventions on the body: its muscles and its masses. They last for the whole rollout.

Weaken("actuator/hip_L_*", by="50%")
Mass("body/lower_leg_L", by=1.5)
"""

import dataclasses
from typing import ClassVar

from rodent.errors import InputError, check_setting
from rodent.intervention.quantities import Fraction, fraction
from rodent.intervention.spec import Intervention


@dataclasses.dataclass(frozen=True)
class OnBody(Intervention):
    """Base of interventions on the body."""

    EXAMPLE: ClassVar[str]
    """One that is right, for errors."""

    def __post_init__(self) -> None:
        super().__post_init__()
        family = self.EXAMPLE.split()[1].partition("/")[0]
        if not self.site.startswith(f"{family}/"):
            raise InputError(
                f"{self.kind} acts on {family}/NAME, not on {self.site!r}; expected such as {self.EXAMPLE}"
            )
        if self.units != "all":
            raise InputError(f"{self.kind} takes no units; expected such as {self.EXAMPLE}")
        for word, name in Intervention.WORDS.items():
            if name != "seed" and getattr(self, name) is not None:
                raise InputError(f"{self.kind} lasts for the whole rollout; leave out {word!r}")

    @property
    def on_activity(self) -> bool:
        """See `Intervention.on_activity`; never."""
        return False

    @property
    def factor(self) -> float:
        """What it multiplies the quantity of each actuator or body by."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Weaken(OnBody):
    """Weaken actuators, such as muscles; the site is `actuator/NAME`, which may be a pattern."""

    _: dataclasses.KW_ONLY
    by: Fraction
    """Fraction of the force that is lost; 100% paralyses."""

    EXAMPLE = "weaken actuator/knee_L by 50%"

    def __post_init__(self) -> None:
        super().__post_init__()
        fraction(self.by, "weaken by")

    @property
    def factor(self) -> float:
        """See `OnBody.factor`."""
        return 1 - fraction(self.by)


@dataclasses.dataclass(frozen=True)
class Mass(OnBody):
    """Change masses of segments and their moments of inertia; the site is `body/NAME`, or a pattern."""

    _: dataclasses.KW_ONLY
    by: float
    """The factor, from 0.05 to 20."""

    EXAMPLE = "mass body/lower_leg_L by 1.5"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting("mass", "by", 0.05 <= self.by <= 20, self.by, "from 0.05 to 20")

    @property
    def factor(self) -> float:
        """See `OnBody.factor`."""
        return self.by
