"""How well poses keep to the floor and to the joints: measured on the poses alone.

q = quality(clip.qpos, body)
assert q.slide < 1e-3 and q.penetration < 1e-3
"""

import dataclasses

import numpy as np

from rodent.body import Body
from rodent.errors import WorkError
from rodent.motion.clip import ClipSet
from rodent.motion.synth.paws import Paws

TOUCHING = 2e-4
"""Metres: a paw whose lowest point is no higher stands on the floor."""
WORST = 1e-3
"""Metres that a standing paw may slide or be in the floor."""


@dataclasses.dataclass(frozen=True)
class Quality:
    """The worst of a clip."""

    slide: float
    """How far the contact point of a paw that stands moves over the floor, metres."""
    penetration: float
    """How deep a paw is in the floor, metres."""
    excess: float
    """How far a hinge is beyond its range, radians."""


def quality(qpos: np.ndarray, body: Body) -> Quality:
    """Measure poses of shape (frames, 74)."""
    state = Paws(body).state(qpos)
    beyond = np.maximum(body.joint_range[:, 0] - qpos[:, 7:], qpos[:, 7:] - body.joint_range[:, 1])
    return Quality(
        slide=max(_slide(state.contact[:, p, :2], state.lowest[:, p] < TOUCHING) for p in range(4)),
        penetration=max(0.0, -float(state.lowest.min())),
        excess=max(0.0, float(beyond.max())),
    )


def require_quality(clips: ClipSet, body: Body) -> Quality:
    """Measure clips, and make sure that they keep to the floor.

    Returns:
        the worst of all clips.

    Raises:
        WorkError: a paw slides or is in the floor by more than `WORST`.
    """
    found = [quality(clip.qpos, body) for clip in clips]
    for clip, got in zip(clips, found, strict=True):
        for what, much in (("slides by", got.slide), ("is in the floor by", got.penetration)):
            if much > WORST:
                raise WorkError(
                    f"clip {clip.name!r}: a paw {what} {1000 * much:.1f} mm; the path is too fast or too "
                    "narrow for the rat's legs there: smooth it more, or leave that part out"
                )
    return Quality(*(max(getattr(q, f.name) for q in found) for f in dataclasses.fields(Quality)))


def _slide(place: np.ndarray, standing: np.ndarray) -> float:
    """The longest way that a standing paw goes from where it came to stand, metres."""
    if not standing.any():
        return 0.0
    frames = np.flatnonzero(standing)
    # a stance begins where the frame before is not of it
    first = np.concatenate([[True], np.diff(frames) > 1])
    start = frames[first][np.cumsum(first) - 1]
    return float(np.linalg.norm(place[frames] - place[start], axis=1).max())
