"""Scalars of behavior that tuning curves are drawn against.

speed = read_scalars(timeline, recording)["speed"]
speed.values                                    # (bins,), m/s, mean over each bin
"""

import dataclasses

import numpy as np

from analysis.encoding.bands import read_bands
from analysis.timeline import Timeline
from rodent.kinematics.forward import body_frames
from rodent.recording import Recording, Rollout
from rodent.recording.body import recorded_body


@dataclasses.dataclass(frozen=True)
class Scalar:
    """A scalar of every bin.

    Attributes:
        values: shape (bins,).
        unit: of them.
        circular: whether they are angles from -pi to pi.
    """

    values: np.ndarray
    unit: str
    circular: bool = False


def read_scalars(timeline: Timeline, recording: Recording) -> dict[str, Scalar]:
    """Speed, heading, turning about the vertical, and the heights of torso and head.

    Raises:
        InputError: one is not finite.
    """
    body = recorded_body(recording)

    def heights(rollout: Rollout) -> np.ndarray:
        qpos = rollout["qpos"].copy()
        qpos[~rollout["alive"]] = qpos[int(np.argmax(rollout["alive"]))]
        return body_frames(body, qpos, ("torso", "skull")).position[:, :, 2]

    speed, heading = read_bands(("speed", "heading"), timeline, recording)
    sine, cosine, turning = heading.values.T
    torso, head = timeline.averaged([heights(one) for one in timeline.rollouts], "height").T
    return {
        "speed": Scalar(speed.values[:, 0], "m/s"),
        "heading": Scalar(np.arctan2(sine, cosine), "rad", circular=True),
        "turning": Scalar(turning, "rad/s"),
        "torso_height": Scalar(torso, "m"),
        "head_height": Scalar(head, "m"),
    }
