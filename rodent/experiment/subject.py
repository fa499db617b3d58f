"""One policy of an experiment: its rollouts, and how a shard of them is played.

subject = Subject.of(config, "rat-neutral", Inputs.of(config))
subject.tiling.shards
subject.play(3)["root_error"]             # outcomes of shard 3, by name
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import jax
import numpy as np

from rodent.clips.clip import ClipSet
from rodent.errors import InputError, naming, unknown
from rodent.experiment.inputs import Inputs
from rodent.experiment.player import Player, Settings, Trials
from rodent.experiment.spec import ExperimentConfig
from rodent.experiment.tiling import INTACT, Tiling
from rodent.experiment.treatments import Arm, Treatment, arms_at, treatments
from rodent.intervention import (
    Intervention,
    Plan,
    Preparation,
    Sites,
    Swap,
    form_of,
    planned,
)
from rodent.intervention.behaviour import behaviour_names
from rodent.policy.policy import Policy
from rodent.rollouts.episodes import clip_episodes, policy_task
from rodent.rollouts.interventions import NOTHING_MEASURED, Measured, prepared_for
from rodent.tasks.task import Task

_SHARD_STEPS = 128_000  # most control steps of a shard: half a minute on two cores
_FEWEST = 64


class Condition(NamedTuple):
    """Where and how a rollout starts.

    Attributes:
        clip: name of the clip.
        start: frame of the clip.
        seed: of noise and start.
        place: index in `Task.starts`.
        frames: control steps.
    """

    clip: str
    start: int
    seed: int
    place: int
    frames: int


@dataclasses.dataclass(frozen=True)
class Subject:
    """A policy with all its rollouts; every error of the specification is found when it is made.

    Attributes:
        label: name of the policy in the table of outcomes.
        policy, task: the policy, and its task.
        prepared: what interventions are resolved for.
        conditions: where rollouts start.
        treatments: what is done.
        tiling: how rollouts are divided into shards.
        settings: how rollouts are played.
    """

    label: str
    policy: Policy
    task: Task[Any]
    prepared: Preparation
    conditions: tuple[Condition, ...]
    treatments: tuple[Treatment, ...]
    tiling: Tiling
    settings: Settings

    @classmethod
    def of(
        cls,
        config: ExperimentConfig,
        label: str,
        inputs: Inputs,
        measured: Measured = NOTHING_MEASURED,
    ) -> "Subject":
        """A policy in an experiment.

        Args:
            config: the specification.
            label: name of the policy.
            inputs: all that the specification names.
            measured: what is known of intact rollouts; the clips are played for what is needed and not known.

        Raises:
            InputError: the specification makes no sense for the policy.
        """
        policy, clips = inputs.policies[label], inputs.clips
        task = policy_task(policy, clips)
        sites = Sites.of(policy.agent, task)
        with naming(f"policy {label}"):
            for layer in config.activity:
                if layer not in sites.sizes or layer.startswith("observation/") or layer == "action":
                    layers = [name for name in sites.sizes if "observation/" not in name and name != "action"]
                    raise unknown("layer", layer, layers, "activity")
            for name in config.series:
                if name not in behaviour_names(task.scene):
                    raise unknown("variable of behavior", name, behaviour_names(task.scene), "series")
            arms = arms_at(config.arm, sites)
            given = tuple(treatments(arms))
            for one in given:
                with naming(str(one)):
                    for act in one.acts:
                        sites.concerned(act)  # before anything is played
            acts = [act for one in given for act in one.acts]
            matches = any(one.control and one.match == "activity" for one in given)
            if inputs.align_clips is not None:
                measured = _with_maps(acts, policy, inputs.align_clips, inputs.donors, measured)
            episodes = clip_episodes(clips)
            prepared = prepared_for(acts, policy, task, episodes, inputs.donors, measured, measure=matches)
            prepared = dataclasses.replace(prepared, tables=inputs.tables)
            conditions = tuple(_conditions(config, task, clips))
            groups = _groups(arms, given, prepared, task)
        longest = max(one.frames for one in conditions)
        most = int(np.clip(_SHARD_STEPS // longest, _FEWEST, config.batch))
        tiling = Tiling.of(len(conditions), groups, most)
        settings = Settings(config.jitter, config.sample, config.activity, config.series)
        return cls(label, policy, task, prepared, conditions, given, tiling, settings)

    @property
    def rollouts(self) -> int:
        """Number of rollouts; intact ones are counted once."""
        return len(self.conditions) * (len(self.treatments) + 1)

    @cached_property
    def signals(self) -> tuple[str, ...]:
        """Signals of all triggers."""
        acts = {act for one in self.treatments for act in one.acts}
        return tuple(sorted({act.condition.signal for act in acts if act.condition is not None}))

    @property
    def steps(self) -> int:
        """Control steps of all shards, if nothing fails."""
        frames = np.array([one.frames for one in self.conditions])
        intact = self.tiling.blocks
        return int(frames.sum()) * (len(self.treatments) + intact)

    def play(
        self,
        number: int,
        threads: int = 0,
        *,
        advance: Callable[[int], None] = lambda frames: None,
        steps: int | None = None,
    ) -> dict[str, np.ndarray]:
        """The outcomes of a shard, by name, with `condition` and `treatment`; padding is left out.

        `lowest` and `highest` are those of all `signals`; NaN for those that no trigger of the shard reads,
        and for intact rats.

        Args:
            number: of the shard.
            threads: that step the physics; 0 for one per core.
            advance: called with the number of frames after every step.
            steps: longest rollout, for a trial; None for all of each.
        """
        slots = self.tiling.slots(number)
        conditions = [self.conditions[i] for i in slots.condition]
        frames = np.where(slots.real, [one.frames for one in conditions], 0)
        frames = frames if steps is None else np.minimum(frames, steps)
        seeds = np.array([one.seed for one in conditions])
        trials = Trials(np.array([one.place for one in conditions]), frames, seeds)
        plan = self.plan(slots.treatment, frames, seeds)
        outcomes = self._player(threads).play(trials, plan, advance)
        for name in ("lowest", "highest"):
            values = np.full((len(frames), len(self.signals)), np.nan)
            values[:, [self.signals.index(one) for one in plan.signals]] = outcomes[name]
            outcomes[name] = np.where((slots.treatment == INTACT)[:, None], np.nan, values)
        keys = {"condition": slots.condition, "treatment": slots.treatment}
        order = np.lexsort((slots.treatment, slots.condition))
        order = order[slots.real[order]]
        return {name: values[order] for name, values in (keys | outcomes).items()}

    def plan(self, treatment: np.ndarray, frames: np.ndarray, seeds: np.ndarray) -> Plan:
        """The interventions of environments with these treatments, shapes (n,)."""
        resolved = {
            int(i): self.treatments[i].interventions(self.prepared)
            for i in np.unique(treatment)
            if i != INTACT
        }
        given: list[Sequence[Intervention]] = [resolved.get(int(i), ()) for i in treatment]
        return planned(given, self.prepared, self.task, frames=frames, numbers=seeds.tolist())

    def _player(self, threads: int) -> Player:
        players = self._players
        if threads not in players:
            settings = self.settings._replace(threads=threads)
            players[threads] = Player(self.policy, self.task, self.tiling.num_envs, settings)
        return players[threads]

    @cached_property
    def _players(self) -> dict[int, Player]:
        return {}


def subjects_of(config: ExperimentConfig, inputs: Inputs) -> tuple[Subject, ...]:
    """All policies of an experiment; see `Subject.of`."""
    return tuple(Subject.of(config, name, inputs) for name in inputs.policies)


def _with_maps(
    acts: Sequence[Intervention],
    policy: Policy,
    clips: ClipSet,
    donors: Mapping[str, Policy],
    measured: Measured,
) -> Measured:
    """What is measured, with maps between a policy and its donors that are fitted on other clips."""
    task = policy_task(policy, clips)
    swaps = [one for one in acts if isinstance(one, Swap)]
    found = prepared_for(swaps, policy, task, clip_episodes(clips), donors, measured)
    maps = {name: one.alignments for name, one in found.donors.items() if one.alignments.maps}
    return measured._replace(alignments={**measured.alignments, **maps})


def _conditions(config: ExperimentConfig, task: Task[Any], clips: ClipSet) -> list[Condition]:
    found = []
    first = np.asarray(task.starts.first)
    for group, clip in enumerate(clips):
        for start in config.starts:
            if start > clip.n_frames - 2:
                lengths = ", ".join(f"{one.name} {one.n_frames}" for one in clips)
                raise InputError(
                    f"start {start} is beyond the clip {clip.name}; a rollout has 2 frames at least. Frames "
                    f"of the clips: {lengths}"
                )
            left = clip.n_frames - start
            frames = left if config.frames is None else min(left, config.frames)
            place = int(first[group]) + start
            found += [Condition(clip.name, start, seed, place, frames) for seed in range(config.seeds)]
    return found


def _groups(
    arms: Sequence[Arm], given: Sequence[Treatment], prepared: Preparation, task: Task[Any]
) -> list[list[int]]:
    """Indices of treatments whose interventions are alike as arrays.

    Draws of one dose are taken to be alike: they differ in their seeds.

    Raises:
        InputError: an intervention makes no sense for the policy, or doses or draws do not differ.
    """
    by_dose: dict[tuple[str, str, float], list[int]] = {}
    for i, one in enumerate(given):
        by_dose.setdefault((one.arm, one.control, one.dose), []).append(i)
    groups: dict[Any, list[int]] = {}
    before: dict[tuple[str, str], list[Any]] = {}
    for (arm, control, dose), members in by_dose.items():
        ends = [_planned_alone(given[i], prepared, task) for i in dict.fromkeys((members[0], members[-1]))]
        if len(ends) == 2 and not control and _equal(*ends):
            raise InputError(
                f"arm {arm!r} has {len(members)} draws, but they are all the same; give draws = 1, or draw "
                "units, as in [20%]"
            )
        for other in before.setdefault((arm, control), []):
            if not control and _equal(other, ends[0]):
                raise InputError(f"arm {arm!r}: dose {dose:g} is the same intervention as another dose")
        before[arm, control].append(ends[0])
        groups.setdefault(form_of(ends[0]), []).extend(members)
    return list(groups.values())


def _planned_alone(treatment: Treatment, prepared: Preparation, task: Task[Any]) -> Plan:
    with naming(str(treatment)):
        return planned([treatment.interventions(prepared)], prepared, task)


def _equal(a: Plan, b: Plan) -> bool:
    (one, tree), (other, same) = jax.tree.flatten(a), jax.tree.flatten(b)
    return tree == same and all(np.array_equal(x, y) for x, y in zip(one, other, strict=True))
