"""Keypoints on the body: where they are in poses, and how they move with the hinges.

    skeleton = Skeleton(body, markers.bodies)
    places = skeleton.positions(qpos, offsets)                # metres, (frames, keypoints, 3)
    batch = skeleton.batch(len(qpos))
    places, rows = skeleton.linear(batch, qpos, offsets)   # and their Jacobian

Only the directions that move a keypoint are there: the root's six, and the hinges between the
root and a keypoint's body. The tail, say, hangs on no hinge that does where nobody tracked it.
"""

from collections.abc import Sequence

import mujoco
import numpy as np
from mujoco.batch import Batch

from rodent.body import Body, kinematic_model
from rodent.kinematics.forward import BLOCK, kinematics
from rodent.rotation import from_rotvec, multiply, rotate

_FIELDS = ("xpos", "xquat", "xanchor", "xaxis")
_ROOT = 6  # directions of the free joint: metres in the world, radians about the body's axes


class Skeleton:
    """The keypoints of one body; K keypoints, D directions.

    Args:
        body: the rat.
        bodies: names of the bodies that the keypoints are fixed to, K of them.

    Attributes:
        hinges: those that move a keypoint, ids in the order of qpos[:, 7:], shape (D - 6,).
        range: of these hinges, radians, shape (D - 6, 2).

    Raises:
        InputError: a body is unknown; the message lists those that there are.
    """

    def __init__(self, body: Body, bodies: Sequence[str]):
        self._model = kinematic_model(body.model)
        self._bodies = body.body_ids(bodies)
        moves = _moves(self._model, self._bodies)  # (K, 67)
        self.hinges = np.flatnonzero(moves.any(axis=0))
        self.range = body.joint_range[self.hinges]
        self._moves = moves[:, self.hinges].astype(float)
        self.n_directions = _ROOT + len(self.hinges)

    def batch(self, frames: int) -> Batch:
        """Room for the kinematics of so many frames at once, or of BLOCK if these are less."""
        return Batch(self._model, nsim=max(1, min(BLOCK, frames)), nthread=1)

    def frames(self, batch: Batch, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Origins (n, K, 3) and turns (n, K, 4) of the keypoints' bodies, of no more poses than fit."""
        xpos, xquat, _, _ = kinematics(batch, qpos, _FIELDS)
        return xpos[:, self._bodies].copy(), xquat[:, self._bodies].copy()

    def positions(self, qpos: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """Where the keypoints are, metres, shape (frames, K, 3).

        Args:
            qpos: poses, shape (frames, 74).
            offsets: of the keypoints in the frames of their bodies, metres, shape (K, 3).
        """
        batch, found = self.batch(len(qpos)), np.empty((len(qpos), *offsets.shape))
        for start in range(0, len(qpos), BLOCK):
            block = slice(start, start + BLOCK)
            origin, turn = self.frames(batch, qpos[block])
            found[block] = origin + rotate(turn, np.broadcast_to(offsets, origin.shape))
        return found

    def linear(self, batch: Batch, qpos: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the keypoints are (n, K, 3), and how they move, (n, K, 3, D), of no more poses than fit."""
        xpos, xquat, xanchor, xaxis = kinematics(batch, qpos, _FIELDS)
        turn = xquat[:, self._bodies]
        place = xpos[:, self._bodies] + rotate(turn, np.broadcast_to(offsets, (*turn.shape[:2], 3)))
        rows = np.empty((*place.shape, self.n_directions))
        rows[..., :3] = np.eye(3)
        axes = rotate(np.repeat(qpos[:, None, 3:7], 3, axis=1), np.broadcast_to(np.eye(3), (len(qpos), 3, 3)))
        arm = place - qpos[:, None, :3]
        rows[..., 3:_ROOT] = np.cross(axes[:, None], arm[:, :, None]).swapaxes(-1, -2)
        # the free joint comes before the hinges
        axis, anchor = xaxis[:, 1 + self.hinges], xanchor[:, 1 + self.hinges]
        # axis x (place - anchor), the part that is the same for all keypoints computed once
        swing = np.cross(axis[:, None], place[:, :, None]) - np.cross(axis, anchor)[:, None]
        rows[..., _ROOT:] = (swing * self._moves[..., None]).swapaxes(-1, -2)
        return place, rows

    def moved(self, qpos: np.ndarray, step: np.ndarray) -> np.ndarray:
        """The poses after a step along the directions, shape (n, D); hinges are kept in their ranges."""
        found = qpos.copy()
        found[:, :3] += step[:, :3]
        turn = multiply(qpos[:, 3:7], from_rotvec(step[:, 3:_ROOT]))
        found[:, 3:7] = turn / np.linalg.norm(turn, axis=-1, keepdims=True)
        angles = found[:, 7 + self.hinges] + step[:, _ROOT:]
        found[:, 7 + self.hinges] = np.clip(angles, *self.range.T)
        return found

    def room(self, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far a step may go along the directions, down and up, shapes (n, D); hinges have a range."""
        free = np.full((len(qpos), _ROOT), np.inf)
        angles, (low, high) = qpos[:, 7 + self.hinges], self.range.T
        return np.hstack([-free, low - angles]), np.hstack([free, high - angles])

    def pressed(self, qpos: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Directions of hinges at an end of their range that downhill would leave, bool, shape (n, D)."""
        low, high = self.room(qpos)
        return ((low >= 0) & (slope < 0)) | ((high <= 0) & (slope > 0))


def _moves(model: mujoco.MjModel, bodies: np.ndarray) -> np.ndarray:
    """Whether a hinge moves a body, bool, shape (bodies, 67)."""
    # the first joint is the free one
    owner = model.jnt_bodyid[1:]
    moves = np.zeros((len(bodies), len(owner)), bool)
    for row, at in zip(moves, bodies, strict=True):
        while at:
            row |= owner == at
            at = model.body_parentid[at]
    return moves
