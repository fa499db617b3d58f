"""Settings of the imitation task. Light to import: the command line is derived from them."""

import dataclasses

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class ImitationConfig:
    """The imitation task."""

    horizon: int = 5
    """How many frames of the future reference the policy sees."""
    action_scale: float = 1.0
    """Makes the unit of an action larger or smaller: the force each actuator usually takes to follow a rat
    or, with servos, four times as much."""
    failure_factor: float = 1.0
    """Limits of failure during training, relative to those of the tracking metrics."""

    def __post_init__(self) -> None:
        if not 1 <= self.horizon <= 100:
            raise InputError(f"task horizon is {self.horizon}; it must lie in [1, 100] frames")
        if not 0 < self.action_scale <= 20:
            raise InputError(f"task action_scale is {self.action_scale:g}; it must lie in (0, 20]")
        if not 0 < self.failure_factor <= 1:
            raise InputError(f"task failure_factor is {self.failure_factor:g}; it must lie in (0, 1]")
