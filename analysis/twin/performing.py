"""A policy's body performs movements, many at once: references of one length, and streams of what it does.

    performer = Performer(policy, streams, bin_seconds=0.04, frames=60, fps=50.0, batch=32)
    found = performer(references)       # poses, shape (at most batch, frames, 74)
    found.columns                       # streams of what the body did, (movements, bins, columns)

Nothing is compiled again between calls.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from analysis.encoding.bands import BANDS
from analysis.twin.kinematic import binned, frames_per_bin
from rodent.clips.clip import Clip, ClipSet
from rodent.errors import InputError, unknown
from rodent.kinematics.poses import velocities
from rodent.policy.policy import Policy
from rodent.policy.taps import taps
from rodent.rollouts.episodes import policy_task
from rodent.rollouts.play import RolloutRunner, RolloutStep, Show
from rodent.scene import Scene, make_scene
from rodent.tasks.imitation import Imitation
from rodent.tasks.reference import ReferenceFrames


@dataclasses.dataclass(frozen=True)
class Performed:
    """What the body did.

    Attributes:
        columns: of the streams, means over each bin, shape (movements, bins, columns).
        poses: metres, quaternion, radians, shape (movements, frames, 74).
        alive: whether the policy kept to the reference to the end, bool, shape (movements,).
    """

    columns: np.ndarray
    poses: np.ndarray
    alive: np.ndarray


class Performer:
    """Plays references by a policy.

    Args:
        policy: that imitates clips.
        streams: names of the streams of behavior to return.
        bin_seconds: length of a bin, seconds.
        frames: of every reference.
        fps: frames per second of the references.
        batch: references played at once.

    Raises:
        InputError: the policy does not imitate clips, a bin is no whole number of frames, or a stream is
            neither a band nor a layer of the policy.
    """

    def __init__(
        self, policy: Policy, streams: Sequence[str], bin_seconds: float, frames: int, fps: float, batch: int
    ):
        self.policy, self.scene = policy, make_scene(policy.scene)
        self.streams, self.batch, self.frames, self.fps = tuple(streams), batch, frames, fps
        self.frames_per_bin = frames_per_bin(bin_seconds, fps)
        still = np.zeros((frames, self.scene.model.nq))
        still[:, 3] = 1.0
        clips = tuple(Clip(f"movement_{i}", still, fps, qvel=velocities(still, fps)) for i in range(batch))
        task = policy_task(
            policy, ClipSet(clips, self.scene.scale, self.scene.joint_names, self.scene.proportions)
        )
        if not isinstance(task, Imitation):
            raise InputError(f"{policy!r} does not imitate clips; take one that does, such as rat-position")
        layers = tuple(name for name in self.streams if name not in BANDS)
        for name in layers:
            if name not in taps(policy.agent):
                raise unknown("stream", name, (*BANDS, *taps(policy.agent)))
        self._frames = ReferenceFrames(self.scene, task.timestep)
        self._runner = RolloutRunner(task, policy.agent, batch, show=Show(units=bool(layers)))

    def __call__(self, references: np.ndarray) -> Performed:
        """Play references, poses of shape (movements, frames, 74); at most `batch` movements."""
        count = len(references)
        # the batch is filled up with its last movement
        qpos = references[np.minimum(np.arange(self.batch), count - 1)]
        qvel = np.concatenate([velocities(one, self.fps) for one in qpos])
        frames = self._frames(qpos.reshape(-1, qpos.shape[-1]), qvel)
        task = self._runner.task
        self._runner.task = task.replace(reference=task.reference.replace(**frames))
        steps = self._runner.play(self.policy.params, self.policy.normalizer, np.arange(self.batch))
        channels = _channels(list(steps), self.scene)
        columns = [self._binned(channels, i) for i in range(count)]
        alive = channels["alive"][:count].all(axis=1)
        return Performed(np.stack(columns), channels["qpos"][:count], np.asarray(alive))

    def _binned(self, channels: dict[str, np.ndarray], movement: int) -> np.ndarray:
        """Streams of one movement, averaged over bins, shape (bins, columns)."""
        own = {name: values[movement] for name, values in channels.items()}
        streams = [
            BANDS[name](own, lambda: self.scene) if name in BANDS else own[f"units/{name}"]
            for name in self.streams
        ]
        return binned(np.concatenate(streams, axis=1), self.frames_per_bin)


def _channels(steps: list[RolloutStep], scene: Scene) -> dict[str, np.ndarray]:
    """Channels of all movements under their names in a recording, arrays (movements, frames, …)."""

    def stacked(values: list[np.ndarray]) -> np.ndarray:
        return np.stack(values, axis=1)

    found = {
        "qpos": stacked([step.physics.qpos for step in steps]),
        "qvel": stacked([step.physics.qvel for step in steps]),
        "actuator_force": stacked([step.force for step in steps]),
        "contact": stacked([step.physics.sensordata[..., scene.touch_rows] for step in steps]),
        "alive": ~stacked([step.failed for step in steps]),
    }
    return found | {f"units/{name}": stacked([step.units[name] for step in steps]) for name in steps[0].units}
