"""Run an experiment: do all missing shards on an executor, then join them.

    experiment = create_experiment("lesions", config, Inputs.of(config))
    run_experiment(experiment, LocalExecutor())["rollouts"]

`run_shards` does the same for any pure function of the number of a shard.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from rodent.errors import InputError, WorkError
from rodent.experiment.folder import Experiment, open_experiment
from rodent.experiment.shards import Done, Shards, Work
from rodent.experiment.table import require_parquet, write_outcomes
from rodent.jax_setup import cache_compilations

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
    """Runs tasks, somewhere."""

    def run(self, task: Task, numbers: Sequence[int], folder: Path) -> Iterator[Finished]:
        """Complete shards in any order.

        Args:
            task: completes a shard.
            numbers: of the shards.
            folder: of the experiment, for files of the executor.
        """
        ...


def run_experiment(
    experiment: Experiment, executor: Executor, report: Report = lambda done: None
) -> dict[str, Any]:
    """Do all missing shards, and write the table of outcomes.

    Args:
        experiment: in its folder.
        executor: where shards are done.
        report: called with the number of shards that are there, after every shard.

    Returns:
        `rollouts` in the table, `shards`, and `seconds`.

    Raises:
        InputError: pyarrow is missing, or an arm changed nothing.
        WorkError: a shard failed; shards that are done are kept.
    """
    require_parquet()
    begun = time.monotonic()
    run_shards(experiment.shards, partial(shard, str(experiment.folder), experiment.digest), executor, report)
    rollouts, unchanged = write_outcomes(experiment)
    if unchanged:
        names = ", ".join(unchanged)
        raise InputError(
            f"{experiment.folder}: these arms changed no value in any rollout: {names}. Check when they act: "
            "a condition that is never true, or a start after the end of the rollouts. All outcomes are in "
            f"{experiment.folder / 'outcomes.parquet'}"
        )
    return {
        "rollouts": rollouts,
        "shards": experiment.shards.count,
        "seconds": round(time.monotonic() - begun, 1),
    }


def run_shards(shards: Shards, work: Work, executor: Executor, report: Report = lambda done: None) -> None:
    """Do all missing shards.

    Args:
        shards: in their folder.
        work: the pure function of the number of a shard that returns its arrays.
        executor: where shards are done.
        report: called with the number of shards that are there, after every shard.

    Raises:
        WorkError: a shard failed; the others are done first.
    """
    report(shards.count - len(shards.missing()))
    while missing := shards.missing():
        wrote, failed = False, {}
        for finished in executor.run(partial(shards.complete, work=work), missing, shards.folder):
            if finished.done is None:
                failed[finished.number] = finished.error
            wrote |= finished.done == "written"
            report(shards.count - len(shards.missing()))
        if failed:
            number, error = next(iter(failed.items()))
            raise WorkError(
                f"{len(failed)} of {shards.count} shards failed; shard {number}: {error}. Shards that are "
                "done are kept; run the same command again to do the others"
            )
        if not wrote:
            time.sleep(_WAIT)  # other processes do what is left


def shard(folder: str, digest: str, number: int, threads: int = 0) -> dict[str, np.ndarray]:
    """The outcomes of a shard: a pure function of the digest of an experiment and the number.

    Args:
        folder: of the experiment.
        digest: of the experiment.
        number: of the shard.
        threads: that step the physics; 0 for one per core.

    Raises:
        InputError: the folder has another experiment.
    """
    cache_compilations()
    experiment = open_experiment(folder)
    if experiment.digest != digest:
        raise InputError(f"{folder} has the experiment {experiment.digest}; {digest} is expected")
    policy, number = experiment.place(number)
    return experiment.subject(policy).play(number, threads)
