"""Settings of motion made while training. Light to import: the command line is derived from it."""

import dataclasses

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class PieceConfig:
    """How a piece of new motion is made from clips.

    A piece is a part of a clip, or of two clips spliced where their poses are similar. It is then changed at
    random: mirrored, in pace and posture, in where the head looks, and in quality, as tracked motion has it.
    """

    seconds: float = 4.0
    """Longest duration of a piece, s."""
    spliced: float = 0.4
    """Fraction of pieces that change from one clip to another."""
    mirrored: float = 0.5
    """Fraction with left and right swapped."""
    varied: float = 0.8
    """Fraction with another pace and posture."""
    pace: float = 0.3
    """Standard deviation of the logarithm of the pace, as in `rodent clips vary`."""
    posture: float = 5.0
    """Standard deviation of a constant offset of each joint angle, degrees."""
    sway: float = 3.0
    """Standard deviation of a slowly varying offset of each joint angle, degrees."""
    looking: float = 0.3
    """Fraction in which neck and head turn in ways of their own."""
    rough: float = 0.2
    """Fraction with errors of tracking: hovering, jitter, and gaps filled by a straight line."""

    def __post_init__(self) -> None:
        limits = {"seconds": (0.5, 60), "posture": (0, 45), "sway": (0, 45)}
        for field in dataclasses.fields(self):
            low, high = limits.get(field.name, (0, 1))
            value = getattr(self, field.name)
            if not low <= value <= high:
                raise InputError(f"{field.name} of a piece is {value:g}; it must be in [{low:g}, {high:g}]")


@dataclasses.dataclass(frozen=True)
class MotionConfig:
    """Pieces of new motion, made from the training clips without end, that are trained on beside them."""

    pieces: int = 0
    """Number of pieces at a time; 0 to train on the clips alone."""
    renewal: int = 500_000
    """Control steps in which all pieces are replaced by new ones, one after another."""
    piece: PieceConfig = dataclasses.field(default_factory=PieceConfig)
    """How they are made."""

    def __post_init__(self) -> None:
        if not 0 <= self.pieces <= 100_000:
            raise InputError(f"motion pieces is {self.pieces}; it must be in [0, 100000]")
        if self.renewal < 1:
            raise InputError(f"motion renewal is {self.renewal}; it must be at least 1 step")
