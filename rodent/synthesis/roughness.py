"""Errors that tracked motion has: hovering, jitter and gaps. A policy that trains on them learns to cope.

    qpos = roughened(qpos, scene, fps, rng)

Hovering is about that of a registered public recording: the paws of Rat7M's clips, where the feet have no
markers, are 2 to 20 mm above the floor. Jitter and lengths of gaps are choices.
"""

import numpy as np

from rodent.rotation import slerp
from rodent.scene import Scene
from rodent.synthesis.noise import smooth_noise

_HOVER = (-0.004, 0.012)  # metres
_JITTER_ROOT, _JITTER_JOINT, _JITTER_SECONDS = 0.001, 0.03, 0.06  # metres, radians, s
_GAPS, _GAP_SECONDS = 3, (0.1, 0.25)  # most per piece


def roughened(qpos: np.ndarray, scene: Scene, fps: float, rng: np.random.Generator) -> np.ndarray:
    """The poses with errors of tracking, shape (frames, 74).

    Args:
        qpos: metres, quaternion, radians, shape (frames, 74).
        scene: of the poses.
        fps: frames per second.
        rng: source of randomness.
    """
    frames, joints = len(qpos), qpos.shape[1] - 7
    rough = _with_gaps(qpos, fps, rng)
    noise = smooth_noise(rng, frames, 3 + joints, max(2.0, _JITTER_SECONDS * fps))
    rough[:, :3] += _JITTER_ROOT * noise[:, :3]
    rough[:, 2] += rng.uniform(*_HOVER)
    rough[:, 7:] = np.clip(rough[:, 7:] + _JITTER_JOINT * noise[:, 3:], *scene.joint_range.T)
    return rough


def _with_gaps(qpos: np.ndarray, fps: float, rng: np.random.Generator) -> np.ndarray:
    """A copy in which gaps are filled by a straight line between their ends."""
    filled = qpos.copy()
    for _ in range(rng.integers(0, _GAPS + 1)):
        length = round(rng.uniform(*_GAP_SECONDS) * fps)
        if length >= len(qpos):
            continue
        begin = int(rng.integers(0, len(qpos) - length))
        share = np.linspace(0.0, 1.0, length + 1)
        ends = filled[[begin, begin + length]]
        part = ends[0] + share[:, None] * (ends[1] - ends[0])
        part[:, 3:7] = slerp(*(np.broadcast_to(end[3:7], (length + 1, 4)) for end in ends), share)
        filled[begin : begin + length + 1] = part
    return filled
