"""Experiments: thousands of rollouts of policies under interventions, with doses, draws and controls.

    run_experiment("lesions.toml", out="lesions").to_frame()        # pandas, a row per rollout

    config = read_experiment("lesions.toml")
    experiment = create_experiment("lesions", config, Inputs.of(config))
    run_experiment(experiment, LocalExecutor())
    # lesions/outcomes.parquet has a row per rollout

A specification (`spec`) with all that it names (`inputs`) is resolved for each policy (`subject`): arms
become treatments (`treatments`, `controls`), and these, in all conditions, are divided into shards
(`tiling`). A shard is one batch (`player`, `measures`), and a pure function of the specification and its
number. It leaves one file (`shards`): the folder (`folder`) is the queue and the truth. Executors (`local`,
`on_slurm`, `on_ray`) do missing shards (`drive`), and `table` joins them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rodent.experiment.drive import Executor, Finished, run_shards
    from rodent.experiment.executors import read_executor
    from rodent.experiment.folder import Experiment, create_experiment, open_experiment
    from rodent.experiment.inputs import Inputs, digest_of
    from rodent.experiment.local import LocalExecutor
    from rodent.experiment.outcomes import Outcomes
    from rodent.experiment.run import run_experiment
    from rodent.experiment.shards import Shards
    from rodent.experiment.spec import ArmConfig, ExperimentConfig, read_experiment
    from rodent.experiment.subject import Subject

_HOMES = {
    **dict.fromkeys(("Executor", "Finished", "run_shards"), "drive"),
    **dict.fromkeys(("Experiment", "create_experiment", "open_experiment"), "folder"),
    **dict.fromkeys(("Inputs", "digest_of"), "inputs"),
    **dict.fromkeys(("ArmConfig", "ExperimentConfig", "read_experiment"), "spec"),
    "LocalExecutor": "local",
    "Outcomes": "outcomes",
    "Shards": "shards",
    "Subject": "subject",
    "read_executor": "executors",
    "run_experiment": "run",
}

__all__ = [
    "ArmConfig",
    "Executor",
    "Experiment",
    "ExperimentConfig",
    "Finished",
    "Inputs",
    "LocalExecutor",
    "Outcomes",
    "Shards",
    "Subject",
    "create_experiment",
    "digest_of",
    "open_experiment",
    "read_executor",
    "read_experiment",
    "run_experiment",
    "run_shards",
]


def __getattr__(name: str) -> Any:
    # workers and the status of a folder must not wait for jax
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"rodent.experiment.{_HOMES[name]}"), name)
