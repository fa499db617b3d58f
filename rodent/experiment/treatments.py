"""The treatments of an experiment: every arm at every dose and draw, and its controls, for one policy.

for treatment in treatments(config.arm, prepared.sites):
    treatment.arm, treatment.dose, treatment.draw
    treatment.interventions(prepared)
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rodent.errors import InputError, naming
from rodent.experiment.controls import Match, matched
from rodent.experiment.spec import ArmConfig
from rodent.intervention import Intervention, Preparation, Sites, parsed


class Arm(NamedTuple):
    """An arm at one of its sites.

    Attributes:
        name: with the site.
        acts: texts, with the placeholders dose and draw.
        doses, draws: of the arm.
        control: its kind; empty for none.
        control_draws: number of draws of the control.
        match: of the control.
    """

    name: str
    acts: tuple[str, ...]
    doses: tuple[float, ...]
    draws: int
    control: str
    control_draws: int
    match: Match


@dataclasses.dataclass(frozen=True)
class Treatment:
    """What is done to a rat.

    Attributes:
        arm: name of the arm.
        control: kind of the control; empty for the arm itself.
        dose: of the arm.
        draw: number of the draw.
        acts: interventions of the arm in this draw.
        match: similarity of the units of a control.
    """

    arm: str
    control: str
    dose: float
    draw: int
    acts: tuple[Intervention, ...]
    match: Match = "activity"

    def interventions(self, prepared: Preparation) -> tuple[Intervention, ...]:
        """The interventions; those of a control are on units that are matched.

        Raises:
            InputError: an intervention makes no sense for the policy, or there are no units to match.
        """
        if not self.control:
            return self.acts
        return tuple(one for act in self.acts for one in matched(act, prepared, self.match, self.draw))

    def __str__(self) -> str:
        control = f"{self.control} control of " if self.control else ""
        return f"{control}arm {self.arm!r}, dose {self.dose:g}, draw {self.draw}"


def arms_at(config: Sequence[ArmConfig], sites: Sites) -> list[Arm]:
    """The arms, with one for each site of those with sites.

    Raises:
        InputError: there is no such site, or names of arms repeat.
    """
    found: list[Arm] = []
    for arm in config:
        with naming(f"arm {arm.name!r}"):
            matching = [site for pattern in arm.sites for site in sites.matching(pattern)]
            found += [_at(arm, site, sites) for site in dict.fromkeys(matching)] or [_at(arm, "", sites)]
    names = [arm.name for arm in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"several arms have the name {name!r}; put {{site}} in the name of an arm with sites"
            )
    return found


def treatments(arms: Sequence[Arm]) -> list[Treatment]:
    """All treatments, in the order of the specification: by arm, control, dose and draw.

    Raises:
        InputError: an act is not understood.
    """
    found = []
    for arm in arms:
        with naming(f"arm {arm.name!r}"):
            for dose in arm.doses:
                found += [Treatment(arm.name, "", dose, d, _drawn(arm, dose, d)) for d in range(arm.draws)]
            if not arm.control:
                continue
            for dose in arm.doses:
                for draw in range(arm.control_draws):
                    acts = _drawn(arm, dose, draw % arm.draws)
                    found.append(Treatment(arm.name, arm.control, dose, draw, acts, arm.match))
    return found


def _at(arm: ArmConfig, site: str, sites: Sites) -> Arm:
    when = f" {arm.when}" if arm.when else ""
    acts = tuple(act.replace("{site}", site) + when for act in arm.acts)
    draws = _units(acts, sites) if arm.each_unit else arm.draws
    return Arm(
        arm.name.replace("{site}", site),
        acts,
        arm.doses,
        draws,
        "" if arm.control == "none" else arm.control,
        draws if arm.control_draws is None else arm.control_draws,
        arm.match,
    )


def _units(acts: Sequence[str], sites: Sites) -> int:
    """Number of units of the site of the acts with a draw."""
    found = {
        size
        for act in acts
        if "{draw}" in act
        for size in (sites.sizes[name] for name in sites.matching(filled(act, 1.0, 0).site))
    }
    if len(found) != 1:
        raise InputError(f"each_unit requires sites with the same number of units; there are {sorted(found)}")
    return found.pop()


def _drawn(arm: Arm, dose: float, draw: int) -> tuple[Intervention, ...]:
    return tuple(filled(act, dose, draw) for act in arm.acts)


def filled_acts(arm: ArmConfig, which: Callable[[str], bool]) -> list[Intervention]:
    """Acts of an arm whose texts fulfil a condition, at every site as it is written, dose and draw.

    Raises:
        InputError: one is not understood.
    """
    texts = [act.replace("{site}", site) for act in arm.acts if which(act) for site in arm.sites or ("",)]
    return [filled(text, dose, d) for text in texts for dose in arm.doses for d in range(arm.draws)]


def filled(act: str, dose: float, draw: int) -> Intervention:
    """The intervention of an act with its placeholders dose and draw.

    Raises:
        InputError: it is not understood.
    """
    one = parsed(act.replace("{dose}", f"{dose:g}").replace("{draw}", str(draw)))
    return one if "{draw}" in act else dataclasses.replace(one, seed=one.seed + draw)
