"""Metrics of a training for Weights & Biases: `rodent train --wandb PROJECT`, with the extra `wandb`."""

import contextlib
from pathlib import Path
from typing import Any, Self

from rodent.configs import to_json
from rodent.errors import InputError, one_line
from rodent.files import atomic_path
from rodent.pages.output import say
from training.callback import Callback, Progress
from training.runs import Run

_ID = "wandb-id"
"""File of a run folder with the identifier under which a resumed run goes on."""


def imported() -> Any:
    """The package wandb.

    Raises:
        InputError: it is not installed.
    """
    try:
        import wandb
    except ImportError:
        raise InputError("Weights & Biases needs wandb: pip install 'virtual-rodent[wandb]'") from None
    return wandb


class WeightsAndBiasesLog(Callback):
    """Logs settings, and every metric against the control steps. A context manager.

    Args:
        run: the run, whose folder also gets the local files of the log.
        project: name of the project.
    """

    def __init__(self, run: Run, project: str):
        self._run, self._project, self._log = run, project, None

    def __enter__(self) -> Self:
        """Begin the log, or go on with that of a resumed run.

        Raises:
            InputError: the package is not installed, or the log cannot be begun, such as without an account.
        """
        wandb, folder = imported(), self._run.folder
        identifier = _identifier(folder)
        try:
            self._log: Any = wandb.init(
                project=self._project,
                name=folder.absolute().name,
                id=identifier,
                resume="allow" if identifier else None,
                dir=folder,
                config=to_json(self._run.config),
                settings=wandb.Settings(silent=True, console="off"),
            )
        except wandb.errors.Error as error:
            raise InputError(
                f"Weights & Biases: {one_line(error)}; log in with `wandb login`, or keep the log on this "
                "machine: WANDB_MODE=offline"
            ) from error
        self._log.define_metric("steps")
        self._log.define_metric("*", step_metric="steps")
        with atomic_path(folder / _ID) as temporary:
            temporary.write_text(f"{self._log.id}\n")
        place = f"offline, in {Path(self._log.dir).parent}" if self._log.offline else self._log.url
        say(f"Weights & Biases: {place}")
        return self

    def __exit__(self, *error: Any) -> None:
        self._log.finish(exit_code=0 if error[0] is None else 1)

    def on_iteration(self, run: Run, progress: Progress) -> None:
        """See `Callback.on_iteration`."""
        row = {"steps": progress.steps, "seconds": progress.seconds}
        row["steps_per_second"] = progress.steps_per_second
        self._log.log(row | progress.metrics | progress.evaluation)


def _identifier(folder: Path) -> str | None:
    """The identifier of an earlier log of the run."""
    with contextlib.suppress(FileNotFoundError):
        return (folder / _ID).read_text().strip()
    return None
