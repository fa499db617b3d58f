"""Variants of clips: another pace and posture, with the paws kept in place.

    varied_clips(clips, body, Variation(copies=3))   # Walk_280_varied_0, _1 and _2

They serve as data augmentation. A policy trained on clips alone overfits: one that tracked its clips lost
four fifths of their variants. Variants are not real motion, but close to it and as hard to balance.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy.special import expit

from rodent.clips.clip import Clip, ClipSet
from rodent.clips.names import varied_name
from rodent.clips.validate import require_body
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.forward import body_frames
from rodent.kinematics.poses import poses_between
from rodent.rotation import from_rotvec, multiply
from rodent.scene import Scene
from rodent.scene.rat import PAWS, in_tail
from rodent.synthesis.noise import smooth_noise
from rodent.variation_config import Variation

_PACE_SECONDS, _SWAY_SECONDS = 0.8, 1.0  # time constants of pace and posture
_LEAN = 0.5  # of the trunk, relative to a joint: leaning tips the whole rat
_BEARS, _LIFTED = (
    0.020,
    0.006,
)  # metres: height above which a paw bears no weight, and the width of the transition
_LEAST = 1e-3  # weight of a lifted paw, for frames where all are lifted


def varied_clips(
    clips: ClipSet, scene: Scene, variation: Variation, advance: Callable[[float], None] = lambda clips: None
) -> ClipSet:
    """Variants of all clips. Those of one clip do not depend on the other clips.

    `advance` is called with the number of variants made.

    Raises:
        InputError: the clips belong to another body.
    """
    require_body(clips, scene)
    variants = []
    for clip in clips:
        for number in range(variation.copies):
            variants.append(varied(clip, scene, variation, number))
            advance(1)
    return dataclasses.replace(clips, clips=tuple(variants))


def varied(clip: Clip, scene: Scene, variation: Variation, number: int) -> Clip:
    """One variant of a clip, at most as long as the clip, without keypoints.

    Args:
        clip: the original.
        scene: of the clip.
        variation: settings.
        number: index of the variant; part of the seed.
    """
    rng = np.random.default_rng([variation.seed, number, *clip.name.encode()])
    qpos = varied_poses(clip.qpos, clip.fps, scene, variation, rng)
    return dataclasses.replace(clip.reposed(qpos), name=varied_name(clip.name, number))


def varied_poses(
    qpos: np.ndarray, fps: float, scene: Scene, variation: Variation, rng: np.random.Generator
) -> np.ndarray:
    """A variant of poses, at most as long as they are, shape (at most frames, 74).

    Args:
        qpos: metres, quaternion, radians, shape (frames, 74).
        fps: frames per second.
        scene: of the poses.
        variation: settings.
        rng: source of randomness.
    """
    paced = poses_between(qpos, _times(len(qpos), fps, variation.pace, rng))
    return _keep_paws(_bent(paced, scene, fps, variation, rng), paced, scene)


def _times(frames: int, fps: float, pace: float, rng: np.random.Generator) -> np.ndarray:
    """Times in frames at which the variant samples the poses; at least two, none after the last."""
    last = frames - 1
    speed = np.exp(pace * smooth_noise(rng, frames, 1, _PACE_SECONDS * fps)[:, 0])
    at = np.cumsum(speed) - speed[0]
    return np.minimum(at[: max(2, np.sum(at <= last))], last)


def _bent(
    qpos: np.ndarray, scene: Scene, fps: float, variation: Variation, rng: np.random.Generator
) -> np.ndarray:
    """The poses with changed joint angles, within limits, and a leaning trunk; the tail is unchanged."""
    free = np.array([not in_tail(name) for name in scene.joint_names])
    n, knot = len(qpos), _SWAY_SECONDS * fps
    off = variation.posture * rng.normal(size=len(free) + 2) + variation.sway * smooth_noise(
        rng, n, len(free) + 2, knot
    )
    off = np.radians(off)
    bent = qpos.copy()
    bent[:, 7:] = np.clip(qpos[:, 7:] + free * off[:, 2:], *scene.joint_range.T)
    lean = np.column_stack([_LEAN * off[:, :2], np.zeros(n)])
    bent[:, 3:7] = multiply(qpos[:, 3:7], from_rotvec(lean))
    return bent


def _keep_paws(qpos: np.ndarray, like: np.ndarray, scene: Scene) -> np.ndarray:
    """The poses shifted so that weight-bearing paws stay, on average, where they were before."""
    before, after = (body_frames(scene, poses, PAWS).position for poses in (like, qpos))
    weight = _LEAST + expit((_BEARS - before[..., 2]) / _LIFTED)
    weight /= weight.sum(axis=1, keepdims=True)
    moved = qpos.copy()
    moved[:, :2] += np.sum(weight[..., None] * (before - after), axis=1)[:, :2]
    moved[:, 2] += lowest_paw(like, scene) - lowest_paw(qpos, scene)
    return moved
