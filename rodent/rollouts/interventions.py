"""Interventions in the rollouts of a recording: what they refer to, and what they have changed.

under = Interventions(given, policy, task, episodes)
plan = under.plan([250, 250], n=2, first=0)     # for RolloutRunner.play
under.counted(row.report, 2)                    # after the last row
under.check()                                   # after all rollouts
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from rodent.errors import InputError
from rodent.intervention import (
    Alignments,
    Donor,
    Intervention,
    Plan,
    Preparation,
    Report,
    Sites,
    Statistics,
    Swap,
    effects,
    needs_statistics,
    planned,
    stored,
)
from rodent.policy.policy import Policy
from rodent.recording import Channel, open_recording
from rodent.rollouts.donors import action_factor, alignments_of, load_donors, require_fitting
from rodent.rollouts.episodes import Episode
from rodent.rollouts.intact import MEAN_ACTIONS, behaviour_of, intact_rollouts, joined, with_action
from rodent.scene import make_scene
from rodent.tasks.task import Task

CHANGED: Mapping[str, Channel] = {
    "changed_values": Channel("1", "how many values interventions have changed", (), "i8")
}
"""The outcome that rollouts under interventions have in addition."""
ENVIRONMENTS = 64
"""Rollouts under interventions that are played in parallel, some of them padding. From this number on,
results do not depend on the place in the batch; matrix products of smaller batches differ by 2e-6."""


class Interventions:
    """The interventions of all rollouts of a recording.

    Args:
        given: the specifications.
        policy: the policy.
        task: of one environment.
        episodes: played without interventions first, where statistics are needed and not given.
        statistics: of units in intact rollouts.

    Raises:
        InputError: an intervention makes no sense for the policy.
    """

    def __init__(
        self,
        given: Sequence[Intervention],
        policy: Policy,
        task: Task[Any],
        episodes: Sequence[Episode],
        statistics: Statistics | None = None,
    ):
        self._given, self._task = tuple(given), task
        donors, measured = load_donors(self._given), Measured(statistics)
        self._prepared = prepared_for(self._given, policy, task, episodes, donors, measured)
        self._changed = np.zeros(len(self._given), np.int64)
        self._active = np.zeros(len(self._given), np.int64)
        self._signals: dict[str, tuple[float, float]] = {}
        self._names: tuple[str, ...] = ()
        self.plan([1], 1, 0)  # errors come before any frame is played

    @property
    def stored(self) -> list[dict[str, Any]]:
        """The specifications as JSON."""
        return [stored(one) for one in self._given]

    @property
    def changed_values(self) -> list[int]:
        """How many values each intervention has changed so far."""
        return self._changed.tolist()

    def plan(self, frames: Sequence[int], n: int, first: int) -> Plan:
        """The interventions of n environments.

        Args:
            frames: control steps of the rollouts; environments after these are padding.
            n: number of environments.
            first: number of the first rollout in the recording.
        """
        ends = np.array([*frames, *[0] * (n - len(frames))])
        numbers = list(range(first, first + n))
        plan = planned([self._given] * n, self._prepared, self._task, frames=ends, numbers=numbers)
        self._names = plan.signals
        return plan

    def counted(self, report: Report | None, rollouts: int) -> np.ndarray:
        """Add the final report of a batch; returns how many values were changed in each rollout."""
        if report is None:
            raise ValueError("there is no report of interventions")
        changed = np.asarray(report.changed, np.int64)[:rollouts]
        self._changed += changed.sum(0)
        self._active += np.asarray(report.active, np.int64)[:rollouts].sum(0)
        for i, name in enumerate(self._names):
            low, high = self._signals.get(name, (np.inf, -np.inf))
            lowest = float(np.asarray(report.lowest)[:rollouts, i].min())
            highest = float(np.asarray(report.highest)[:rollouts, i].max())
            self._signals[name] = (min(low, lowest), max(high, highest))
        return changed.sum(1)

    def check(self) -> None:
        """Require that every intervention has changed something.

        Raises:
            InputError: one has not; the message says why.
        """
        for one, changed, active in zip(self._given, self._changed, self._active, strict=True):
            if not changed:
                raise InputError(f"intervention '{one}' changed no value: {self._reason(one, active)}")

    def _reason(self, one: Intervention, active: int) -> str:
        if active:
            return f"it was active in {active} control steps, and every value was already what it makes of it"
        if one.condition is not None:
            low, high = self._signals[one.condition.signal]
            if low > high:
                return f"{one.condition.signal} was never known, because the body did not walk long enough"
            return (
                f"its condition was never true in its time; {one.condition.signal} was between {low:.3g} and "
                f"{high:.3g}"
            )
        return "it was never active; the rollouts end before it begins"


class Measured(NamedTuple):
    """What is measured in intact rollouts.

    Attributes:
        statistics: of units; None where none were measured.
        alignments: between the policy and each donor, by its name; those of donors that are aligned.
    """

    statistics: Statistics | None = None
    alignments: Mapping[str, Alignments] = MappingProxyType({})


NOTHING_MEASURED = Measured()
"""Before any intact rollout."""


def prepared_for(
    given: Sequence[Intervention],
    policy: Policy,
    task: Task[Any],
    episodes: Sequence[Episode],
    donors: Mapping[str, Policy],
    measured: Measured = NOTHING_MEASURED,
    *,
    measure: bool = False,
) -> Preparation:
    """What interventions are resolved for, with all that they refer to.

    Args:
        given: the interventions.
        policy: the policy.
        task: of one environment.
        episodes: played without interventions, once by each policy, where anything is needed and not known.
        donors: policies of swaps, by the names that these give them.
        measured: what is known.
        measure: whether statistics are needed, even if no intervention refers to them.

    Raises:
        InputError: a site is unknown, or a policy of a swap does not fit.
    """
    sites = Sites.of(policy.agent, task)
    for one in given:
        sites.concerned(one)  # before anything is played
    swaps = [one for one in given if isinstance(one, Swap)]
    used = {name: donors[name] for name in dict.fromkeys(swap.policy for swap in swaps)}
    for name, donor in used.items():
        require_fitting(donor, policy, task, name)
    unaligned = {swap.policy for swap in swaps if swap.align != "none"} - measured.alignments.keys()
    statistics, alignments = measured
    without = statistics is None and (measure or any(map(needs_statistics, given)))
    if without or unaligned:
        own = intact_rollouts(policy, task, episodes)
        statistics = own.statistics if without else statistics
        theirs = {name: intact_rollouts(used[name], task, episodes) for name in sorted(unaligned)}
        alignments = {**alignments, **{name: alignments_of(own, one) for name, one in theirs.items()}}
    found = {
        name: Donor(
            donor,
            policy.normalizer,
            sites.places,
            alignments.get(name, Alignments()),
            action_factor(donor, policy),
        )
        for name, donor in used.items()
    }
    prepared = Preparation(sites, policy.params, task.timestep, statistics, found)
    for swap in dict.fromkeys(swaps):
        effects(swap, prepared)  # fits all maps
    return prepared


def recorded_statistics(path: Path | str, policy: Policy) -> Statistics:
    """Statistics of every site in a recording of the same policy without interventions.

    Args:
        path: of the recording, with units; with gates and the observation if interventions refer to them.
        policy: the policy.

    Raises:
        InputError: the recording has no units, is of another policy, or of a policy under interventions.
    """
    with open_recording(path) as recording:
        if recording.provenance.get("policy") != policy.digest():
            raise InputError(f"{path} is a recording of another policy; expected one of {policy!r}")
        if recording.provenance.get("intervention"):
            raise InputError(f"{path} was recorded under interventions; expected a recording without any")
        rollouts = list(recording.rollouts.values())
        for one in rollouts:
            one.require(f"units/{MEAN_ACTIONS[-1]}")
        ends = [slice(0, int(one.outcomes["lifespan"])) for one in rollouts]

        def alive(channel: str) -> list[np.ndarray]:
            return [one.read(channel, end) for one, end in zip(rollouts, ends, strict=True)]

        found: dict[str, np.ndarray] = {}
        for channel in rollouts[0].channels:
            family, _, layer = channel.partition("/")
            site = {"units": layer, "observation": channel}.get(family)
            if site is not None:
                found[site] = np.concatenate(alive(channel))
        poses = zip(alive("qpos"), alive("qvel"), strict=True)
        behaviour = behaviour_of(poses, make_scene(policy.scene), 1 / recording.fps)
        return Statistics.of(with_action(found), joined(behaviour))
