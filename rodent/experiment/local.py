"""Shards in this process, one after the other; threads of the physics use all cores."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from rodent.experiment.drive import Finished, Task


@dataclasses.dataclass(frozen=True)
class LocalExecutor:
    """This process. Several processes can work on one folder at the same time."""

    threads: int = 0
    """Threads that step the physics; 0 for one per core."""

    def run(self, task: Task, numbers: Sequence[int], folder: Path) -> Iterator[Finished]:
        """See `Executor`; an error ends the run at once."""
        for number in numbers:
            yield Finished(number, task(number))
