"""The settings of effects; light, so that the command line can be derived from them."""

import dataclasses
import functools

from rodent.errors import check_setting

_check = functools.partial(check_setting, "effect setting")


@dataclasses.dataclass(frozen=True)
class EffectSettings:
    """How effects of interventions, their intervals and their p are computed."""

    control: str = "matched"
    """Kind of control that an arm is compared with. Arms without it are compared with the intact animal, and
    have no p."""
    bootstraps: int = 1000
    """Bootstrap samples for the 95 % intervals."""
    least_policies: int = 3
    """Smallest number of policies that are resampled. Intervals of fewer policies hold for these policies
    only."""
    power: float = 0.8
    """Probability with which the proposed number of animals shows the effect."""
    alpha: float = 0.05
    """Two-sided level of that test."""
    seed: int = 0
    """Seed of bootstrap samples and permutations."""

    def __post_init__(self) -> None:
        _check("control", bool(self.control), repr(self.control), "the name of a kind of control")
        for name, least in (("bootstraps", 20), ("least_policies", 2), ("seed", 0)):
            _check(name, getattr(self, name) >= least, getattr(self, name), f"at least {least}")
        for name in ("power", "alpha"):
            _check(name, 0 < getattr(self, name) < 1, getattr(self, name), "in (0, 1)")
        _check("power", self.power > self.alpha, self.power, f"above alpha, {self.alpha:g}")
