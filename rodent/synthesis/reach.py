"""Inverse kinematics of the four limbs, for all frames at once.

    reach = Reach(body, rest)
    qpos = reach.reach(qpos, targets)    # the hinges of the limbs changed, all else kept

A target gives the contact point of a paw on the floor plan, the height of its lowest point above the
floor and, with less weight, the orientation of the paw. The method is damped least squares
(Levenberg, Q. Appl. Math. 2, 164-168, 1944; for limbs Wampler, IEEE Trans. Syst. Man Cybern. 16,
93-101, 1986). Joint limits are held by an active set: a hinge that a step would push out of its
range is put on the limit, and the step is solved again without it. Frames are first solved
independently, and then again from the solutions of their neighbours, so that a limb with two
solutions keeps the same one.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from mujoco.batch import Batch
from scipy.ndimage import gaussian_filter1d

from rodent.kinematics.bounds import bounded_step, dense
from rodent.kinematics.paws import Paws
from rodent.rotation import as_rotvec, conjugate, multiply
from rodent.scene import Scene
from rodent.synthesis.targets import PawTargets

_FORELIMB = (
    *("scapula_{}_supinate", "scapula_{}_abduct", "scapula_{}_extend"),
    *("shoulder_{}", "shoulder_sup_{}", "elbow_{}", "wrist_{}"),
)
_HINDLIMB = ("hip_{}_supinate", "hip_{}_abduct", "hip_{}_extend", "knee_{}", "ankle_{}")
_LIMBS = ((_FORELIMB, "L"), (_FORELIMB, "R"), (_HINDLIMB, "L"), (_HINDLIMB, "R"))
_MOST = len(_FORELIMB)  # hinges of a limb; arrays of limbs with fewer are padded

_BLOCK = 1024  # frames solved at once
_TURN_ERROR = 0.3  # radians of a paw that weigh as much as a target's tolerance
_REST_ERROR, _NEIGHBOUR_ERROR = 1.5, 0.15  # radians of a hinge that do, from rest and from neighbours
_SMOOTHING = ((3.0, 1), (2.0, 1), (1.0, 15))  # widths in frames, and how often heights are put right
_LEVEL, _NEAR = 2e-5, 5e-3  # metres that a paw's height may be wrong, if it is so near the floor
_GAINS = 0.2, 3.0  # by which an error of height is put right, at least and at most
_ITERATIONS = 60
_LARGEST_STEP = 0.3  # radians
_GAIN = 1e-5  # relative gain of a step below which a limb has arrived
_DAMPING, _EASE, _BRAKE = 10.0, 0.1, 10.0  # at first, and its change after a good and a bad step
_STUCK = 1e7  # damping at which nothing can be gained


@dataclasses.dataclass(frozen=True)
class _Goal:
    """Targets of the limbs of some frames."""

    point: np.ndarray  # of contact, metres, (frames, 4, 3)
    quaternion: np.ndarray  # quaternions, (frames, 4, 4)
    tolerance: np.ndarray  # metres, (frames, 4, 3)
    lean: np.ndarray  # preferred hinge angles, radians, (frames, 4, 7)
    lean_error: float  # radians

    def frames(self, which: np.ndarray) -> "_Goal":
        arrays = (self.point, self.quaternion, self.tolerance, self.lean)
        return _Goal(*(array[which] for array in arrays), self.lean_error)


class Reach:
    """The inverse kinematics of one body.

    Args:
        body: whose limbs.
        rest: hinge angles that the limbs prefer, radians, shape (67,).
    """

    def __init__(self, scene: Scene, rest: np.ndarray):
        self._rest = rest
        self._paws = Paws(scene)
        ids = [scene.joint_ids([name.format(side) for name in names]) for names, side in _LIMBS]
        # hinges by limb, shape (4, 7), and which of them are there
        self._real = np.array([np.arange(_MOST) < len(limb) for limb in ids])
        self._hinges = np.zeros((len(_LIMBS), _MOST), int)
        self._hinges[self._real] = np.concatenate(ids)
        self._range = np.where(self._real[..., None], scene.joint_range[self._hinges], 0.0)

    def reach(
        self, qpos: np.ndarray, targets: PawTargets, advance: Callable[[float], None] = lambda frames: None
    ) -> np.ndarray:
        """Poses whose paws reach their targets as closely as the joint limits allow.

        Args:
            qpos: initial poses, metres, quaternion, radians, shape (frames, 74).
            targets: of the same frames.
            advance: called with the number of frames done.

        Returns:
            poses, shape (frames, 74), of which only the limbs' hinges differ from `qpos`.
        """
        rest = np.broadcast_to(self._rest, (len(qpos), len(self._rest)))
        passes = 1 + len(_SMOOTHING)
        solved = self._settled(qpos, targets, self._of_limbs(rest), _REST_ERROR, 1)
        advance(len(qpos) / passes)
        for width, times in _SMOOTHING:
            # the solutions of neighbouring frames, so that all take the same branch
            lean = gaussian_filter1d(self._of_limbs(solved[:, 7:]), width, axis=0, mode="nearest")
            lean = np.clip(lean, self._range[..., 0], self._range[..., 1])  # rounding, too, keeps limits
            solved = self._settled(self._with_limbs(solved, lean), targets, lean, _NEIGHBOUR_ERROR, times)
            advance(len(qpos) / passes)
        return solved

    def _settled(
        self, qpos: np.ndarray, targets: PawTargets, lean: np.ndarray, lean_error: float, times: int
    ) -> np.ndarray:
        solved = np.empty_like(qpos)
        for start in range(0, len(qpos), _BLOCK):
            block = slice(start, start + _BLOCK)
            solved[block] = self._settle(qpos[block], targets.frames(block), lean[block], lean_error, times)
        return solved

    def _settle(
        self, qpos: np.ndarray, targets: PawTargets, lean: np.ndarray, lean_error: float, times: int
    ) -> np.ndarray:
        """Fit the limbs repeatedly until the lowest points of paws near the floor have the target height."""
        batch = self._paws.batch(len(qpos))
        state = self._paws.state_of(batch, qpos)
        contact, lowest = state.contact[..., 2], state.lowest
        solved, todo, gain = qpos.copy(), np.arange(len(qpos)), np.ones_like(lowest)
        for attempt in range(times):
            target = targets.frames(todo)
            height = contact[todo] + gain[todo] * (target.clearance - lowest[todo])
            point = np.concatenate([target.place, height[..., None]], axis=2)
            goal = _Goal(point, target.quaternion, target.tolerance, lean[todo], lean_error)
            solved[todo] = self._solved(batch, solved[todo], goal)
            state = self._paws.state_of(batch, solved[todo])
            near = target.clearance < _NEAR
            if attempt:
                # raising a paw also pitches it: how far it must rise per metre of its lowest point
                rose, did = state.contact[..., 2] - contact[todo], state.lowest - lowest[todo]
                slope = np.divide(rose, did, out=np.ones_like(did), where=np.abs(did) > _LEVEL / 10)
                gain[todo] = np.where(near, np.clip(slope, *_GAINS), 1.0)
            contact[todo], lowest[todo] = state.contact[..., 2], state.lowest
            off = np.abs(state.lowest - target.clearance) > _LEVEL
            todo = todo[np.any(off & near, axis=1)]
            if not len(todo):
                break
        return solved

    def _solved(self, batch: Batch, qpos: np.ndarray, goal: _Goal) -> np.ndarray:
        """Levenberg-Marquardt, with a separate damping for each limb of each frame."""
        angles = self._of_limbs(qpos[:, 7:])
        rows, error = self._linear(batch, qpos, goal)
        damping = np.full(angles.shape[:2], _DAMPING)
        todo = np.arange(len(qpos))
        for _ in range(_ITERATIONS):
            now = angles[todo]
            across = rows[todo].swapaxes(-1, -2)
            matrix, slope = across @ rows[todo], (across @ error[todo][..., None])[..., 0]
            eased = np.diagonal(matrix, axis1=-2, axis2=-1) + damping[todo][..., None]
            room = np.moveaxis(self._range - now[..., None], -1, 0)
            step = bounded_step(dense(matrix), eased, slope, *room, longest=_LARGEST_STEP)
            trial = np.clip(now + step, self._range[..., 0], self._range[..., 1])
            trial_rows, trial_error = self._linear(
                batch, self._with_limbs(qpos[todo], trial), goal.frames(todo)
            )
            before, after = (np.sum(e**2, axis=-1) for e in (error[todo], trial_error))
            good = after < before
            frame, limb = todo[np.nonzero(good)[0]], np.nonzero(good)[1]
            angles[frame, limb] = trial[good]
            rows[frame, limb], error[frame, limb] = trial_rows[good], trial_error[good]
            damping[todo] *= np.where(good, _EASE, _BRAKE)
            unfinished = np.where(good, after < (1 - _GAIN) * before, damping[todo] < _STUCK)
            todo = todo[unfinished.any(axis=1)]
            if not len(todo):
                break
        return self._with_limbs(qpos, angles)

    def _linear(self, batch: Batch, qpos: np.ndarray, goal: _Goal) -> tuple[np.ndarray, np.ndarray]:
        """Jacobian of the limbs' errors, (frames, 4, 13, 7), and the errors, (frames, 4, 13)."""
        state = self._paws.state_of(batch, qpos)
        firm = 1 / goal.tolerance
        # a hinge turns what hangs on it about its axis
        axis = state.axis[:, self._hinges] * self._real[..., None]
        arm = state.contact[:, :, None] - state.anchor[:, self._hinges]
        moves = np.cross(axis, arm).swapaxes(-1, -2) * firm[..., None]
        turns = axis.swapaxes(-1, -2) / _TURN_ERROR
        lean = np.broadcast_to(np.eye(_MOST) / goal.lean_error, (*turns.shape[:2], _MOST, _MOST))
        twist = as_rotvec(multiply(goal.quaternion, conjugate(state.quaternion)))
        wish = (goal.lean - self._of_limbs(qpos[:, 7:])) / goal.lean_error
        error = [(goal.point - state.contact) * firm, twist / _TURN_ERROR, wish]
        return np.concatenate([moves, turns, lean], axis=2), np.concatenate(error, axis=2)

    def _of_limbs(self, angles: np.ndarray) -> np.ndarray:
        """Hinge angles (frames, 67) by limb, shape (frames, 4, 7)."""
        return angles[:, self._hinges] * self._real

    def _with_limbs(self, qpos: np.ndarray, angles: np.ndarray) -> np.ndarray:
        """The poses with these limb angles."""
        changed = qpos.copy()
        changed[:, 7 + self._hinges[self._real]] = angles[:, self._real]
        return changed
