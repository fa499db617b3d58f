"""Do the missing shards of a folder on an executor.

    run_shards(Shards(folder, 120), work, LocalExecutor())

Light to import: workers of other machines need no more than this and the work.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from rodent.errors import WorkError
from rodent.experiment.shards import Done, Shards, Work

_WAIT = 0.5  # seconds until shards of other processes are looked for again
Task = Callable[[int], Done]
"""Completes the shard of a number; can be sent to other processes."""
Report = Callable[[int], None]
"""Is called with the number of shards that are there."""


class Finished(NamedTuple):
    """A shard that an executor is done with.

    Attributes:
        number: of the shard.
        done: what became of it; None if it failed.
        error: of a shard that failed.
    """

    number: int
    done: Done | None
    error: str = ""


class Executor(Protocol):
    """Runs tasks, somewhere.

    Attributes:
        threads: that step the physics of one shard; 0 for one per core.
    """

    @property
    def threads(self) -> int:
        """See the class."""
        ...

    def run(self, task: Task, numbers: Sequence[int], folder: Path) -> Iterator[Finished | None]:
        """Complete shards in any order.

        Args:
            task: completes a shard.
            numbers: of the shards.
            folder: of the experiment, for files of the executor.

        Yields:
            shards that it is done with; None from time to time, so that the driver looks at the folder.
        """
        ...


def run_shards(shards: Shards, work: Work, executor: Executor, report: Report = lambda done: None) -> None:
    """Do all missing shards.

    Shards that fail, such as those of killed workers, are tried again as long as others get done.

    Args:
        shards: in their folder.
        work: the pure function of the number of a shard that returns its arrays.
        executor: where shards are done.
        report: called with the number of shards that are there, after every shard.

    Raises:
        WorkError: shards failed again.
    """
    report(shards.count - len(shards.missing()))
    while missing := shards.missing():
        failed: dict[int, str] = {}
        for finished in executor.run(Completion(shards, work), missing, shards.folder):
            if finished is not None and finished.done is None:
                failed[finished.number] = finished.error
            report(shards.count - len(shards.missing()))
        if len(shards.missing()) < len(missing):
            continue
        if failed:
            number, error = next(iter(failed.items()))
            raise WorkError(
                f"{len(failed)} of {shards.count} shards failed; shard {number}: {error}. Shards that are "
                "done are kept; run the same command again to do the others"
            )
        time.sleep(_WAIT)  # other processes do what is left


class Completion(NamedTuple):
    """A `Task` of shards and work.

    Attributes:
        shards: in their folder.
        work: see `run_shards`.
    """

    shards: Shards
    work: Work

    def __call__(self, number: int) -> Done:
        """Complete a shard."""
        return self.shards.complete(number, self.work)


def tried(task: Task, number: int) -> Finished:
    """Complete a shard in a worker; its errors are results."""
    try:
        return Finished(number, task(number))
    except Exception as error:  # noqa: BLE001 the driver reports it
        return Finished(number, None, f"{type(error).__name__}: {' '.join(str(error).split())}")
