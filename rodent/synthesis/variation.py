"""The same motion a little otherwise: at another pace, in another posture, the paws where they were.

    varied_clips(clips, body, Variation(copies=3))   # Walk_280_varied_0, _1 and _2

A policy that knows a movement in one form alone knows it by heart: one that had learnt its clips lost
four fifths of their variants. These are not what a rat did, but near it, and as hard to balance.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy.special import expit

from rodent.body import PAWS, Body, in_tail
from rodent.clips.clip import Clip, ClipSet
from rodent.clips.names import varied_name
from rodent.clips.validate import require_body
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.forward import body_frames
from rodent.kinematics.poses import poses_between, velocities
from rodent.rotation import from_rotvec, multiply
from rodent.synthesis.noise import smooth_noise
from rodent.variation_config import Variation

_PACE_SECONDS, _SWAY_SECONDS = 0.8, 1.0  # in which pace and posture change
_LEAN = 0.5  # what the trunk leans, of what a joint bends: it tips the whole rat
_BEARS, _LIFTED = 0.020, 0.006  # metres: height of a paw's body that no longer bears, and what is near it
_LEAST = 1e-3  # weight of a lifted paw, where all are


def varied_clips(
    clips: ClipSet, body: Body, variation: Variation, advance: Callable[[float], None] = lambda clips: None
) -> ClipSet:
    """The variants of all clips; a clip's do not depend on which others there are.

    `advance` hears of variants that are made.

    Raises:
        InputError: the clips belong to another body.
    """
    require_body(clips, body)
    variants = []
    for clip in clips:
        for number in range(variation.copies):
            variants.append(varied(clip, body, variation, number))
            advance(1)
    return dataclasses.replace(clips, clips=tuple(variants))


def varied(clip: Clip, body: Body, variation: Variation, number: int) -> Clip:
    """One variant of a clip, at most as many frames as it; without its keypoints.

    Args:
        clip: what is varied.
        body: whose poses they are.
        variation: by how much.
        number: which variant.
    """
    rng = np.random.default_rng([variation.seed, number, *clip.name.encode()])
    qpos = poses_between(clip.qpos, _times(clip, variation.pace, rng))
    bent = _bent(qpos, body, clip.fps, variation, rng)
    qpos = _put_down(bent, qpos, body)
    return dataclasses.replace(
        clip,
        name=varied_name(clip.name, number),
        qpos=qpos,
        qvel=velocities(qpos, clip.fps),
        keypoints=None,
        keypoint_names=(),
        residuals=None,
        keypoint_bodies=(),
        keypoint_offsets=None,
    )


def _times(clip: Clip, pace: float, rng: np.random.Generator) -> np.ndarray:
    """The frames of the clip that a variant passes through, two at least, none beyond its last."""
    last = clip.n_frames - 1
    speed = np.exp(pace * smooth_noise(rng, clip.n_frames, 1, _PACE_SECONDS * clip.fps)[:, 0])
    at = np.cumsum(speed) - speed[0]
    return np.minimum(at[: max(2, np.sum(at <= last))], last)


def _bent(
    qpos: np.ndarray, body: Body, fps: float, variation: Variation, rng: np.random.Generator
) -> np.ndarray:
    """The poses with other joint angles, within their limits, and the trunk leant; the tail is left."""
    free = np.array([not in_tail(name) for name in body.joint_names])
    n, knot = len(qpos), _SWAY_SECONDS * fps
    off = variation.posture * rng.normal(size=len(free) + 2) + variation.sway * smooth_noise(
        rng, n, len(free) + 2, knot
    )
    off = np.radians(off)
    bent = qpos.copy()
    bent[:, 7:] = np.clip(qpos[:, 7:] + free * off[:, 2:], *body.joint_range.T)
    lean = np.column_stack([_LEAN * off[:, :2], np.zeros(n)])
    bent[:, 3:7] = multiply(qpos[:, 3:7], from_rotvec(lean))
    return bent


def _put_down(qpos: np.ndarray, like: np.ndarray, body: Body) -> np.ndarray:
    """The poses moved so that paws which bear the rat in others stay, on average, where those have them."""
    before, after = (body_frames(body, poses, PAWS).position for poses in (like, qpos))
    weight = _LEAST + expit((_BEARS - before[..., 2]) / _LIFTED)
    weight /= weight.sum(axis=1, keepdims=True)
    moved = qpos.copy()
    moved[:, :2] += np.sum(weight[..., None] * (before - after), axis=1)[:, :2]
    moved[:, 2] += lowest_paw(like, body) - lowest_paw(qpos, body)
    return moved
