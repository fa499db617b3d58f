"""Options of `rodent gait`. Light to import: the command line is derived from them."""

import dataclasses

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class GaitSettings:
    """Which strides count."""

    slowest: float = 0.05
    """Mean speed of the trunk below which a stride is no walking, m/s."""
    shortest: float = 0.08
    """Shortest stride, s; two touchdowns that are closer are one."""
    longest: float = 1.2
    """Longest stride, s; between touchdowns farther apart, the rat has rested."""
    least: int = 8
    """Fewest strides of a kind of limb of which the range is shown."""

    def __post_init__(self) -> None:
        if not 0 <= self.slowest <= 5:
            raise InputError(f"gait slowest is {self.slowest:g} m/s; it must be in [0, 5]")
        if not 0 < self.shortest < self.longest <= 60:
            raise InputError(
                f"gait shortest is {self.shortest:g} s and longest {self.longest:g} s; expected "
                "0 < shortest < longest <= 60"
            )
        if self.least < 2:
            raise InputError(f"gait least is {self.least}; it must be at least 2")
