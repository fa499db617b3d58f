"""Settings of variants of clips. Light to import: the command line is derived from it."""

import dataclasses

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class Variation:
    """Differences of variants from their clip: standard deviations of random changes."""

    copies: int = 3
    """Number of variants of each clip."""
    pace: float = 0.3
    """Standard deviation of the logarithm of the pace, which varies over time: at 0.3, a third of the time is
    slower than 0.74 or faster than 1.35 times the clip."""
    posture: float = 5.0
    """Standard deviation of a constant offset of each joint angle, degrees."""
    sway: float = 3.0
    """Standard deviation of a slowly varying offset of each joint angle (time constant 1 s), degrees."""
    seed: int = 0
    """Seed of all random changes."""

    def __post_init__(self) -> None:
        for name, low, high in (("copies", 1, 1000), ("pace", 0, 1), ("posture", 0, 45), ("sway", 0, 45)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name} is {value:g}; it must be in [{low}, {high}]")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}; it must not be negative")
