"""`rodent experiment`: thousands of rollouts under interventions."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from rodent.cli.experiment_report import ExperimentReport


@dataclasses.dataclass(frozen=True)
class ExperimentPlan:
    """Check a specification, and show its arms, rollouts and estimated time.

    Everything is checked that a run would need: sites, units, doses, clips and starts. A few steps are timed
    for the estimate.

    Example: rodent experiment plan lesions.toml
    """

    spec: tyro.conf.Positional[Path]
    """The specification, a TOML file."""
    rate: float | None = None
    """Control steps per second, of all rats together; by default a few steps are timed."""
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Resolve, time and print."""
        from rodent.jax_setup import cache_compilations
        from rodent.pages.output import print_json, print_table, say

        cache_compilations()
        from rodent.errors import check_setting
        from rodent.experiment import Inputs, digest_of, read_experiment
        from rodent.experiment.planning import arm_rows, summary
        from rodent.experiment.subject import subjects_of

        check_setting("option", "--rate", self.rate is None or self.rate > 0, self.rate, "above 0")
        config = read_experiment(self.spec)
        inputs = Inputs.of(config)
        subjects = subjects_of(config, inputs)
        found = summary(subjects, self.rate)
        rows = [row for subject in subjects for row in arm_rows(subject)]
        if self.json:
            print_json({"digest": digest_of(config, inputs), **found, "arms": rows})
            return
        print_table(list(rows[0]), [list(row.values()) for row in rows])
        say(
            f"{found['rollouts']:,} rollouts, {found['steps']:,} steps in {found['shards']} shards; about "
            f"{found['minutes']:.1f} minutes at {found['rate']:,.0f} steps/s"
        )


@dataclasses.dataclass(frozen=True)
class ExperimentRun:
    """Run an experiment, or go on with one: do the shards that are missing in the folder, and join them.

    The table of outcomes is OUT/outcomes.parquet, with a row per rollout. A run can be stopped at any time
    and continued with the same command. Several processes can work on one folder.

    Example: rodent experiment run lesions.toml --out lesions
    """

    spec: tyro.conf.Positional[Path]
    """The specification, a TOML file."""
    out: Path
    """The folder of the experiment."""
    executor: str = "local"
    """Where shards are done: `local`, `slurm`, `ray`, or a TOML file with the name and settings of one."""
    json: bool = False
    """Print a summary as one JSON object."""

    def run(self) -> None:
        """Do the shards and join them."""
        from rodent.jax_setup import cache_compilations
        from rodent.pages.output import print_json, say

        cache_compilations()
        from rodent.experiment import (
            Inputs,
            create_experiment,
            read_executor,
            read_experiment,
            run_experiment,
        )
        from rodent.experiment.table import FILE, require_parquet

        require_parquet()
        executor = read_executor(self.executor)
        config = read_experiment(self.spec)
        experiment = create_experiment(self.out, config, Inputs.of(config))
        count = experiment.shards.count
        try:
            found = run_experiment(experiment, executor)
        except KeyboardInterrupt:
            done = count - len(experiment.shards.missing())
            say(f"{done} of {count} shards are done in {self.out}; to go on, run the same command again")
            raise
        if self.json:
            print_json(found)
        else:
            say(f"{self.out / FILE}: {found['rollouts']:,} rollouts in {found['seconds']:.0f} s")


@dataclasses.dataclass(frozen=True)
class ExperimentStatus:
    """Show how far an experiment is: shards that are done and missing, rate, and failures.

    Example: rodent experiment status lesions
    """

    folder: tyro.conf.Positional[Path]
    """The folder of an experiment."""
    json: bool = False
    """Print one JSON object."""

    def run(self) -> None:
        """Count and print."""
        from rodent.experiment import open_experiment
        from rodent.experiment.planning import status
        from rodent.pages.output import print_json, say

        found = status(open_experiment(self.folder))
        if self.json:
            print_json(found)
            return
        rate = found["shards_per_minute"]
        pace = "" if rate is None else f"; {rate:.1f} shards/min"
        left = "" if not found["minutes_left"] else f", about {found['minutes_left']:.0f} min left"
        say(f"{self.folder}: {found['done']} of {found['shards']} shards are done{pace}{left}")
        for number, error in found["failures"].items():
            say(f"  shard {number} failed: {error}")


@dataclasses.dataclass(frozen=True)
class ExperimentCommand:
    """Play thousands of rollouts under interventions, with doses, draws and controls.

    Example: rodent experiment plan lesions.toml
    """

    action: Annotated[
        Annotated[ExperimentPlan, tyro.conf.subcommand("plan")]
        | Annotated[ExperimentRun, tyro.conf.subcommand("run")]
        | Annotated[ExperimentStatus, tyro.conf.subcommand("status")]
        | Annotated[ExperimentReport, tyro.conf.subcommand("report")],
        tyro.conf.arg(name=""),
    ]

    def run(self) -> None:
        """Run the chosen command."""
        self.action.run()
