"""A live policy, such as one that imitates a clip: it is watched, pushed, and changed by interventions."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from rodent.clips import ClipSet
from rodent.intervention import Plan
from rodent.loop import Manipulation
from rodent.policy.policy import Policy
from rodent.render.targets import target_channel, target_places
from rodent.rollouts import Episode, RolloutRunner, Show, policy_episodes
from rodent.rotation import rotate
from rodent.tasks.task import CommandRange
from rodent.view.interventions import LiveInterventions, Say, silent
from rodent.view.motion import Moment, Source, stride

DIRECTIONS = {
    "from the left": (0.0, -1.0, 0.0),
    "from the right": (0.0, 1.0, 0.0),
    "from behind": (1.0, 0.0, 0.0),
    "from the front": (-1.0, 0.0, 0.0),
    "upwards": (0.0, 0.0, 1.0),
}
"""Directions of pushes: forward, left and up relative to the rat's heading."""


def live_source(
    policy: Policy, clips: ClipSet | None, interventions: Sequence[str] = (), say: Say = silent
) -> Source:
    """The policy on each of the clips, or in episodes of a task without clips.

    Args:
        policy: the policy.
        clips: to track; None for a task without clips.
        interventions: texts of those that are on from the beginning.
        say: called with what takes some seconds.

    Raises:
        InputError: clips are missing or not needed, they belong to a body of another scale, or differ in
            frame rate; or an intervention makes no sense for the policy.
    """
    task, episodes = policy_episodes(policy, clips)
    runner = RolloutRunner(task, policy.agent, 1, show=Show(units=True))
    on = LiveInterventions(policy, task, episodes)
    if interventions:
        on.apply(interventions, say)
    motions = {one.name: partial(Live, runner, policy, one, i, on) for i, one in enumerate(episodes)}
    return Source(policy.scene, motions, repr(policy))


class Live:
    """A motion that is simulated on demand and stored; see `Motion`."""

    directions = tuple(DIRECTIONS)

    def __init__(
        self,
        runner: RolloutRunner,
        policy: Policy,
        episode: Episode,
        seed: int,
        interventions: LiveInterventions,
    ):
        self.name, self.n_frames = episode.name, episode.frames
        self.fps = 1 / runner.task.timestep
        self._runner, self._policy, self._episode, self._seed = runner, policy, episode, seed
        self._interventions = interventions
        self._stride = stride(episode.frames)
        self.rewind()

    def rewind(self) -> None:
        """Delete the stored frames and start again."""
        self._impulse, self._pull = np.zeros((2, 3))
        self._command: np.ndarray | None = None
        self._force = np.zeros(3)  # of the last step
        self._rows = self._runner.play(
            self._policy.params,
            self._policy.normalizer,
            np.array([self._episode.group]),
            seed=self._seed,
            manipulation=Manipulation(self._wrench, self._plan, command=lambda: self._command),
            plan=self._plan(),
        )
        self._changed: list[int] = []
        self._moments: list[Moment] = []
        self._units: list[dict[str, np.ndarray]] = []
        self.at(0)
        self.layers = tuple(sorted(self._units[0]))

    @property
    def played(self) -> int:
        """Number of simulated frames."""
        return len(self._moments)

    def at(self, frame: int) -> Moment:
        """See `Motion`; frames up to this one are simulated."""
        while len(self._moments) <= frame:
            row = next(self._rows)
            if row.index % self._stride == 0:
                self._units.append({layer: values[0] for layer, values in row.units.items()})
            reference = row.channels["reference"][0] if "reference" in row.channels else None
            self._changed.append(0 if row.report is None else int(row.report.changed.sum()))
            self._moments.append(
                Moment(
                    row.physics.qpos[0],
                    reference,
                    not row.failed[0],
                    touch=row.physics.sensordata[0, self._runner.task.scene.touch_rows],
                    force=self._force if self._force.any() else None,
                    command=row.channels["command"][0] if self.commands else None,
                    targets=self._targets(row.channels),
                )
            )
        return self._moments[frame]

    def activity(self, layer: str) -> np.ndarray:
        """See `Motion`."""
        known = np.stack([units[layer] for units in self._units])
        columns = -(-self.n_frames // self._stride)
        unknown = np.full((columns - len(known), known.shape[1]), np.nan, known.dtype)
        return np.concatenate([known, unknown])

    def push(self, direction: str, impulse: float) -> None:
        """Push the trunk in the next step, in one of DIRECTIONS relative to the heading; newton seconds."""
        self._impulse += impulse * world_direction(self._moments[-1].qpos, direction)

    def pull(self, force: np.ndarray) -> None:
        """Pull the trunk from the next step on, newtons, shape (3,); zero ends it."""
        self._pull = np.asarray(force, float)

    @property
    def commands(self) -> Mapping[str, CommandRange]:
        """What can be commanded, by name."""
        return self._runner.task.commands

    def command(self, values: Sequence[float]) -> None:
        """Command these values, in the order of `commands`, from the next step to the next `rewind`."""
        self._command = np.asarray(values, np.float32)

    @property
    def sites(self) -> tuple[str, ...]:
        """On which interventions can act."""
        return self._interventions.sites

    @property
    def interventions(self) -> tuple[str, ...]:
        """Texts of the interventions that are on."""
        return self._interventions.texts

    def changed(self, frame: int) -> int:
        """How many values the interventions of a simulated frame have changed up to it."""
        return self._changed[frame]

    def intervene(self, texts: Sequence[str], say: Say = silent) -> None:
        """Put interventions on from the next control step, in the place of those before; none take these off.

        Their times count from the first frame. Where the body is changed, or not any more, the rollout starts
        again, because a body lasts for a whole rollout.

        Args:
            texts: of the interventions.
            say: called with what takes some seconds.

        Raises:
            InputError: see `LiveInterventions.apply`.
        """
        before = self._plan()
        if texts:
            self._interventions.apply(texts, say)
        else:
            self._interventions.clear()
        if any(plan is not None and plan.body for plan in (before, self._plan())):
            self.rewind()

    def _targets(self, channels: Mapping[str, np.ndarray]) -> np.ndarray | None:
        """Of the task, see `Moment`."""
        described = self._runner.task.own_channels
        name = target_channel(described)
        return None if name is None else target_places(channels[name], described[name])[0]

    def _plan(self) -> Plan | None:
        return self._interventions.plan(self._seed)

    def _wrench(self) -> np.ndarray:
        """The wrench of the next step; an impulse is spent in it."""
        self._force = self._pull + self._impulse * self.fps
        self._impulse = np.zeros(3)
        return np.concatenate([self._force, np.zeros(3)])[None]


def world_direction(qpos: np.ndarray, direction: str) -> np.ndarray:
    """One of DIRECTIONS in world coordinates, horizontal except up, unit length, shape (3,)."""
    ahead = rotate(qpos[3:7], np.array([1.0, 0.0, 0.0]))[:2]
    length = np.linalg.norm(ahead)
    # a rat that points straight up has no heading; x is used
    x, y = ahead / length if length > 1e-6 else (1.0, 0.0)
    axes = np.array([[x, y, 0.0], [-y, x, 0.0], [0.0, 0.0, 1.0]])
    return np.array(DIRECTIONS[direction]) @ axes
