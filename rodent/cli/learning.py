"""Callbacks of a training on the command line: a progress bar, and Ctrl-C that saves before it stops."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from rodent.progress import progress as bar_of
from training.callback import Callback, Progress, Until
from training.runs import Run


class Stop(Callback):
    """Stops a training after a signal.

    Attributes:
        requested: whether a signal has arrived.
    """

    def __init__(self) -> None:
        self.requested = False

    def should_stop(self) -> bool:
        """See `Callback.should_stop`."""
        return self.requested


@contextmanager
def interruptible() -> Iterator[Stop]:
    """Let Ctrl-C and SIGTERM stop the training after the current iteration; a second one kills."""
    stop, previous = Stop(), dict[int, Any]()

    def handle(number: int, frame: Any) -> None:
        stop.requested = True
        signal.signal(number, previous[number])

    for number in (signal.SIGINT, signal.SIGTERM):
        previous[number] = signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


class Bar(Callback):
    """Shows the progress of a training."""

    def __init__(self, stack: ExitStack):
        self._stack, self._done, self._evaluation = stack, 0.0, dict[str, float]()

    def on_start(self, run: Run, progress: Progress, until: Until) -> None:
        """See `Callback.on_start`."""
        self._by_steps = until.steps is not None
        total = float(until.steps) if until.steps is not None else 60.0 * (until.minutes or 0.0)
        self._advance = self._stack.enter_context(
            bar_of("training", total, "steps" if self._by_steps else "")
        )
        self._update(progress)

    def on_iteration(self, run: Run, progress: Progress) -> None:
        """See `Callback.on_iteration`."""
        self._evaluation = progress.evaluation or self._evaluation
        note = (
            f"{progress.phase}: {progress.steps / 1e6:.2f} M steps, {progress.steps_per_second:,.0f} steps/s"
        )
        if self._evaluation:
            note += f", {attained_text(self._evaluation)}"
            if (error := self._evaluation.get("tracking/root_position_error_mm")) is not None:
                note += f", root error {error:.1f} mm"
        self._update(progress, note)

    def _update(self, progress: Progress, note: str | None = None) -> None:
        now = progress.steps if self._by_steps else progress.seconds
        self._advance(now - self._done, note)
        self._done = now


@contextmanager
def progress_shown() -> Iterator[Bar]:
    """A bar on standard error, closed after the training."""
    with ExitStack() as stack:
        yield Bar(stack)


def attained_text(found: Mapping[str, float]) -> str:
    """How well a policy does, in words: the success rate, or how close a task's figures are to their bars."""
    if "attained" in found:
        return f"{found['attained']:.0%} of the bars"
    return f"success {found['success_rate']:.0%}"
