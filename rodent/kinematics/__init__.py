"""Kinematics of the rat's body, for many frames at once on the CPU.

frames = body_frames(body, qpos, ("torso", "skull"))     # forward kinematics
qvel = velocities(qpos, fps)                             # as MuJoCo's qvel
heights = lowest_paw(qpos, body)                         # metres above the floor
skeleton = Skeleton(body, ("skull", "hand_L"))           # points on bodies, and their Jacobian
"""

from rodent.kinematics.bounds import bounded_step, dense
from rodent.kinematics.floor import floor_shift, lowest_paw
from rodent.kinematics.forward import Frames, body_frames, body_of_scale, torso_offset, torso_positions
from rodent.kinematics.paws import PAW_NAMES, Paws, PawState
from rodent.kinematics.poses import poses_between, velocities
from rodent.kinematics.posture import Trunk, posed
from rodent.kinematics.skeleton import Skeleton

__all__ = [
    "PAW_NAMES",
    "Frames",
    "PawState",
    "Paws",
    "Skeleton",
    "Trunk",
    "body_frames",
    "body_of_scale",
    "bounded_step",
    "dense",
    "floor_shift",
    "lowest_paw",
    "posed",
    "poses_between",
    "torso_offset",
    "torso_positions",
    "velocities",
]
