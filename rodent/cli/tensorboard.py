"""Metrics of a training for TensorBoard, in the folder `tensorboard` of its run."""

from pathlib import Path
from typing import Any, Self

from training.callback import Callback, Progress, Until
from training.runs import Run


class TensorBoardLog(Callback):
    """Writes every metric against the control steps. A context manager."""

    def __init__(self, folder: Path):
        self._folder = folder / "tensorboard"
        self._board: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        if self._board is not None:
            self._board.close()

    def on_start(self, run: Run, progress: Progress, until: Until) -> None:
        """See `Callback.on_start`; rows after the checkpoint of a resumed run are deleted."""
        from tensorboardX import SummaryWriter

        self._board = SummaryWriter(str(self._folder), purge_step=progress.steps or None)

    def on_iteration(self, run: Run, progress: Progress) -> None:
        """See `Callback.on_iteration`."""
        row = {"seconds": progress.seconds, "steps_per_second": progress.steps_per_second}
        for name, value in (row | progress.metrics | progress.evaluation).items():
            self._board.add_scalar(name, value, progress.steps)
