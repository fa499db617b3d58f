"""Interventions on a live policy, which are put on and taken off while it plays.

interventions = LiveInterventions(policy, task, episodes)
interventions.apply(["silence decoder/layer_0[0:32] to mean"])
interventions.plan(0)                   # of rollout 0; the same object until the next `apply`
"""

from collections.abc import Callable, Hashable, Sequence
from functools import cache, partial
from typing import Any

from rodent.intervention import (
    Intervention,
    Plan,
    Preparation,
    Sites,
    Swap,
    form_of,
    given_interventions,
    needs_statistics,
    planned,
    uniform,
)
from rodent.policy.policy import Policy
from rodent.rollouts import Episode
from rodent.rollouts.donors import load_donors
from rodent.rollouts.interventions import NOTHING_MEASURED, Measured, prepared_for
from rodent.tasks.task import Task

Say = Callable[[str], None]
"""Called with what takes some seconds, before it is done."""


def silent(text: str) -> None:
    """Say nothing."""


class LiveInterventions:
    """The interventions that all motions of a policy have.

    Args:
        policy: the policy.
        task: of one environment.
        episodes: played without interventions when means, deviations or maps are first needed.

    Attributes:
        sites: on which interventions can act, see `rodent.intervention.sites`.
        texts: the interventions that are on.
    """

    def __init__(self, policy: Policy, task: Task[Any], episodes: Sequence[Episode]):
        self._policy, self._task, self._episodes = policy, task, episodes
        self._measured: Measured = NOTHING_MEASURED
        self._forms: set[Hashable] = set()
        self.sites = tuple(Sites.of(policy.agent, task).sizes)
        self.clear()

    def clear(self) -> None:
        """Take all interventions off."""
        self.texts: tuple[str, ...] = ()
        self._plan: Callable[[int], Plan | None] = _none

    def apply(self, texts: Sequence[str], say: Say = silent) -> None:
        """Put interventions on, in the place of those before.

        Args:
            texts: of one intervention or more, see `rodent.intervention.language`.
            say: called with what takes some seconds.

        Raises:
            InputError: one is not understood, or makes no sense for the policy; those before stay on.
        """
        given = given_interventions(texts)
        if self._measures(given):
            say("playing all clips without interventions, once, to measure activity")
        prepared = prepared_for(
            given, self._policy, self._task, self._episodes, load_donors(given), self._measured
        )
        aligned = {name: one.alignments for name, one in prepared.donors.items() if one.alignments.maps}
        self._measured = Measured(prepared.statistics, {**self._measured.alignments, **aligned})
        plan = cache(partial(_planned, given, prepared, self._task))
        form = form_of(plan(0))  # which finds all errors
        if form not in self._forms:
            self._forms.add(form)
            say("compiling, once for interventions of this form")
        self.texts, self._plan = tuple(map(str, given)), plan

    def plan(self, number: int) -> Plan | None:
        """The interventions of a rollout, on whose number random draws depend; None for none."""
        return self._plan(number)

    def _measures(self, given: Sequence[Intervention]) -> bool:
        """Whether clips have to be played first."""
        statistics, alignments = self._measured
        aligned = {one.policy for one in given if isinstance(one, Swap) and one.align != "none"}
        return bool(aligned - alignments.keys()) or (statistics is None and any(map(needs_statistics, given)))


def _none(number: int) -> None:
    """The plan of no interventions."""


def _planned(given: Sequence[Intervention], prepared: Preparation, task: Task[Any], number: int) -> Plan:
    return uniform(planned([given], prepared, task, numbers=[number]), prepared.sites)
