"""Checks of clips; every message names clip, frame and joint.

The limits are wide: in published rat clips the fastest joint reaches 16 rad/s, the trunk 0.8 m/s and
8 rad/s. Larger values indicate errors of tracking, units or frame rate.
"""

import numpy as np

from rodent.clips.clip import Clip, ClipSet
from rodent.errors import InputError, naming
from rodent.kinematics.forward import torso_positions
from rodent.rotation import as_rotvec, conjugate, multiply
from rodent.scene import Scene, make_scene

FPS_RANGE = (1.0, 1000.0)
QUATERNION_TOLERANCE = 1e-3  # files rounded to 4 decimals stay far below
JOINT_TOLERANCE = 0.1  # radians beyond a joint's limit
MAX_ROOT_SPEED = 5.0  # m/s; a rat's sprint stays below 4
MAX_TURN_SPEED = 100.0  # rad/s of the trunk
MAX_JOINT_SPEED = 100.0  # rad/s
MAX_HEIGHT = 1.0  # m, of the torso
MAX_VALUE = 1e5  # beyond any unit's mistake: damage


def require_body(clip_set: ClipSet, body: Scene) -> None:
    """Check that clips and body belong together.

    Raises:
        InputError: the scales differ by more than 1e-6.
    """
    have, want = clip_set.scale, body.scale
    if abs(have - want) > 1e-6:
        raise InputError(
            f"the clips were registered on a body of scale {have:g}, the body has scale {want:g}; bring the "
            f"clips to that body (rodent clips retarget FILE --scale {want:g}, or rodent register --scale "
            f"{want:g}), or train a policy for theirs (rodent train --body.scale {have:g})"
        )
    if clip_set.proportions != body.proportions:
        raise InputError(
            f"the clips were registered on a body of {clip_set.proportions}, the body has {body.proportions}"
        )
    check_joint_names(clip_set.joint_names, body.joint_names, "the clips")


def check_clip_set(clip_set: ClipSet, where: str, body: Scene | None = None) -> None:
    """Raise InputError, beginning with `where`, unless every clip is sound.

    Args:
        clip_set: the clips.
        where: begins the message.
        body: that they are of; None for the rat of their scale.
    """
    if body is None:
        with naming(where):
            body = make_scene(clip_set.body)
    check_joint_names(clip_set.joint_names, body.joint_names, where)
    for clip in clip_set:
        here = f"{where}: clip {clip.name!r}"
        check_fps(clip.fps, here)
        check_poses(clip.qpos, body, here)
        check_ranges(clip.qpos[:, 7:], body, here)
        check_motion(clip.qpos, clip.fps, body, here)
        check_companions(clip, here)


def check_fps(fps: float, where: str) -> None:
    """Frames per second must lie in 1 to 1000."""
    if not FPS_RANGE[0] <= fps <= FPS_RANGE[1]:  # false for NaN too
        raise InputError(f"{where}: fps is {fps:g}; it must lie in [{FPS_RANGE[0]:g}, {FPS_RANGE[1]:g}]")


def check_joint_names(names: tuple[str, ...], expected: tuple[str, ...], where: str) -> None:
    """The hinges must be the body's, in its order."""
    if len(names) != len(expected):
        raise InputError(f"{where}: {len(names)} joint names; the body has {len(expected)} hinges")
    for i, (name, want) in enumerate(zip(names, expected, strict=True)):
        if name != want:
            rest = (
                "the names are the body's in another order: `rodent clips import` puts them right"
                if sorted(names) == sorted(expected)
                else "they belong to another body"
            )
            raise InputError(f"{where}: joint {i} is {name!r}, the body has {want!r} there; {rest}")


def check_poses(qpos: np.ndarray, body: Scene, where: str) -> None:
    """Shape, finite numbers and unit quaternions."""
    nq = body.model.nq
    if qpos.ndim != 2 or qpos.shape[1] != nq:
        raise InputError(
            f"{where}: qpos has shape {qpos.shape}; (frames, {nq}) is expected: 3 position, 4 quaternion, "
            f"{nq - 7} hinges"
        )
    if len(qpos) < 2:
        raise InputError(f"{where} has {len(qpos)} frame(s); at least 2 are needed")
    if not np.isfinite(qpos).all():
        frame, column = np.argwhere(~np.isfinite(qpos))[0]
        raise InputError(f"{where} frame {frame}: qpos column {column} is {qpos[frame, column]}")
    if np.abs(qpos).max() > MAX_VALUE:
        frame, column = np.unravel_index(np.abs(qpos).argmax(), qpos.shape)
        raise InputError(
            f"{where} frame {frame}: qpos column {column} is {qpos[frame, column]:.3g}; metres and radians "
            "are expected"
        )
    norm = np.linalg.norm(qpos[:, 3:7], axis=1)
    frame = int(np.abs(norm - 1).argmax())
    if abs(norm[frame] - 1) > QUATERNION_TOLERANCE:
        raise InputError(
            f"{where} frame {frame}: the root quaternion (columns 3-6, w x y z) has length "
            f"{norm[frame]:.4g}; it must be 1"
        )


def check_motion(qpos: np.ndarray, fps: float, body: Scene, where: str) -> None:
    """Speeds and height must be plausible."""
    step = np.diff(qpos, axis=0) * fps
    speed = np.linalg.norm(step[:, :3], axis=1)
    if speed.max() > MAX_ROOT_SPEED:
        frame = int(speed.argmax()) + 1
        raise InputError(
            f"{where} frame {frame}: the root moves at {speed.max():.1f} m/s; at most {MAX_ROOT_SPEED:g} is "
            "plausible (a jump, or positions not in metres?)"
        )
    relative = multiply(conjugate(qpos[:-1, 3:7]), qpos[1:, 3:7])
    turn = np.linalg.norm(as_rotvec(relative), axis=1) * fps
    if turn.max() > MAX_TURN_SPEED:
        frame = int(turn.argmax()) + 1
        raise InputError(
            f"{where} frame {frame}: the root turns at {turn.max():.0f} rad/s; at most {MAX_TURN_SPEED:g} is "
            "plausible (a jump, or quaternions not w x y z?)"
        )
    joints = np.abs(step[:, 7:])
    if joints.max() > MAX_JOINT_SPEED:
        frame, joint = np.unravel_index(joints.argmax(), joints.shape)
        raise InputError(
            f"{where} frame {frame + 1}: joint {body.joint_names[joint]!r} moves at "
            f"{joints.max():.0f} rad/s; at most {MAX_JOINT_SPEED:g} is plausible (a jump, or a wrong fps?)"
        )
    height = torso_positions(qpos, body)[:, 2]
    for frame in (int(height.argmin()), int(height.argmax())):
        if not 0 <= height[frame] <= MAX_HEIGHT:
            raise InputError(
                f"{where} frame {frame}: the torso is {1000 * height[frame]:.0f} mm above the floor; "
                f"0 to {1000 * MAX_HEIGHT:g} mm is plausible"
            )


def check_ranges(angles: np.ndarray, body: Scene, where: str) -> None:
    """Hinge angles, radians, shape (frames, 67), must be within the joints' limits."""
    excess = np.maximum(body.joint_range[:, 0] - angles, angles - body.joint_range[:, 1])
    frame, joint = np.unravel_index(excess.argmax(), excess.shape)
    if excess[frame, joint] > JOINT_TOLERANCE:
        low, high = np.degrees(body.joint_range[joint])
        angle, tolerance = np.degrees(angles[frame, joint]), np.degrees(JOINT_TOLERANCE)
        raise InputError(
            f"{where} frame {frame}: joint {body.joint_names[joint]!r} is at {angle:.1f} deg; its range is "
            f"{low:.1f} to {high:.1f} deg (tolerance {tolerance:.1f})"
        )


def check_companions(clip: Clip, here: str) -> None:
    """Velocities and keypoints must match the poses in frames, and keypoint data match in number."""
    frames, names = clip.n_frames, clip.keypoint_names
    if clip.qvel is not None:
        expected = (
            frames,
            clip.qpos.shape[1] - 1,
        )  # a quaternion has one number more than an angular velocity
        if clip.qvel.shape != expected:
            raise InputError(f"{here}: qvel has shape {clip.qvel.shape}; {expected} is expected")
        if not np.isfinite(clip.qvel).all():
            frame = int(np.argwhere(~np.isfinite(clip.qvel))[0, 0])
            raise InputError(f"{here} frame {frame}: qvel is not finite")
    if clip.keypoints is not None:
        found = clip.keypoints.shape
        expected = (frames, len(names) if names else found[1] if len(found) > 1 else 1, 3)
        if found != expected:
            raise InputError(f"{here}: keypoints have shape {found}; {expected} is expected")
        for what, array, shape in (
            ("residuals", clip.residuals, expected[:2]),
            ("keypoint_offsets", clip.keypoint_offsets, expected[1:]),
        ):
            if array is not None and array.shape != shape:
                raise InputError(f"{here}: {what} have shape {array.shape}; {shape} is expected")
        if len(clip.keypoint_bodies) not in (0, expected[1]):
            raise InputError(
                f"{here}: {len(clip.keypoint_bodies)} keypoint_bodies; {expected[1]} are expected"
            )
