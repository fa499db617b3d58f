"""Run an experiment: do all missing shards on an executor, then join them.

run_experiment("lesions.toml", out="lesions").to_frame()

experiment = create_experiment("lesions", config, Inputs.of(config))
run_experiment(experiment, LocalExecutor())["rollouts"]
"""

import contextlib
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from rodent.errors import InputError
from rodent.experiment.drive import Executor, Report, run_shards
from rodent.experiment.executors import read_executor
from rodent.experiment.folder import Experiment, create_experiment, open_experiment
from rodent.experiment.inputs import Inputs
from rodent.experiment.outcomes import Outcomes
from rodent.experiment.spec import ExperimentConfig, read_experiment
from rodent.experiment.table import FILE, require_parquet, write_outcomes
from rodent.jax_setup import cache_compilations
from rodent.progress import progress


def run_experiment(
    experiment: Experiment | ExperimentConfig | Path | str,
    executor: Executor | str = "local",
    report: Report | None = None,
    *,
    out: Path | str | None = None,
) -> Outcomes:
    """Do all missing shards, and write the table of outcomes.

    Args:
        experiment: in its folder; or a specification or its file, for which `out` is needed.
        executor: where shards are done, or its name or file, see `read_executor`.
        report: called with the number of shards that are there, after every shard; None for a progress bar.
        out: the folder of a specification. It is made or, if it has the same experiment, continued.

    Returns:
        the outcomes; as a mapping it has the number of `rollouts` and `shards`, and `seconds`.

    Raises:
        InputError: pyarrow is missing, the specification or the folder is wrong, or an arm changed nothing.
        WorkError: a shard failed; shards that are done are kept.
    """
    require_parquet()
    executor = read_executor(executor) if isinstance(executor, str) else executor
    experiment = experiment if isinstance(experiment, Experiment) else _created(experiment, out)
    begun = time.monotonic()
    folder = experiment.folder.resolve()
    work = partial(shard, str(folder), experiment.digest, threads=executor.threads)
    if report is not None:
        run_shards(experiment.shards, work, executor, report)
    else:
        with _bar(experiment) as shown:
            run_shards(experiment.shards, work, executor, shown)
    rollouts, unchanged = write_outcomes(experiment)
    if unchanged:
        raise InputError(
            f"{experiment.folder}: these arms changed no value in any rollout. {'. '.join(unchanged)}. All "
            f"outcomes are in {experiment.folder / FILE}"
        )
    seconds = round(time.monotonic() - begun, 1)
    return Outcomes(experiment, {"rollouts": rollouts, "shards": experiment.shards.count, "seconds": seconds})


def _created(spec: ExperimentConfig | Path | str, out: Path | str | None) -> Experiment:
    if out is None:
        raise InputError("a specification needs a folder for its results; give out, such as out='lesions'")
    config = spec if isinstance(spec, ExperimentConfig) else read_experiment(Path(spec))
    return create_experiment(out, config, Inputs.of(config))


@contextlib.contextmanager
def _bar(experiment: Experiment) -> Iterator[Report]:
    """Progress of an experiment, as a bar."""
    count = experiment.shards.count
    with progress("running", experiment.rollouts, "rollouts", period=600) as advance:
        shown = 0

        def report(done: int) -> None:
            nonlocal shown
            now = experiment.rollouts * done // count
            advance(now - shown, note=f"{done} of {count} shards")
            shown = now

        yield report


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
