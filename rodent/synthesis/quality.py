"""Quality of synthetic poses: how far standing paws slide, penetrate the floor, and joints exceed limits.

q = quality(clip.qpos, body)
assert q.slide < 1e-3 and q.penetration < 1e-3
"""

import dataclasses

import numpy as np

from rodent.clips.clip import Clip, ClipSet
from rodent.errors import WorkError
from rodent.kinematics.paws import Paws
from rodent.scene import Scene

TOUCHING = 2e-4
"""Height of its lowest point up to which a paw stands, metres."""
WORST = 1e-3
"""How far a standing paw may slide or penetrate the floor, metres."""


@dataclasses.dataclass(frozen=True)
class Quality:
    """The largest values of a clip."""

    slide: float
    """Distance that the contact point of a standing paw moves over the floor, metres."""
    penetration: float
    """Penetration depth of a paw in the floor, metres."""
    excess: float
    """Angle of a hinge beyond its range, radians."""


def quality(qpos: np.ndarray, scene: Scene) -> Quality:
    """Measure poses of shape (frames, 74)."""
    slides, depths = _on_the_floor(qpos, scene)
    beyond = np.maximum(scene.joint_range[:, 0] - qpos[:, 7:], qpos[:, 7:] - scene.joint_range[:, 1])
    return Quality(
        slide=float(slides.max()),
        penetration=max(0.0, float(depths.max())),
        excess=max(0.0, float(beyond.max())),
    )


def flaws(clip: Clip, scene: Scene) -> list[str]:
    """Messages about paws that slide or penetrate the floor by more than `WORST`; empty if none does."""
    messages = []
    for what, much in zip(("slides by", "is in the floor by"), _on_the_floor(clip.qpos, scene), strict=True):
        frame = int(much.argmax())
        if much[frame] > WORST:
            messages.append(
                f"clip {clip.name!r}: a paw {what} {1000 * much[frame]:.1f} mm at {frame / clip.fps:.1f} s"
            )
    return messages


def worst_quality(clips: ClipSet, scene: Scene) -> Quality:
    """The largest values over all clips."""
    found = [quality(clip.qpos, scene) for clip in clips]
    return Quality(*(max(getattr(q, f.name) for q in found) for f in dataclasses.fields(Quality)))


def require_quality(clips: ClipSet, scene: Scene) -> Quality:
    """The largest values over all clips, after checking that they keep to the floor.

    Raises:
        WorkError: a paw slides or is in the floor by more than `WORST`.
    """
    for clip in clips:
        if messages := flaws(clip, scene):
            raise WorkError(messages[0])
    return worst_quality(clips, scene)


def _on_the_floor(qpos: np.ndarray, scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Largest slide and penetration depth of any paw, metres, shape (frames,) each."""
    state = Paws(scene).state(qpos)
    slides = [_slides(state.contact[:, p, :2], state.lowest[:, p] < TOUCHING) for p in range(4)]
    return np.max(slides, axis=0), -state.lowest.min(axis=1)


def _slides(place: np.ndarray, standing: np.ndarray) -> np.ndarray:
    """Distance of a standing paw from where its stance began, metres, shape (frames,); else 0."""
    far = np.zeros(len(place))
    if not standing.any():
        return far
    frames = np.flatnonzero(standing)
    # a stance begins where the frame before is not of it
    first = np.concatenate([[True], np.diff(frames) > 1])
    start = frames[first][np.cumsum(first) - 1]
    far[frames] = np.linalg.norm(place[frames] - place[start], axis=1)
    return far
