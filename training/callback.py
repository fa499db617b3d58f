"""How long a training lasts, how far it is, and hooks into it.

class Best(Callback):
    def on_iteration(self, run, progress):
        print(progress.steps, progress.metrics["reward"])
"""

import dataclasses

from rodent.errors import InputError
from training.runs import Run


@dataclasses.dataclass(frozen=True)
class Until:
    """End of a training: the limit that is reached first.

    Attributes:
        minutes: of this call; None for no limit.
        steps: control steps of the whole run; None for no limit.
    """

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if self.minutes is None and self.steps is None:
            raise InputError("no limit of the training is given; give minutes or steps")
        if (self.minutes is not None and not self.minutes > 0) or (self.steps is not None and self.steps < 1):
            raise InputError("minutes and steps must be positive")

    def reached(self, seconds: float, steps: int) -> bool:
        """Whether a limit is reached."""
        over = self.minutes is not None and seconds >= 60 * self.minutes
        return over or (self.steps is not None and steps >= self.steps)


@dataclasses.dataclass(frozen=True)
class Progress:
    """Progress of a training after an iteration.

    Attributes:
        iteration, steps: counted over the whole run.
        seconds: of this call.
        steps_per_second: over the last minute.
        phase: name of the phase of the next iteration.
        metrics: of the iteration.
        evaluation: of the policy, if it was evaluated after this iteration; else empty.
    """

    iteration: int
    steps: int
    seconds: float
    steps_per_second: float
    phase: str
    metrics: dict[str, float]
    evaluation: dict[str, float]


class Callback:
    """Hooks into a training; override the methods that you need."""

    def on_start(self, run: Run, progress: Progress, until: Until) -> None:
        """Before the first iteration of this call; metrics are empty."""

    def on_iteration(self, run: Run, progress: Progress) -> None:
        """After every iteration."""

    def on_checkpoint(self, run: Run, progress: Progress) -> None:
        """After a checkpoint was written."""

    def should_stop(self) -> bool:
        """Whether to save and stop now; called between iterations."""
        return False
