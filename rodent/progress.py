"""A progress bar on standard error for long work.

with progress("rendering", total=frames, unit="frames") as advance:
    for frame in movie:
        advance(1, note="clip Walk")
"""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

STDERR = Console(stderr=True, highlight=False)


class _SpeedColumn(ProgressColumn):
    def __init__(self, unit: str):
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {self.unit}/s" if speed else f"- {self.unit}/s")


@contextlib.contextmanager
def progress(
    description: str, total: float | None, unit: str, *, period: float = 30.0
) -> Iterator[Callable[..., None]]:
    """Yield `advance(n, note="")`; the bar shows count, rate, time left and the last note.

    Args:
        description: what is being done.
        total: how much there is to do; None if nobody knows.
        unit: what is counted; empty to show neither count nor rate.
        period: time over which the rate is averaged, s; longer than the time between two advances.
    """
    counted = (MofNCompleteColumn(), _SpeedColumn(unit)) if unit else ()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        *counted,
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=STDERR, refresh_per_second=4, speed_estimate_period=period) as bar:
        task = bar.add_task(description, total=total, note="")

        def advance(n: float = 1, note: str | None = None) -> None:
            if note is not None:
                bar.update(task, note=note)
            bar.update(task, advance=n)

        yield advance
