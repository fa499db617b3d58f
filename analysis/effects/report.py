"""Everything that the page of an experiment shows, computed from its folder.

report = Report.of(Path("lesions"), EffectReportConfig())
report.effects.by_animals()[0], report.responses, report.survival, report.screens, report.shapley
"""

import dataclasses
import fnmatch
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.effects.config import EffectReportConfig
from analysis.effects.dose import LEAST_DOSES, DoseResponse, dose_response
from analysis.effects.effect import Effect, Effects
from analysis.effects.outcomes import OutcomeTable, read_outcomes
from analysis.effects.phase_response import PhaseResponse, phase_series
from analysis.effects.screen import Screen
from analysis.effects.shapley import JOINT, Shapley, joint_sites, shapley_of_arms
from analysis.effects.survival import Survival, survival
from analysis.effects.variability import with_variability
from rodent.errors import InputError, unknown
from rodent.experiment import ExperimentConfig, open_experiment
from rodent.experiment.measures import ACTIVITY


@dataclasses.dataclass(frozen=True)
class ShapleyOfSites:
    """Shapley values of the sites that an experiment lesions together.

    Attributes:
        sites: their names.
        found: the values.
        bounds: 95 % intervals, shape (sites, 2).
    """

    sites: tuple[str, ...]
    found: Shapley
    bounds: np.ndarray


@dataclasses.dataclass(frozen=True)
class Report:
    """Results of an experiment.

    Attributes:
        config: options of the report.
        experiment: the specification.
        effects: of all arms on all outcomes.
        outcomes: those with figures of their own.
        responses: curves of arms with several doses, and of their controls, by outcome.
        survival: curves at the largest dose, by arm.
        screens: of arms with a draw for each unit, at the largest dose, by outcome and arm.
        shapley: by outcome; empty if no sites are lesioned together, or too few sets of them.
        phases: phase response curves at the largest dose, by series and arm; of arms that begin after the
            first frame, if a phase was recorded.
        notes: for readers of the results.
    """

    config: EffectReportConfig
    experiment: ExperimentConfig
    effects: Effects
    outcomes: tuple[str, ...]
    responses: Mapping[str, list[tuple[DoseResponse, DoseResponse | None]]]
    survival: Mapping[str, dict[str, Survival]]
    screens: Mapping[str, dict[str, Screen]]
    shapley: Mapping[str, ShapleyOfSites]
    phases: Mapping[str, dict[str, PhaseResponse]]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path, config: EffectReportConfig) -> "Report":
        """Read an experiment and compute everything.

        Raises:
            InputError: there is no experiment or no table, an outcome is unknown or was not measured, or a
                rollout has no intact one.
        """
        return cls.computed(read_outcomes(folder), open_experiment(folder).config, config)

    @classmethod
    def computed(
        cls, table: OutcomeTable, experiment: ExperimentConfig, config: EffectReportConfig
    ) -> "Report":
        """The same from a table and its specification."""
        table = with_variability(table)
        for name in config.outcome:
            if name not in table.outcomes:
                raise unknown("outcome", name, table.outcomes, table.place)
        # products are small: more threads only wait for one another
        with threadpool_limits(1):
            return cls._computed(table, experiment, config)

    @classmethod
    def _computed(
        cls, table: OutcomeTable, experiment: ExperimentConfig, config: EffectReportConfig
    ) -> "Report":
        effects = Effects(config.settings).fit(table)
        screened = screened_arms(experiment, table.arms)
        single = [arm for arm in table.arms if JOINT not in arm and arm not in screened]
        last = {arm: effects.pairs_.doses(arm)[-1] for arm in table.arms}
        shapley, notes = _shapley(effects, config.outcome)
        return cls(
            config=config,
            experiment=experiment,
            effects=effects,
            outcomes=config.outcome,
            responses={name: _responses(effects, name, single) for name in config.outcome},
            survival={arm: survival(effects, arm, last[arm]) for arm in single},
            screens={
                name: {arm: Screen().fit(effects, name, arm, last[arm]) for arm in screened}
                for name in config.outcome
            },
            shapley=shapley,
            phases=_phase_responses(effects, single, last),
            notes=(*effects.notes_, *notes),
        )

    def shown(self, outcome: str) -> list[Effect]:
        """The effects on an outcome, largest first, without those of screened arms."""
        return self.without_screens(self.effects.ranked(outcome))

    def without_screens(self, effects: Sequence[Effect]) -> list[Effect]:
        """Those effects that are not means over the units of a screen."""
        screened = screened_arms(self.experiment, self.effects.pairs_.table.arms)
        return [one for one in effects if one.arm not in screened]

    @property
    def proposals(self) -> list[Effect]:
        """Experiments in the animal: for each arm the dose and outcome that the fewest animals would show.

        Only effects on behavior whose interval excludes 0 are predictions; those of screened arms are left
        out.
        """
        best: dict[str, Effect] = {}
        for one in self.without_screens(self.effects.by_animals()):
            certain = one.low > 0 or one.high < 0
            if certain and not one.outcome.startswith(ACTIVITY) and np.isfinite(one.animals):
                best.setdefault(one.arm, one)
        return list(best.values())


def screened_arms(experiment: ExperimentConfig, arms: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the arms of a table that have a draw for each unit."""
    patterns = [
        re.compile(fnmatch.translate("*".join(map(_literal, arm.name.split("{site}")))))
        for arm in experiment.arm
        if arm.each_unit
    ]
    return tuple(arm for arm in arms if any(pattern.match(arm) for pattern in patterns))


def _shapley(effects: Effects, outcomes: Sequence[str]) -> tuple[dict[str, ShapleyOfSites], tuple[str, ...]]:
    """Values by outcome, and a note if lesions of several sites are not enough for them."""
    sites = joint_sites(effects.pairs_.table.arms)
    if len(sites) < 2:
        return {}, ()
    try:
        found = {
            name: ShapleyOfSites(tuple(sites), *shapley_of_arms(effects, name, sites)) for name in outcomes
        }
    except InputError as error:
        return {}, (f"no Shapley values of {', '.join(sites)}: {error}",)
    return found, ()


def _phase_responses(
    effects: Effects, arms: Sequence[str], last: Mapping[str, float]
) -> dict[str, dict[str, PhaseResponse]]:
    """Curves of all arms that begin after the first frame."""
    table, found = effects.pairs_.table, dict[str, dict[str, PhaseResponse]]()
    for series in phase_series(list(table.columns)):
        pulsed = [arm for arm in arms if table["onset"][effects.pairs_.rows(arm, last[arm])].max() > 0]
        found[series] = {arm: PhaseResponse().fit(effects, series, arm, last[arm]) for arm in pulsed}
    return {series: curves for series, curves in found.items() if curves}


def _literal(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)


def _responses(
    effects: Effects, outcome: str, arms: list[str]
) -> list[tuple[DoseResponse, DoseResponse | None]]:
    """Change with dose of all arms with enough doses, and of their controls."""
    control, found = effects.settings.control, []
    for arm in arms:
        doses = effects.pairs_.doses(arm)
        if len(doses) < LEAST_DOSES:
            continue
        controlled = effects.pairs_.has_control(arm, doses[-1], control)
        of_control = dose_response(effects, outcome, arm, control) if controlled else None
        found.append((dose_response(effects, outcome, arm), of_control))
    return found
