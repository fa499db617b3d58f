"""Play a policy's task and write a recording."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jax
import numpy as np

from rodent.errors import InputError
from rodent.intervention import Intervention, Statistics, given_interventions
from rodent.parts import TASKS
from rodent.policy.networks import is_recurrent
from rodent.policy.policy import Policy
from rodent.progress import progress
from rodent.record_config import RecordConfig
from rodent.recording import Channel, Header, RecordingWriter, RolloutMetadata, RolloutWriter
from rodent.recording.channels import GROUND_FORCE
from rodent.recording.ground import ground_channel
from rodent.rollouts.controls import Controls
from rodent.rollouts.episodes import Clips, Episode, policy_episodes, require_counts
from rodent.rollouts.interventions import CHANGED, ENVIRONMENTS, Interventions
from rodent.rollouts.outcomes import Outcome, outcome_channels
from rodent.rollouts.play import RolloutRunner, RolloutStep, Show
from rodent.rollouts.trials import History
from rodent.tasks.observation import observation_of, part_names
from rodent.tasks.task import Task
from rodent.versions import versions

Table = dict[str, np.ndarray]

_DEFAULT = RecordConfig()
_BLOCK = 64  # steps written to the file at once
_AT_ONCE = 32  # episodes played in parallel; limits memory


def record(
    policy: Policy,
    clips: Clips,
    out: Path | str,
    config: RecordConfig = _DEFAULT,
    *,
    origin: Mapping[str, Any] = MappingProxyType({}),
    interventions: Sequence[Intervention | str] = (),
    statistics: Statistics | None = None,
) -> dict[str, Any]:
    """Play a policy's task and write a recording of states, rewards and every unit.

    Args:
        policy: the policy.
        clips: to track, a set or a list; each becomes a rollout of its name. None for a task without clips.
        out: the recording file.
        config: settings of rollouts and content.
        origin: sources of policy and clips, or other data for the recording's provenance.
        interventions: in every rollout, in the order in which they act; some may be texts.
        statistics: of units in intact rollouts, for interventions that refer to them; None to play the same
            episodes without interventions first.

    Returns:
        the numbers of rollouts, frames, failures and layers; with interventions also `changed_values`, how
        many values each has changed.

    Raises:
        InputError: the clips are for a body of another scale, clips are missing or not needed, or gates or
            controls are requested from a policy without them; or an intervention is not understood, makes no
            sense for the policy, or has changed nothing.
        WorkError: the disk is full.
    """
    out, units, states = Path(out), config.content == "units", config.content != "outcomes"
    _check_policy(policy, config)
    require_counts(config, of_clips=clips is not None)
    task, episodes = policy_episodes(policy, clips, config.episodes)
    played = _played(episodes, config.repeats, config.seed)
    given = given_interventions(interventions)
    n = ENVIRONMENTS if given else min(_AT_ONCE, len(played))
    under = Interventions(given, policy, task, episodes, statistics) if given else None
    show = Show(units=units, gates=config.gates, observation=config.observation, ground=states)
    runner = RolloutRunner(task, policy.agent, n, show=show, sample=config.sample)
    choices = {"seed": config.seed, "gates": config.gates, "sample": config.sample}
    added = Controls(policy, task, n, **choices) if config.controls else None
    files = _Files(out, policy, runner, config, {**origin, "intervention": under and under.stored})
    drawn = config.sample or clips is None
    total = sum(episode.frames for episode in played)
    with files.writer, progress("recording", total, "frames") as advance:
        for number, begin in enumerate(range(0, len(played), n)):
            group = played[begin : begin + n]
            # the last group is padded with its last episode
            places = np.array([one.group for one in (*group, *[group[-1]] * (n - len(group)))])
            draws = _seed_of_group(config.seed, number)
            rollouts = [files.rollout(one, draws if drawn else None) for one in group]
            plan = None if under is None else under.plan([one.frames for one in group], n, begin)
            rows = runner.play(
                policy.params,
                policy.normalizer,
                places,
                seed=draws,
                on_failure=config.on_failure,
                plan=plan,
            )
            if added is not None:
                rows = added.with_controls(rows)
            for block in _blocks(rows):
                files.append(block, rollouts, advance)
                report = block[-1].report
            files.close(rollouts, None if under is None else under.counted(report, len(group)))
        if under is not None:
            under.check()
    counts = {} if under is None else {"changed_values": under.changed_values}
    return {
        "recording": str(out),
        "content": config.content,
        "rollouts": len(played),
        "frames": total,
        "failures": files.failures,
        "layers": sorted(files.layers),
        **counts,
    }


def _check_policy(policy: Policy, config: RecordConfig) -> None:
    if config.gates and not is_recurrent(policy.network_config):
        kind = policy.network_config.decoder_kind
        raise InputError(f"--gates requires an LSTM decoder; the decoder of this policy is {kind!r}")


def _played(episodes: list[Episode], repeats: int, seed: int) -> list[Episode]:
    """The episodes in order, and then their repetitions in random orders.

    If repetitions were in the same order, a time-shift null would contain signal.
    """
    random, count = np.random.default_rng(seed), len(episodes)
    orders = [np.arange(count), *(random.permutation(count) for _ in range(repeats - 1))]
    return [episodes[i] for i in np.concatenate(orders)]


def _seed_of_group(seed: int, number: int) -> int:
    """The seed of the samples of a parallel group, different for every group."""
    # the first group uses the given seed
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0] >> 1) if number else seed


class _Files:
    """The recording of a policy's rollouts.

    Attributes:
        writer: of the file.
        failures: number of failures in closed rollouts.
        layers: names of recorded layers.
    """

    def __init__(
        self,
        out: Path,
        policy: Policy,
        runner: RolloutRunner,
        config: RecordConfig,
        origin: Mapping[str, Any],
    ):
        task = runner.task
        provenance = {
            **origin,
            "policy": policy.digest(),
            "seed": config.seed,
            "sampled": config.sample,
            "on_failure": config.on_failure,
            "versions": versions(),
        }
        header = Header.of(
            task.scene,
            1 / task.timestep,
            provenance=provenance,
            content=config.content,
            channels={
                **task.own_channels,
                **(_observed(task) if config.observation else {}),
                GROUND_FORCE: ground_channel(task.scene),
            },
            outcome_channels={
                **outcome_channels(task.metrics),
                **(CHANGED if origin["intervention"] else {}),
            },
            trial_columns=task.trial_columns,
        )
        self.writer = RecordingWriter(out, header)
        self.failures, self.layers = 0, set[str]()
        self._task, self._config, self._kind = task, config, TASKS.name_of(type(policy.task))
        self._intervention = origin["intervention"]

    def rollout(self, episode: Episode, seed: int | None) -> "_Rollout":
        """Start the rollout of an episode, with its seed if it is sampled."""
        start = None if episode.start is None else dict(episode.start)
        metadata = RolloutMetadata(
            start=start,
            behavior=episode.behavior,
            task=self._kind,
            seed=seed,
            intervention=self._intervention,
        )
        file = self.writer.rollout(episode.name, metadata)
        once = self._config.on_failure == "continue"
        return _Rollout(file, episode.frames, History(self._task), once=once)

    def append(
        self, block: list[RolloutStep], rollouts: list["_Rollout"], advance: Callable[[int], None]
    ) -> None:
        """Distribute steps of all environments to their rollouts."""
        frames = {} if self._config.content == "outcomes" else _frames(block, self._task)
        measures = _measures(block)
        states = jax.tree.map(lambda *x: np.stack(x), *(row.task for row in block))
        for i, rollout in enumerate(rollouts):
            of_one = jax.tree.map(lambda x, i=i: x[:, i], states)
            advance(rollout.append(_of_one(frames, i), _of_one(measures, i), of_one))
        self.layers |= block[0].units.keys()

    def close(self, rollouts: list["_Rollout"], changed: np.ndarray | None) -> None:
        """Write the outcomes, with the number of values that interventions have changed in each rollout."""
        for i, rollout in enumerate(rollouts):
            more = {} if changed is None else {next(iter(CHANGED)): int(changed[i])}
            self.failures += rollout.close(more)


def _observed(task: Task[Any]) -> dict[str, Channel]:
    """Channels of the parts of a task's observation."""
    parts = {group: {part.name: part for part in members} for group, members in observation_of(task).items()}
    return {
        f"observation/{name}": Channel(part.unit or "not stated", "part of what the policy observes")
        for name, part in part_names(parts).items()
    }


class _Rollout:
    """The rollout of one episode in the file: takes rows until the end of the episode.

    Args:
        file: the rollout in the file.
        frames: of the episode.
        history: of the task in it.
        once: see `Outcome`.
    """

    def __init__(self, file: RolloutWriter, frames: int, history: History, *, once: bool):
        self._file, self._left, self._outcome = file, frames, Outcome(once=once)
        self._history = history

    def append(self, frames: Table, measures: Table, states: Any) -> int:
        """Write the rows that belong to the episode; returns their number."""
        count = min(self._left, len(measures["failed"]))
        if count == 0:
            return 0
        alive = self._outcome.add(_first_rows(measures, count))
        if frames:
            self._file.append({**_first_rows(frames, count), "alive": alive})
        self._history.add(jax.tree.map(lambda x: x[:count], states), alive)
        self._left -= count
        return count

    def close(self, more: Mapping[str, float]) -> int:
        """Write the outcomes and some more, and the trials; returns the number of failures."""
        self._file.outcomes |= {**self._outcome.values(), **more}
        self._file.trials = self._history.trials()
        return self._outcome.failures


def _frames(block: list[RolloutStep], task: Task[Any]) -> Table:
    """Channels of all environments under their names in the recording, arrays (rows, n, ...)."""
    row = jax.tree.map(lambda *x: np.stack(x), *block)
    return {
        "time": np.repeat(np.array(row.index)[:, None] * task.timestep, row.failed.shape[1], axis=1),
        "qpos": row.physics.qpos,
        "qvel": row.physics.qvel,
        "ctrl": row.ctrl,
        "actuator_force": row.force,
        **row.channels,
        **{f"observation/{name}": values for name, values in row.observation.items()},
        "contact": row.physics.sensordata[..., task.scene.touch_rows],
        GROUND_FORCE: row.ground.reshape(*row.ground.shape[:2], -1),
        **{f"reward/{name}": term for name, term in row.terms.items()},
        "reward/total": np.sum(list(row.terms.values()), axis=0),
        **{f"units/{layer}": values for layer, values in row.units.items()},
    }


def _measures(block: list[RolloutStep]) -> Table:
    """Quantities for the outcomes of all environments, arrays (rows, n)."""
    terms = {name: np.stack([row.terms[name] for row in block]) for name in block[0].terms}
    errors = {name: np.stack([row.metrics[name] for row in block]) for name in block[0].metrics}
    # metrics with several values, such as one per end effector, are averaged
    errors = {name: values.reshape(*values.shape[:2], -1).mean(-1) for name, values in errors.items()}
    return {
        "failed": np.stack([row.failed for row in block]),
        **{f"reward/{name}": term for name, term in terms.items()},
        "reward/total": np.sum(list(terms.values()), axis=0),
        **{f"error/{name}": values for name, values in errors.items()},
    }


def _of_one(table: Table, i: int) -> Table:
    return {name: values[:, i] for name, values in table.items()}


def _first_rows(table: Table, count: int) -> Table:
    return {name: values[:count] for name, values in table.items()}


def _blocks(rows: Iterator[RolloutStep]) -> Iterator[list[RolloutStep]]:
    while block := list(islice(rows, _BLOCK)):
        yield block
