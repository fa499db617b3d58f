"""Streams of behavior that follow from poses alone, differentiable in them.

    streams = PoseStreams.of(twin.layout_, twin.bin_seconds_, fps=50.0, scene=scene)
    columns = streams(poses)            # (movements, bins, columns), as the twin sees them

They are those of `analysis.encoding.bands`, computed by the library of the poses, NumPy or JAX.
"""

import dataclasses

import numpy as np

from analysis.twin.core import Layout
from rodent.errors import InputError
from rodent.rotation import Array, conjugate, into_frame, multiply
from rodent.scene import Scene

KINEMATIC = ("joints", "velocities", "speed")
"""Streams that follow from poses."""
_ROOT_VELOCITIES = 6


@dataclasses.dataclass(frozen=True)
class PoseStreams:
    """Streams of movements of one frame rate.

    Attributes:
        names: of the streams, in order.
        frames: in a bin.
        fps: frames per second.
        scene: of the body.
    """

    names: tuple[str, ...]
    frames: int
    fps: float
    scene: Scene

    @classmethod
    def of(cls, layout: Layout, bin_seconds: float, fps: float, scene: Scene) -> "PoseStreams":
        """The streams that a twin sees.

        Args:
            layout: stream, column and part of each column of the twin.
            bin_seconds: of the twin, seconds.
            fps: frames per second of the poses.
            scene: of the body.

        Raises:
            InputError: a stream does not follow from poses, the joints are not those of the body, or a bin is
                no whole number of frames.
        """
        names = tuple(dict.fromkeys(stream for stream, *_ in layout))
        if others := [name for name in names if name not in KINEMATIC]:
            raise InputError(
                f"the twin sees {others[0]}, which does not follow from poses; a twin that sees only "
                f"{', '.join(KINEMATIC)} is expected"
            )
        joints = {stream: [column for one, column, _ in layout if one == stream] for stream in names}
        known = {
            "joints": joints.get("joints", []),
            "velocities": joints.get("velocities", [])[_ROOT_VELOCITIES:],
        }
        for stream, columns in known.items():
            if columns and tuple(columns) != tuple(scene.joint_names):
                raise InputError(
                    f"the twin sees {stream} of {len(columns)} joints, {columns[0]} first, and the "
                    f"clips have {len(scene.joint_names)}, {scene.joint_names[0]} first; "
                    "give clips of the twin's body"
                )
        return cls(names, frames_per_bin(bin_seconds, fps), fps, scene)

    @property
    def bin_seconds(self) -> float:
        """Length of a bin, seconds."""
        return self.frames / self.fps

    def __call__(self, poses: Array) -> Array:
        """All streams side by side, means over bins, shape (movements, bins, columns).

        Args:
            poses: metres, quaternion, radians, shape (movements, frames, 74).
        """
        found, xp = kinematic_columns(poses, self.fps), poses.__array_namespace__()
        return binned(xp.concatenate([found[name] for name in self.names], -1), self.frames)


def binned(values: Array, frames: int) -> Array:
    """Means over bins of some frames, shape (..., bins, columns); frames that fill no bin are left out."""
    bins = values.shape[-2] // frames
    kept = values[..., : bins * frames, :]
    return kept.reshape(*values.shape[:-2], bins, frames, values.shape[-1]).mean(-2)


def frames_per_bin(bin_seconds: float, fps: float) -> int:
    """Frames in a bin.

    Raises:
        InputError: not a whole number.
    """
    found = round(bin_seconds * fps)
    if found < 1 or abs(found - bin_seconds * fps) > 1e-5 * found:
        raise InputError(
            f"the twin has bins of {bin_seconds:g} s, and movements have {fps:g} frames per second; a bin "
            "must be a whole number of frames: bring them to another rate, such as "
            f"{1 / bin_seconds:g} (--resample)"
        )
    return found


def kinematic_columns(poses: Array, fps: float) -> dict[str, Array]:
    """Streams of every frame.

    Turns between frames are taken as small, so angular velocities are those of the bands to some per mille.

    Args:
        poses: shape (movements, frames, 74).
        fps: frames per second.

    Returns:
        `joints`, `velocities` and `speed`, shape (movements, frames, columns).
    """
    xp = poses.__array_namespace__()
    frames = np.arange(poses.shape[1])
    before, after = np.maximum(frames - 1, 0), np.minimum(frames + 1, len(frames) - 1)
    seconds = ((after - before) / fps)[:, None]
    change = (poses[:, after] - poses[:, before]) / seconds
    turn = multiply(conjugate(poses[:, before, 3:7]), poses[:, after, 3:7])
    angular = 2 * turn[..., 1:] * xp.sign(turn[..., :1]) / seconds
    linear = into_frame(poses[..., 3:7], change[..., :3])
    # the root of zero has no derivative
    speed = xp.sqrt(xp.sum(xp.square(change[..., :2]), -1, keepdims=True) + 1e-12)
    return {
        "joints": poses[..., 7:],
        "velocities": xp.concatenate([linear, angular, change[..., 7:]], -1),
        "speed": speed,
    }
