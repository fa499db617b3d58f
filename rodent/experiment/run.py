"""Run an experiment: do all missing shards on an executor, then join them.

experiment = create_experiment("lesions", config, Inputs.of(config))
run_experiment(experiment, LocalExecutor())["rollouts"]
"""

import time
from functools import partial
from typing import Any

import numpy as np

from rodent.errors import InputError
from rodent.experiment.drive import Executor, Report, run_shards
from rodent.experiment.folder import Experiment, open_experiment
from rodent.experiment.table import FILE, require_parquet, write_outcomes
from rodent.jax_setup import cache_compilations


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
    folder = experiment.folder.resolve()
    work = partial(shard, str(folder), experiment.digest, threads=executor.threads)
    run_shards(experiment.shards, work, executor, report)
    rollouts, unchanged = write_outcomes(experiment)
    if unchanged:
        raise InputError(
            f"{experiment.folder}: these arms changed no value in any rollout. {'. '.join(unchanged)}. All "
            f"outcomes are in {experiment.folder / FILE}"
        )
    seconds = round(time.monotonic() - begun, 1)
    return {"rollouts": rollouts, "shards": experiment.shards.count, "seconds": seconds}


def shard(folder: str, digest: str, number: int, *, threads: int = 0) -> dict[str, np.ndarray]:
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
