"""Whether keypoints stand upright in a right-handed frame: told from a rigid rat put where it fits best."""

import numpy as np

from rodent.errors import InputError
from rodent.motion.kinematics import rotate
from rodent.motion.registration.pose import PoseSolver

_CLEARLY = 0.5  # length of the mean direction of backs, 1 where all are alike
_BETTER = 0.8  # error of mirrored keypoints relative to that of the given ones that tells
_MOST = 2000  # frames that are looked at
_MENDED = {
    "y": "take x, -z, y for x, y, z",
    "-y": "take x, z, -y for x, y, z",
    "-z": "take x, -y, -z for x, y, z",
}


def require_upright(solver: PoseSolver, points: np.ndarray, source: str) -> None:
    """Make sure that z points up and that nothing is mirrored.

    Args:
        solver: of the body, for points of the same size.
        points: keypoints, metres, NaN where missing, shape (frames, K, 3).
        source: where they came from, for messages.

    Raises:
        InputError: the axes are not x, y, z of a right-handed frame with z up; the message says which
            way the rat's back points, or that it is mirrored.
    """
    some = points[:: -(-len(points) // _MOST)]
    placed = solver.placed(some)
    mirror = np.array([1.0, -1.0, 1.0])
    turned = solver.placed(some * mirror)
    given, mirrored = _error(solver, placed, some), _error(solver, turned, some * mirror)
    if mirrored < _BETTER * given:
        raise InputError(
            f"{source}: the keypoints are those of a mirrored rat ({1000 * given:.0f} mm off a rigid one, "
            f"{1000 * mirrored:.0f} mm with y negated): an axis points the wrong way, or left and right are "
            "exchanged in all names; negate y, or exchange the names"
        )
    up = rotate(placed[:, 3:7], np.broadcast_to([0.0, 0.0, 1.0], (len(placed), 3))).mean(axis=0)
    axis = int(np.abs(up).argmax())
    if (axis != 2 or up[2] < 0) and abs(up[axis]) > _CLEARLY:
        way = f"{'-' if up[axis] < 0 else ''}{'xyz'[axis]}"
        mended = _MENDED.get(way, "exchange axes, one of them negated")
        raise InputError(f"{source}: the rat's back points along {way}, but z must point up; {mended}")


def _error(solver: PoseSolver, placed: np.ndarray, points: np.ndarray) -> float:
    """Median distance of the points from those of a rigid rat, metres."""
    return float(np.nanmedian(np.linalg.norm(points - solver.places(placed), axis=-1)))
