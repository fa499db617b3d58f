"""Do policies that show the same behaviour break in the same way?

    table = lesioned(Path("walks"), folders, config)     # an experiment in walks/lesions, made or continued
    found = breakage(table, folders, permutations=2000, seed=0)
    found[0].site, found[0].dose, found[0].mean, found[0].reliability

Every policy gets the same lesions: the same percentage of units of a layer, in several random draws. Draws
differ, so policies differ by chance. Whether they differ by more is shown by two halves of the draws.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analysis.effects.outcomes import OutcomeTable, read_outcomes
from analysis.population.config import PopulationReportConfig
from analysis.population.reliability import reliability
from rodent.experiment import (
    ArmConfig,
    ExperimentConfig,
    Inputs,
    LocalExecutor,
    create_experiment,
    run_experiment,
)
from rodent.experiment.spec import INTACT

FOLDER = "lesions"
"""Folder of the experiment, in that of the population."""


class Breakage(NamedTuple):
    """What one lesion does to all policies.

    Attributes:
        site, dose: layer, and percentage of its units.
        loss: fraction of the frames of intact rollouts that each policy loses, shape (policies,).
        mean, spread: of it, over policies.
        reliability: of the losses; 0 where policies differ by chance, 1 where draws do not matter.
        p: of the reliability.
    """

    site: str
    dose: float
    loss: np.ndarray
    mean: float
    spread: float
    reliability: float
    p: float


def lesions_of(policies: Sequence[str], clips: Path, config: PopulationReportConfig) -> ExperimentConfig:
    """The experiment: every layer lesioned in every policy."""
    acts = ("silence {site}[{dose}%] to mean",)
    arm = ArmConfig("{site}", acts, sites=config.sites, doses=config.doses, draws=config.draws)
    return ExperimentConfig(tuple(policies), str(clips), (arm,))


def lesioned(
    folder: Path,
    policies: Sequence[str],
    config: PopulationReportConfig,
    report: Callable[[int, int], None] = lambda done, count: None,
) -> OutcomeTable:
    """Run the experiment of a population, or go on with it.

    Args:
        folder: of the population.
        policies: folders of the policies.
        config: options of the report.
        report: called with the number of shards that are done, and of all.

    Raises:
        InputError: the folder has an experiment of other options, or a policy lacks a layer.
    """
    spec = lesions_of(policies, folder / "clips.h5", config)
    experiment = create_experiment(folder / FOLDER, spec, Inputs.of(spec))
    run_experiment(experiment, LocalExecutor(), lambda done: report(done, experiment.shards.count))
    return read_outcomes(folder / FOLDER)


def breakage(table: OutcomeTable, policies: Sequence[str], *, permutations: int, seed: int) -> list[Breakage]:
    """What each lesion does, in the order of the experiment.

    Args:
        table: outcomes of the experiment.
        policies: as they are named there.
        permutations: of policies.
        seed: of the permutations.
    """
    tracked, arm, dose = table["frames_tracked"].astype(float), table["arm"], table["dose"]
    intact = np.array([tracked[(table["policy"] == p) & (arm == INTACT)].mean() for p in policies])
    even = table["draw"] % 2 == 0
    found = []
    for name in table.arms:
        for one in np.unique(dose[arm == name]).tolist():
            rows = [(table["policy"] == p) & (arm == name) & (dose == one) for p in policies]
            parts = [[tracked[row & part].mean() for row in rows] for part in (even, ~even)]
            halves = 1 - np.array(parts) / np.maximum(intact, 1.0)
            loss = halves.mean(0)
            value, p = reliability(halves, permutations=permutations, seed=seed)
            spread = float(loss.std(ddof=1))
            found.append(Breakage(name, one, loss, float(loss.mean()), spread, value, p))
    return found
