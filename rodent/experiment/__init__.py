"""Experiments: thousands of rollouts of policies under interventions, with doses, draws and controls.

    config = read_experiment("lesions.toml")
    experiment = create_experiment("lesions", config, Inputs.of(config))
    run_experiment(experiment, LocalExecutor())
    # lesions/outcomes.parquet has a row per rollout

A specification (`spec`) is resolved for each policy (`subject`): arms become treatments (`treatments`,
`controls`), and these, in all conditions, are divided into shards (`tiling`). A shard is one batch (`player`,
`measures`), and a pure function of the specification and its number. It leaves one file (`shards`): the
folder (`folder`) is the queue and the truth. Executors (`run`, `local`) do missing shards, and `table` joins
them.
"""

from rodent.experiment.folder import Experiment, Inputs, create_experiment, digest_of, open_experiment
from rodent.experiment.local import LocalExecutor
from rodent.experiment.run import Executor, Finished, run_experiment, run_shards
from rodent.experiment.shards import Shards
from rodent.experiment.spec import ArmConfig, ExperimentConfig, read_experiment
from rodent.experiment.subject import Subject

__all__ = [
    "ArmConfig",
    "Executor",
    "Experiment",
    "ExperimentConfig",
    "Finished",
    "Inputs",
    "LocalExecutor",
    "Shards",
    "Subject",
    "create_experiment",
    "digest_of",
    "open_experiment",
    "read_experiment",
    "run_experiment",
    "run_shards",
]
