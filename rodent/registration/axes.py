"""Check that keypoints show a rat, upright in a right-handed frame, by fitting a rigid rat to them."""

import numpy as np

from rodent.errors import InputError
from rodent.keypoints.axes import axes_named
from rodent.registration.pose import PoseSolver
from rodent.rotation import rotate

_CLEARLY = 0.5  # length of the mean back direction; 1 if all agree
# metres, error of the rigid fit: 5 to 20 mm in real and synthetic recordings of adult rats, up to 40 mm if
# the size is off by half, 46 to 80 mm with permuted names
_UNLIKE = 0.042
_BETTER = 0.8  # error ratio, mirrored to given, below which keypoints count as mirrored
_MOST = 2000  # frames used
_MIRROR = np.array([1.0, -1.0, 1.0])


class AxesError(InputError):
    """The axes of keypoints are not x, y and z of a right-handed frame with z up.

    Args:
        fault: description of the problem, with the name of the file.
        axes: matrix that takes the keypoints into such a frame, shape (3, 3).
    """

    def __init__(self, fault: str, axes: np.ndarray):
        text = axes_named(axes)
        super().__init__(f"{fault}; take {text.replace(',', ', ')} for x, y, z: pass --axes {text}")
        self.fault, self.axes = fault, axes

    def after(self, axes: np.ndarray) -> "AxesError":
        """The same error if these axes, shape (3, 3), have been applied to the keypoints before."""
        return AxesError(self.fault, self.axes @ axes)


def require_upright(solver: PoseSolver, points: np.ndarray, source: str) -> None:
    """Check that keypoints have the right names, that z points up, and that nothing is mirrored.

    Args:
        solver: for the body, scaled as the points.
        points: keypoints, metres, NaN where missing, shape (frames, K, 3).
        source: name of the recording, for messages.

    Raises:
        InputError: the keypoints do not fit a rat.
        AxesError: the axes are not x, y, z of a right-handed frame with z up. The message says which
            way the back points, or that the rat is mirrored, and which axes fix it.
    """
    some = points[:: -(-len(points) // _MOST)]
    placed, turned = solver.placed(some), solver.placed(some * _MIRROR)
    given, other = _error(solver, placed, some), _error(solver, turned, some * _MIRROR)
    if min(given, other) > _UNLIKE:
        raise InputError(
            f"{source}: the keypoints are {1000 * given:.0f} mm off those of a rigid rat, where 5 to 20 mm "
            "are usual: their names seem to be permuted; give the names in the file's order: --names"
        )
    mirrored = other < _BETTER * given
    up = _mean_back(turned) * _MIRROR if mirrored else _mean_back(placed)
    if np.abs(up).max() < _CLEARLY:
        up = np.array([0.0, 0.0, 1.0])  # undecided
    axis = int(np.abs(up).argmax())
    down = bool(up[axis] < 0)
    mended = _upright(axis, down, mirrored)
    if mirrored:
        raise AxesError(
            f"{source}: the keypoints are those of a mirrored rat ({1000 * given:.0f} mm off a rigid one, "
            f"{1000 * other:.0f} mm with y negated): an axis points the wrong way, or left and right are "
            "exchanged in all names, which then need mending",
            mended,
        )
    if axis != 2 or down:
        way = "-" * down + "xyz"[axis]
        raise AxesError(f"{source}: the rat's back points along {way}, but z must point up", mended)


def _mean_back(qpos: np.ndarray) -> np.ndarray:
    """Mean direction of the backs, shape (3,)."""
    return rotate(qpos[:, 3:7], np.broadcast_to([0.0, 0.0, 1.0], (len(qpos), 3))).mean(axis=0)


def _upright(axis: int, down: bool, mirrored: bool) -> np.ndarray:
    """Axes matrix that takes the given axis, up or down, to z, shape (3, 3)."""
    first = 0 if axis else 1
    matrix = np.eye(3)[[first, 3 - axis - first, axis]]
    if down:
        matrix[2] *= -1
    if (np.linalg.det(matrix) < 0) != mirrored:
        matrix[1] *= -1
    return matrix


def _error(solver: PoseSolver, placed: np.ndarray, points: np.ndarray) -> float:
    """Median distance of the points from those of a rigid rat, metres."""
    return float(np.nanmedian(np.linalg.norm(points - solver.positions(placed), axis=-1)))
