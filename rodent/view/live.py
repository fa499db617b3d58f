"""A policy that acts, such as imitating a clip, while one looks on and pushes it."""

from functools import partial

import numpy as np

from rodent.clips import ClipSet
from rodent.policy.policy import Policy
from rodent.rollouts import Episode, RolloutRunner, Show, policy_episodes
from rodent.rotation import rotate
from rodent.view.motion import Moment, Source, stride

DIRECTIONS = {
    "from the left": (0.0, -1.0, 0.0),
    "from the right": (0.0, 1.0, 0.0),
    "from behind": (1.0, 0.0, 0.0),
    "from the front": (-1.0, 0.0, 0.0),
    "upwards": (0.0, 0.0, 1.0),
}
"""Ways to push a rat: ahead, left and up as it faces."""


def live_source(policy: Policy, clips: ClipSet | None) -> Source:
    """The policy imitating each of the clips, or in episodes of a task without clips.

    Raises:
        InputError: clips are missing or not needed, they belong to a body of another scale, or differ in
            frame rate.
    """
    task, episodes = policy_episodes(policy, clips)
    runner = RolloutRunner(task, policy.agent, 1, show=Show(units=True))
    motions = {one.name: partial(Live, runner, policy, one, i) for i, one in enumerate(episodes)}
    return Source(policy.scene, motions)


class Live:
    """A motion that happens as far as it is looked at, and is kept; see `Motion`."""

    directions = tuple(DIRECTIONS)

    def __init__(self, runner: RolloutRunner, policy: Policy, episode: Episode, seed: int):
        self.name, self.n_frames = episode.name, episode.frames
        self.fps = 1 / runner.task.timestep
        self._runner, self._policy, self._episode, self._seed = runner, policy, episode, seed
        self._stride = stride(episode.frames)
        self.rewind()

    def rewind(self) -> None:
        """Forget what has happened and begin again."""
        self._wrench = np.zeros((1, 6))
        self._rows = self._runner.play(
            self._policy.params,
            self._policy.normalizer,
            np.array([self._episode.group]),
            seed=self._seed,
            wrench=self._take_wrench,
        )
        self._moments: list[Moment] = []
        self._units: list[dict[str, np.ndarray]] = []
        self.at(0)
        self.layers = tuple(sorted(self._units[0]))

    @property
    def played(self) -> int:
        """Frames that have happened."""
        return len(self._moments)

    def at(self, frame: int) -> Moment:
        """See `Motion`; what lies ahead happens at once."""
        while len(self._moments) <= frame:
            row = next(self._rows)
            if row.index % self._stride == 0:
                self._units.append({layer: values[0] for layer, values in row.units.items()})
            reference = row.channels["reference"][0] if "reference" in row.channels else None
            self._moments.append(Moment(row.physics.qpos[0], reference, not row.failed[0]))
        return self._moments[frame]

    def activity(self, layer: str) -> np.ndarray:
        """See `Motion`."""
        known = np.stack([units[layer] for units in self._units])
        columns = -(-self.n_frames // self._stride)
        unknown = np.full((columns - len(known), known.shape[1]), np.nan, known.dtype)
        return np.concatenate([known, unknown])

    def push(self, direction: str, impulse: float) -> None:
        """Push the rat's trunk in the coming step as it faces now: one of DIRECTIONS, newton seconds."""
        force = impulse * self.fps * world_direction(self._moments[-1].qpos, direction)
        self._wrench[0, :3] += force

    def _take_wrench(self) -> np.ndarray:
        taken, self._wrench = self._wrench, np.zeros((1, 6))
        return taken


def world_direction(qpos: np.ndarray, direction: str) -> np.ndarray:
    """One of DIRECTIONS of a rat in the world, level but for up, unit length, shape (3,)."""
    ahead = rotate(qpos[3:7], np.array([1.0, 0.0, 0.0]))[:2]
    length = np.linalg.norm(ahead)
    # a rat that looks straight up has no heading; any will do
    x, y = ahead / length if length > 1e-6 else (1.0, 0.0)
    axes = np.array([[x, y, 0.0], [-y, x, 0.0], [0.0, 0.0, 1.0]])
    return np.array(DIRECTIONS[direction]) @ axes
