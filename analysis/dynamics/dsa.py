"""Dynamical similarity analysis: how unlike two systems go on, whatever they are made of.

    dsa_distance(first, second)             # radians; 0 where one is a rotation of the other in delay
    coordinates

Both are embedded with delays, reduced to the same number of components, and described by the matrix that
takes each moment to the next (dynamic mode decomposition). The distance is the angle between the matrices
after the best orthogonal change of coordinates of one (Ostrow et al., NeurIPS 2023, arXiv 2306.10168). It
compares how states change, not where they are.
"""

import numpy as np

from rodent.errors import InputError

_STARTS = 16
_STEPS = 400
_RIDGE = 1e-4  # relative to the variance of a component


def dsa_distance(
    first: np.ndarray, second: np.ndarray, delays: int = 10, rank: int = 8, seed: int = 0
) -> float:
    """Angle between the dynamics of two sets of windows, radians, from 0 to pi.

    Args:
        first, second: latents or activity, shape (windows, bins, dimensions); both in the same bins, of any
            number of windows and dimensions.
        delays: bins that a moment is described by.
        rank: components that are kept, of both.
        seed: of the starts of the search.

    Raises:
        InputError: windows are shorter than the delays, or one of them varies in fewer directions.
    """
    matrices = [transition_matrix(one, delays, rank) for one in (first, second)]
    return matrix_angle(*matrices, seed=seed)


def transition_matrix(windows: np.ndarray, delays: int, rank: int) -> np.ndarray:
    """The matrix that takes components of delay coordinates from bin to bin, shape (rank, rank).

    Raises:
        InputError: as for `dsa_distance`.
    """
    count, bins, dimensions = windows.shape
    if bins < delays + 2:
        raise InputError(f"windows of {bins} bins are too short for {delays} delays; expected {delays + 2}")
    centred = windows - windows.mean((0, 1))
    stacked = np.stack([centred[:, i : bins - delays + 1 + i] for i in range(delays)], axis=3)
    embedded = stacked.reshape(count, bins - delays + 1, dimensions * delays)
    flat = embedded.reshape(-1, dimensions * delays)
    variances, vectors = np.linalg.eigh(flat.T @ flat / len(flat))
    have = int((variances > 1e-9 * max(variances[-1], 1e-300)).sum())
    if have < rank:
        raise InputError(
            f"delay coordinates are singular: they vary in {have} directions, fewer than the rank of {rank}; "
            "take more delays or a lower rank"
        )
    # components of equal variance: how large a latent is does not count
    components = embedded @ (vectors[:, ::-1][:, :rank] / np.sqrt(variances[::-1][:rank]))
    before, after = components[:, :-1].reshape(-1, rank), components[:, 1:].reshape(-1, rank)
    gram = before.T @ before + _RIDGE * len(before) * np.eye(rank)
    return np.linalg.solve(gram, before.T @ after).T


def matrix_angle(first: np.ndarray, second: np.ndarray, seed: int = 0) -> float:
    """Least angle between a matrix and orthogonal changes of coordinates of another, radians.

    The inner product of A and C B C' is a quadratic form of C; with a multiple of the identity added it is
    convex, and each step goes to the orthogonal matrix that is closest to its slope, which never lowers it
    (Journee et al., J Mach Learn Res 11, 517, 2010).
    """
    size = len(first)
    random = np.random.default_rng(seed)
    starts = np.linalg.qr(random.normal(size=(_STARTS, size, size)))[0]
    turns = np.concatenate([starts, np.eye(size)[None]])
    shift = np.linalg.norm(first, 2) * np.linalg.norm(second, 2)
    for _ in range(_STEPS):
        slope = first @ turns @ second.T + first.T @ turns @ second + 2 * shift * turns
        left, _, right = np.linalg.svd(slope)
        turns = left @ right
    product = (first * (turns @ second @ turns.swapaxes(1, 2))).sum((1, 2)).max()
    return float(np.arccos(np.clip(product / (np.linalg.norm(first) * np.linalg.norm(second)), -1, 1)))
