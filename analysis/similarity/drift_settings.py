"""Settings of `rodent drift`. Light to import: the command line is derived from them."""

import dataclasses

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class DriftSettings:
    """How checkpoints are compared."""

    every: float = 0.1
    """Time between moments that are compared, s; those close by are alike."""
    halves: int = 8
    """Random halves of the units over which similarities are averaged."""
    turns: int = 8
    """Turns in time of the null, for each of them."""
    seed: int = 0
    """Seed of halves and turns."""

    def __post_init__(self) -> None:
        if not self.every > 0 or self.halves < 1 or self.turns < 1 or self.seed < 0:
            raise InputError(
                f"every, halves, turns and seed are {self.every:g} s, {self.halves}, {self.turns} and "
                f"{self.seed}; expected a positive time, at least 1 half and 1 turn, and a seed that is not "
                "negative"
            )
