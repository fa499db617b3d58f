"""Whether keypoints are those of a rat, upright in a right-handed frame: told from a rigid rat put where
it fits best.
"""

import numpy as np

from rodent.errors import InputError
from rodent.keypoints.axes import axes_named
from rodent.registration.pose import PoseSolver
from rodent.rotation import rotate

_CLEARLY = 0.5  # length of the mean direction of backs, 1 where all are alike
# metres off a rigid rat: 5 to 20 mm in real and made recordings of adult rats, up to 40 mm where the size is
# off by half, 46 to 80 mm with names dealt out anew
_UNLIKE = 0.042
_BETTER = 0.8  # error of mirrored keypoints relative to that of the given ones that tells
_MOST = 2000  # frames that are looked at
_MIRROR = np.array([1.0, -1.0, 1.0])


class AxesError(InputError):
    """The axes of keypoints are not x, y and z of a right-handed frame with z up.

    Args:
        fault: what is wrong, with the name of the file.
        axes: what takes the keypoints as they are into such a frame, shape (3, 3).
    """

    def __init__(self, fault: str, axes: np.ndarray):
        text = axes_named(axes)
        super().__init__(f"{fault}; take {text.replace(',', ', ')} for x, y, z: pass --axes {text}")
        self.fault, self.axes = fault, axes

    def after(self, axes: np.ndarray) -> "AxesError":
        """The same of keypoints that these axes have been applied to, shape (3, 3)."""
        return AxesError(self.fault, self.axes @ axes)


def require_upright(solver: PoseSolver, points: np.ndarray, source: str) -> None:
    """Make sure that keypoints have their own names, that z points up, and that nothing is mirrored.

    Args:
        solver: of the body, for points of the same size.
        points: keypoints, metres, NaN where missing, shape (frames, K, 3).
        source: where they came from, for messages.

    Raises:
        InputError: this is nothing like a rat.
        AxesError: the axes are not x, y, z of a right-handed frame with z up; the message says which
            way the rat's back points, or that it is mirrored, and the axes that mend it.
    """
    some = points[:: -(-len(points) // _MOST)]
    placed, turned = solver.placed(some), solver.placed(some * _MIRROR)
    given, other = _error(solver, placed, some), _error(solver, turned, some * _MIRROR)
    if min(given, other) > _UNLIKE:
        raise InputError(
            f"{source}: the keypoints are {1000 * given:.0f} mm off those of a rigid rat, where 5 to 20 mm "
            "are usual: they seem to have one another's names; give the names in the file's order: --names"
        )
    mirrored = other < _BETTER * given
    up = _mean_back(turned) * _MIRROR if mirrored else _mean_back(placed)
    if np.abs(up).max() < _CLEARLY:
        up = np.array([0.0, 0.0, 1.0])  # nothing can be said
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
    """The mean direction that backs point in, shape (3,)."""
    return rotate(qpos[:, 3:7], np.broadcast_to([0.0, 0.0, 1.0], (len(qpos), 3))).mean(axis=0)


def _upright(axis: int, down: bool, mirrored: bool) -> np.ndarray:
    """Axes with z along the given one, up or down; x is one of the others as it is, shape (3, 3)."""
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
