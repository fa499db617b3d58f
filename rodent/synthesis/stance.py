"""Synthetic stance: a rat that stands, leans, crouches and looks around.

    clips = stance_clips(body, frames=500, n=24)      # 24 clips of 10 s at 50 Hz

The clips are consecutive pieces of one motion that does not repeat itself. Each degree of freedom follows
its own sum of sines, with periods from seconds to a minute. The legs compensate the motion of the trunk,
so the paws stay in place. The clips' `source` says that they are synthetic.
"""

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from rodent.clips.clip import Clip, ClipSet
from rodent.kinematics.floor import floor_shift
from rodent.kinematics.poses import velocities
from rodent.scene import Scene

FPS = 50.0
"""Frames per second of the clips."""
SOURCE = "synthetic (rodent.motion.sway)"  # the name that files have had from the start

_PAWS = ("hand_L", "hand_R", "foot_L", "foot_R")
_LEGS = (
    *("hip_{}_supinate", "hip_{}_abduct", "hip_{}_extend", "knee_{}", "ankle_{}"),
    *("scapula_{}_abduct", "shoulder_{}", "shoulder_sup_{}", "elbow_{}", "wrist_{}"),
)
# radians; the others stand at zero, where these have the mouth open or no room to one side
_STANDING = {
    "mandible": -0.25,
    **{f"shoulder_sup_{side}": 0.25 for side in "LR"},
    **{f"ankle_{side}": 0.12 for side in "LR"},
}
# amplitudes, metres and radians: of the root ...
_ROOT = {"forward": 0.010, "left": 0.010, "up": 0.010, "roll": 0.10, "pitch": 0.08, "yaw": 0.15}
# ... and of the hinges coupled by a tendon
_SPINE = {
    "lumbar_bend": 0.25,
    "lumbar_twist": 0.15,
    "cervical_extend": 0.7,
    "cervical_bend": 0.9,
    "cervical_twist": 0.6,
    "caudal_extend": 0.2,
    "caudal_bend": 0.5,
}
_SLOW, _FAST = (0.01, 0.05), (0.2, 1.2)  # Hz, between which the sines' frequencies are drawn
_N_SLOW, _N_FAST = 3, 5
_STIFFNESS = 0.05  # regularisation of the legs, which bounds their angles
_TURN_WEIGHT = 0.01  # metres that one radian of paw rotation counts as


def stance_clips(scene: Scene, frames: int = 60, n: int = 2, seed: int = 0) -> ClipSet:
    """Clips `sway_0`, `sway_1`, … of one continuous synthetic motion.

    Args:
        scene: the rat.
        frames: length of each clip.
        n: number of clips.
        seed: of the frequencies and phases.
    """
    directions, extent = _directions(scene)
    time = np.arange(frames * n) / FPS
    moved = extent * _signals(time, len(extent), seed) @ directions
    qpos = np.repeat(_standing(scene)[None], len(time), axis=0)
    qpos[:, :3] += moved[:, :3]
    # the standing pose has the identity orientation
    qpos[:, 3:7] = Rotation.from_rotvec(moved[:, 3:6]).as_quat(scalar_first=True)
    qpos[:, 7:] = np.clip(qpos[:, 7:] + moved[:, 6:], *scene.joint_range.T)
    qpos[:, 2] += floor_shift(qpos, scene)
    qvel = velocities(qpos, FPS)
    cuts = [slice(i * frames, (i + 1) * frames) for i in range(n)]
    clips = tuple(
        Clip(
            name=f"sway_{i}",
            behavior="sway",
            session="sway",
            source=SOURCE,
            fps=FPS,
            qpos=qpos[cut],
            qvel=qvel[cut],
        )
        for i, cut in enumerate(cuts)
    )
    return ClipSet(clips, scale=scene.scale, joint_names=scene.joint_names)


def _standing(scene: Scene) -> np.ndarray:
    """The mean pose, with the walker's origin on the floor; shape (74,)."""
    qpos = np.zeros(scene.model.nq)
    qpos[3] = 1.0
    qpos[7:] = np.clip(0.0, *scene.joint_range.T)
    qpos[7 + scene.joint_ids(_STANDING)] = list(_STANDING.values())
    return qpos


def _directions(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Directions of motion, legs included, shape (parts, 73), and their amplitudes, (parts,)."""
    root = np.eye(6, scene.model.nv)
    spine = np.zeros((len(_SPINE), scene.model.nv))
    rows = scene.transmission[scene.actuator_ids(_SPINE)]
    spine[:, 6:] = rows / rows.sum(1, keepdims=True)
    moved = np.concatenate([root, spine])

    legs = 6 + scene.joint_ids([name.format(side) for name in _LEGS for side in "LR"])
    jacobian = _paw_jacobian(scene)
    own = jacobian[:, legs]
    # leg motion that keeps the paws in place, to first order
    resist = (_STIFFNESS * _TURN_WEIGHT) ** 2 * np.eye(len(legs))
    moved[:, legs] -= np.linalg.solve(own.T @ own + resist, own.T @ jacobian @ moved.T).T
    extent = np.array([*_ROOT.values(), *_SPINE.values()])
    extent[:3] *= scene.scale
    return moved, extent


def _paw_jacobian(scene: Scene) -> np.ndarray:
    """Jacobian of the paws of the standing rat: positions (metres), rotations (weighted); (4 x 6, 73)."""
    data = mujoco.MjData(scene.model)
    data.qpos[:] = _standing(scene)
    mujoco.mj_kinematics(scene.model, data)
    mujoco.mj_comPos(scene.model, data)
    parts = np.zeros((len(_PAWS), 2, 3, scene.model.nv))
    for (moves, turns), paw in zip(parts, scene.body_ids(_PAWS), strict=True):
        mujoco.mj_jacBody(scene.model, data, moves, turns, paw)
    parts[:, 1] *= _TURN_WEIGHT * scene.scale
    return parts.reshape(-1, scene.model.nv)


def _signals(time: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Smooth aperiodic signals within [-1, 1], shape (times, n)."""
    random = np.random.default_rng(seed)
    slow, fast = (random.uniform(*band, (k, n)) for band, k in ((_SLOW, _N_SLOW), (_FAST, _N_FAST)))
    frequency = np.concatenate([slow, fast])
    phase = random.uniform(0, 2 * np.pi, frequency.shape)
    waves = np.sin(2 * np.pi * frequency * time[:, None, None] + phase)
    return waves.mean(axis=1)
