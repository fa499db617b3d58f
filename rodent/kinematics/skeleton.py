"""Keypoints on the body: their positions in poses, and how they move.

    skeleton = Skeleton(body, markers.bodies)
    positions = skeleton.positions(qpos, offsets)             # metres, (frames, keypoints, 3)
    batch = skeleton.batch(len(qpos))
    linear = skeleton.linear(batch, qpos, offsets)            # how they move; `rodent.kinematics.linearised`

Only directions that move a keypoint count: the six of the root, and the hinges between the root and a
keypoint's body. Without keypoints on the tail, for example, there are none of the tail's.
"""

from collections.abc import Sequence

import mujoco
import numpy as np
from mujoco.batch import Batch

from rodent.kinematics.forward import BLOCK, kinematics
from rodent.kinematics.linearised import Linearised
from rodent.rotation import from_rotvec, multiply, rotate
from rodent.scene import Scene, kinematic_model

_FIELDS = ("xpos", "xquat", "xanchor", "xaxis")
_ROOT = 6  # directions of the free joint: metres in the world, radians about the body's axes


class Skeleton:
    """The keypoints of one body; K keypoints, D directions.

    Args:
        body: the rat.
        bodies: names of the bodies that the keypoints are fixed to, K of them.

    Attributes:
        hinges: indices of the hinges that move a keypoint, in the order of qpos[:, 7:], shape (D - 6,).
        range: limits of these hinges, radians, shape (D - 6, 2).

    Raises:
        InputError: a body is unknown; the message lists the known ones.
    """

    def __init__(self, scene: Scene, bodies: Sequence[str]):
        self._model = kinematic_model(scene.model)
        self._bodies = scene.body_ids(bodies)
        moves = _moves(self._model, self._bodies)  # (K, 67)
        self.hinges = np.flatnonzero(moves.any(axis=0))
        self.range = scene.joint_range[self.hinges]
        self._moves = np.hstack([np.ones((len(bodies), _ROOT)), moves[:, self.hinges]])
        self.n_directions = _ROOT + len(self.hinges)

    def batch(self, frames: int) -> Batch:
        """A batch for the kinematics of `frames` poses at once, at most BLOCK."""
        return Batch(self._model, nsim=max(1, min(BLOCK, frames)), nthread=1)

    def frames(self, batch: Batch, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions (n, K, 3) and orientations (n, K, 4) of the keypoints' bodies; n fits the batch."""
        xpos, xquat, _, _ = kinematics(batch, qpos, _FIELDS)
        return xpos[:, self._bodies].copy(), xquat[:, self._bodies].copy()

    def positions(self, qpos: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """Positions of the keypoints, metres, shape (frames, K, 3).

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

    def linear(self, batch: Batch, qpos: np.ndarray, offsets: np.ndarray) -> Linearised:
        """Positions of the keypoints in n poses, and how they move; n fits the batch."""
        xpos, xquat, xanchor, xaxis = kinematics(batch, qpos, _FIELDS)
        turn, root = xquat[:, self._bodies], qpos[:, None, :3]
        place = xpos[:, self._bodies] + rotate(turn, np.broadcast_to(offsets, (*turn.shape[:2], 3)))
        screws = np.zeros((6, len(qpos), self.n_directions))
        screws[[0, 1, 2], :, [0, 1, 2]] = 1.0
        axes = rotate(np.repeat(qpos[:, None, 3:7], 3, axis=1), np.broadcast_to(np.eye(3), (len(qpos), 3, 3)))
        screws[3:, :, 3:_ROOT] = np.moveaxis(axes, -1, 0)
        # the free joint comes before the hinges
        axis, anchor = xaxis[:, 1 + self.hinges], xanchor[:, 1 + self.hinges]
        screws[3:, :, _ROOT:] = np.moveaxis(axis, -1, 0)
        screws[:3, :, _ROOT:] = np.moveaxis(np.cross(axis, root - anchor), -1, 0)
        return Linearised(place, place - root, screws, self._moves)

    def moved(self, qpos: np.ndarray, step: np.ndarray) -> np.ndarray:
        """The poses after a step along the directions, shape (n, D); hinges stay in their ranges."""
        found = qpos.copy()
        found[:, :3] += step[:, :3]
        turn = multiply(qpos[:, 3:7], from_rotvec(step[:, 3:_ROOT]))
        found[:, 3:7] = turn / np.linalg.norm(turn, axis=-1, keepdims=True)
        angles = found[:, 7 + self.hinges] + step[:, _ROOT:]
        found[:, 7 + self.hinges] = np.clip(angles, *self.range.T)
        return found

    def room(self, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bounds of a step along the directions, shape (n, D) each, from the hinge limits."""
        free = np.full((len(qpos), _ROOT), np.inf)
        angles, (low, high) = qpos[:, 7 + self.hinges], self.range.T
        return np.hstack([-free, low - angles]), np.hstack([free, high - angles])

    def pressed(self, qpos: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Hinges at a limit that the slope (negative gradient) would push beyond it, bool, shape (n, D)."""
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
