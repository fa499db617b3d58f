"""How well poses keep to the floor and to the joints: measured on the poses alone.

q = quality(clip.qpos, body)
assert q.slide < 1e-3 and q.penetration < 1e-3
"""

import dataclasses

import numpy as np

from rodent.body import Body
from rodent.clips.clip import Clip, ClipSet
from rodent.errors import WorkError
from rodent.kinematics.paws import Paws

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
    slides, depths = _on_the_floor(qpos, body)
    beyond = np.maximum(body.joint_range[:, 0] - qpos[:, 7:], qpos[:, 7:] - body.joint_range[:, 1])
    return Quality(
        slide=float(slides.max()),
        penetration=max(0.0, float(depths.max())),
        excess=max(0.0, float(beyond.max())),
    )


def flaws(clip: Clip, body: Body) -> list[str]:
    """What a paw does by more than `WORST` that no paw can do, how much, and when it is worst."""
    told = []
    for what, much in zip(("slides by", "is in the floor by"), _on_the_floor(clip.qpos, body), strict=True):
        frame = int(much.argmax())
        if much[frame] > WORST:
            told.append(
                f"clip {clip.name!r}: a paw {what} {1000 * much[frame]:.1f} mm at {frame / clip.fps:.1f} s"
            )
    return told


def worst_quality(clips: ClipSet, body: Body) -> Quality:
    """The worst of all clips."""
    found = [quality(clip.qpos, body) for clip in clips]
    return Quality(*(max(getattr(q, f.name) for q in found) for f in dataclasses.fields(Quality)))


def require_quality(clips: ClipSet, body: Body) -> Quality:
    """The worst of all clips, made sure that they keep to the floor.

    Raises:
        WorkError: a paw slides or is in the floor by more than `WORST`.
    """
    for clip in clips:
        if told := flaws(clip, body):
            raise WorkError(told[0])
    return worst_quality(clips, body)


def _on_the_floor(qpos: np.ndarray, body: Body) -> tuple[np.ndarray, np.ndarray]:
    """The furthest slide and the greatest depth of any paw, metres, shape (frames,) each."""
    state = Paws(body).state(qpos)
    slides = [_slides(state.contact[:, p, :2], state.lowest[:, p] < TOUCHING) for p in range(4)]
    return np.max(slides, axis=0), -state.lowest.min(axis=1)


def _slides(place: np.ndarray, standing: np.ndarray) -> np.ndarray:
    """How far a standing paw has gone from where it came to stand, metres, shape (frames,); else 0."""
    far = np.zeros(len(place))
    if not standing.any():
        return far
    frames = np.flatnonzero(standing)
    # a stance begins where the frame before is not of it
    first = np.concatenate([[True], np.diff(frames) > 1])
    start = frames[first][np.cumsum(first) - 1]
    far[frames] = np.linalg.norm(place[frames] - place[start], axis=1)
    return far
