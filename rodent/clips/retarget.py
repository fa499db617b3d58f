"""Clips carried over to a body of another size or other proportions.

    retargeted_clips(mouse_clips, make_scene(BodyConfig()))     # a mouse's motion on a rat

Joint angles stay. Paths over the floor grow with the limbs, and heights are such that the lowest paw is as
far above the floor as it was, in lengths of limbs. Time grows with the square root of the length, so that
Froude numbers stay: animals of different size then move in dynamically similar ways (Alexander and Jayes,
A dynamic similarity hypothesis for the gaits of quadrupedal mammals, J. Zool. 1983).
"""

import numpy as np

from rodent.clips.clip import Clip, ClipSet
from rodent.errors import InputError
from rodent.kinematics.floor import lowest_paw
from rodent.kinematics.poses import poses_between
from rodent.scene import Scene, make_scene


def retargeted_clips(clips: ClipSet, scene: Scene, *, same_time: bool = False) -> ClipSet:
    """The clips on another body, without keypoints.

    Args:
        clips: of any body with the same joints.
        scene: the other body.
        same_time: leave durations as they are; by default they grow with the square root of the length.

    Raises:
        InputError: the joints differ, or a clip becomes too short.
    """
    if clips.joint_names != scene.joint_names:
        raise InputError(
            "the clips belong to a body with other joints; only sizes and proportions may differ"
        )
    before = make_scene(clips.body)
    return ClipSet(
        tuple(_retargeted(clip, before, scene, same_time) for clip in clips),
        scene.scale,
        scene.joint_names,
        scene.proportions,
    )


def _retargeted(clip: Clip, before: Scene, after: Scene, same_time: bool) -> Clip:
    longer = _limbs(after) / _limbs(before)
    qpos = clip.qpos.copy()
    qpos[:, :3] *= longer
    qpos[:, 2] += longer * lowest_paw(clip.qpos, before) - lowest_paw(qpos, after)
    if not same_time:
        qpos = _slower(clip, qpos, np.sqrt(longer))
    return clip.reposed(qpos)


def _limbs(scene: Scene) -> float:
    """Size of the limbs relative to those of dm_control's rat."""
    return scene.scale * scene.proportions.limbs


def _slower(clip: Clip, qpos: np.ndarray, factor: float) -> np.ndarray:
    """The poses over `factor` times the duration, at the same frame rate."""
    last = len(qpos) - 1
    frames = int(np.floor(last * factor + 1e-6)) + 1
    if frames < 2:
        raise InputError(
            f"clip {clip.name!r} has {len(qpos)} frames; too few to be {factor:.2f} times as long"
        )
    return poses_between(qpos, np.minimum(np.arange(frames) / factor, last))
