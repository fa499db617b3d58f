"""`rodent population`: many policies of one behaviour, how they differ, and which predict neurons."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from analysis.population.config import NeuronsConfig, PopulationReportConfig


@dataclasses.dataclass(frozen=True)
class PopulationTrain:
    """Train the policies of a specification, or go on: those that are missing in the folder.

    Each member learns the same clips, with settings of its own. OUT/policies.json lists all policies, what
    differs between them, what each has attained, and whether it reaches the criterion. A run can be stopped
    at any time and continued with the same command. Several processes can work on one folder.

    Example: rodent population train walks.toml --out walks
    """

    spec: tyro.conf.Positional[Path]
    """The specification, a TOML file."""
    out: Path
    """The folder of the population."""
    executor: str = "local"
    """Where members are trained: `local`, `slurm`, `ray`, or a TOML file with the name and settings of
    one."""
    json: bool = False
    """Print the list of policies as one JSON object."""

    def run(self) -> None:
        """Train and list."""
        from rodent.jax_setup import cache_compilations
        from rodent.pages.output import print_json, say

        cache_compilations()
        from rodent.configs import to_json
        from rodent.experiment import read_executor
        from rodent.policy.policy_set import FILE
        from rodent.progress import progress
        from training.population.folder import create_population
        from training.population.spec import read_population
        from training.population.train import train_population

        executor = read_executor(self.executor)
        population = create_population(self.out, read_population(self.spec))
        count = population.config.members
        try:
            with progress("training", count, "members", period=600) as advance:
                shown = 0

                def report(done: int) -> None:
                    nonlocal shown
                    advance(done - shown)
                    shown = done

                policies = train_population(population, executor, report)
        except KeyboardInterrupt:
            done = count - len(population.shards.missing())
            say(f"{done} of {count} members are trained in {self.out}; to go on, run the same command again")
            raise
        if self.json:
            print_json(to_json(policies))
            return
        say(
            f"{self.out / FILE}: {len(policies)} policies, {len(policies.reached)} of which reach the "
            f"criterion: {policies.criterion}; next: rodent population report {self.out}"
        )


@dataclasses.dataclass(frozen=True)
class PopulationReport(PopulationReportConfig):
    """Compare the policies of a population, and write a page about them.

    Which settings decide whether the behaviour is learnt, and which are free; how alike activity and movement
    of the policies are; and whether the same lesions do the same to all. Policies that reach the criterion
    are played once, and lesioned in an experiment in FOLDER/lesions.

    Example: rodent population report walks --out walks.html
    """

    _: dataclasses.KW_ONLY
    folder: tyro.conf.Positional[Path]
    """The folder of a population."""
    out: Path | None = None
    """The HTML file to write; by default only tables are printed."""
    json: bool = False
    """Print all results as one JSON object instead of tables."""

    def run(self) -> None:
        """Compute, write and print."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from analysis.population.page import population_sections
        from analysis.population.report import PopulationReport as Report
        from analysis.population.results import print_summary, to_json
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page
        from rodent.policy.policy_set import read_policy_set
        from rodent.progress import progress

        require_room_for_files(self.out)
        count = min(len(read_policy_set(self.folder).reached), self.most) + 1
        with progress("comparing", count, "policies") as advance:
            report = Report.of(self.folder, self, lambda what: advance(1, note=what))
        if self.out is not None:
            write_page(self.out, f"The population {self.folder.name}", population_sections(report))
            say(f"{self.out}: {self.out.stat().st_size / 1e6:.1f} MB; open it in a browser")
        if self.json:
            print_json(to_json(report))
        else:
            print_summary(report)


@dataclasses.dataclass(frozen=True)
class PopulationNeurons(NeuronsConfig):
    """Ask which policies of a population predict recorded neurons best, and which settings decide it.

    Every policy that reaches the criterion imitates the motion of the session, and its layers encode the
    neurons as `rodent encode` does it, whose --controls and --unique tell what such a score is worth.

    Example: rodent population neurons walks clips.h5 spikes.npz --out neurons.html
    """

    out: Path | None = None
    """The HTML file to write; by default only tables are printed."""
    json: bool = False
    """Print all results as one JSON object instead of tables."""

    def run(self) -> None:
        """Compute, write and print."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from analysis.population.neurons import population_neurons
        from analysis.population.neurons_page import neuron_sections
        from analysis.population.results import neurons_to_json, print_neurons
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page
        from rodent.policy.policy_set import read_policy_set
        from rodent.progress import progress

        require_room_for_files(self.out)
        count = min(len(read_policy_set(self.folder).reached), self.most)
        with progress("encoding", count, "policies") as advance:
            found = population_neurons(self, lambda what: advance(1, note=what))
        if self.out is not None:
            write_page(self.out, f"Neurons and the population {self.folder.name}", neuron_sections(found))
            say(f"{self.out}: {self.out.stat().st_size / 1e6:.1f} MB; open it in a browser")
        if self.json:
            print_json(neurons_to_json(found))
        else:
            print_neurons(found)


@dataclasses.dataclass(frozen=True)
class PopulationCommand:
    """Train many policies of one behaviour, and compare them.

    Example: rodent population train walks.toml --out walks
    """

    action: Annotated[
        Annotated[PopulationTrain, tyro.conf.subcommand("train")]
        | Annotated[PopulationReport, tyro.conf.subcommand("report")]
        | Annotated[PopulationNeurons, tyro.conf.subcommand("neurons")],
        tyro.conf.arg(name=""),
    ]

    def run(self) -> None:
        """Run the chosen command."""
        self.action.run()
