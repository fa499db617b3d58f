"""Which frames a body is fitted to: diverse ones, by farthest-point sampling of body shapes."""

import numpy as np

from rodent.registration.pose import FEWEST, PoseSolver
from rodent.rotation import conjugate, rotate

_SAMPLE, _CANDIDATES = 200, 4000  # frames in the sample, and candidates for it
_NEARLY_ALL = 0.7  # fraction of the largest number of keypoints that a candidate must have


def diverse_frames(solver: PoseSolver, points: np.ndarray) -> np.ndarray:
    """Indices of diverse frames, ascending, shape (at most 200,).

    Args:
        solver: of the poses.
        points: keypoints on a body of scale 1, metres, NaN where missing, shape (frames, K, 3).
    """
    enough = np.isfinite(points[..., 0]).sum(axis=1)
    candidates = np.flatnonzero(enough >= max(FEWEST, _NEARLY_ALL * enough.max()))
    candidates = candidates[
        np.linspace(0, len(candidates) - 1, min(_CANDIDATES, len(candidates))).astype(int)
    ]
    chosen = points[candidates]
    placed = solver.placed(chosen)
    local = rotate(
        np.broadcast_to(conjugate(placed[:, None, 3:7]), (*chosen.shape[:2], 4)),
        chosen - placed[:, None, :3],
    )
    shape = np.where(np.isfinite(local), local, np.nanmedian(local, axis=0)).reshape(len(chosen), -1)
    picked = [int(np.argmin(np.linalg.norm(shape - np.median(shape, axis=0), axis=1)))]
    distance = np.linalg.norm(shape - shape[picked[0]], axis=1)
    while len(picked) < min(_SAMPLE, len(shape)):
        picked.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(shape - shape[picked[-1]], axis=1))
    return np.sort(candidates[picked])
