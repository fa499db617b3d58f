"""How much of the way that latents go is rotation: the least-squares fit of a skew-symmetric matrix (jPCA).

    found = rotation_strength(latents, shifts=99, seed=0)
    found.r2, found.null, found.p               # of the skew-symmetric fit, and of shifted latents
    found.hertz                                 # frequencies of its planes

Changes from bin to bin are regressed on latents, with any matrix and with a skew-symmetric one (Churchland et
al., Nature 487, 51, 2012). Smooth activity of many channels rotates somewhat whatever it is (Elsayed and
Cunningham, Nature Neuroscience 20, 1310, 2017). So the null shifts each latent variable in time by itself:
each stays as smooth, and what they do together is lost.
"""

import dataclasses

import numpy as np

from analysis.ring import random_turn, turned

_LEAST_TURN = 0.1  # of the time


@dataclasses.dataclass(frozen=True)
class Rotations:
    """What was found.

    Attributes:
        r2: fraction of the squared changes that a skew-symmetric matrix explains.
        r2_free: the same of any matrix.
        null: mean of `r2` of shifted latents.
        p: fraction of these that are as large.
        hertz: frequencies of the planes, largest first, shape (planes,).
    """

    r2: float
    r2_free: float
    null: float
    p: float
    hertz: np.ndarray


def skew_fit(latents: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """The skew-symmetric matrix M for which changes are closest to M times latents.

    Args:
        latents: shape (bins, dimensions).
        changes: shape (bins, dimensions).

    Returns:
        shape (dimensions, dimensions).
    """
    from scipy.linalg import solve_sylvester

    gram, cross = latents.T @ latents, changes.T @ latents
    gram = gram + 1e-9 * np.trace(gram) / len(gram) * np.eye(len(gram))
    found = solve_sylvester(gram, gram, cross - cross.T)
    return (found - found.T) / 2


def rotation_strength(latents: np.ndarray, bin_seconds: float, shifts: int, seed: int) -> Rotations:
    """Fit rotations to latents of windows.

    Args:
        latents: shape (windows, bins, dimensions), windows in order of time.
        bin_seconds: length of a bin.
        shifts: of the null.
        seed: of the shifts.
    """
    windows, bins, dimensions = latents.shape
    skew, r2 = _fitted(latents)
    before, changes = _pairs(latents)
    free = np.linalg.lstsq(before, changes, rcond=None)[0]
    random, flat = np.random.default_rng(seed), latents.reshape(-1, dimensions)
    nulls = []
    for _ in range(shifts):
        turns = [random_turn(random, len(flat), int(_LEAST_TURN * len(flat))) for _ in range(dimensions)]
        shifted = np.stack([flat[turned(len(flat), t), i] for i, t in enumerate(turns)], axis=1)
        nulls.append(_fitted(shifted.reshape(windows, bins, dimensions))[1])
    hertz = np.sort(np.abs(np.linalg.eigvals(skew).imag))[::-1][::2] / (2 * np.pi * bin_seconds)
    return Rotations(
        r2=r2,
        r2_free=_explained(changes, before @ free),
        null=float(np.mean(nulls)),
        p=(1 + sum(null >= r2 for null in nulls)) / (1 + shifts),
        hertz=hertz[: dimensions // 2],
    )


def _fitted(latents: np.ndarray) -> tuple[np.ndarray, float]:
    before, changes = _pairs(latents)
    skew = skew_fit(before, changes)
    return skew, _explained(changes, before @ skew.T)


def _pairs(latents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Latents in the middle between two bins, and changes between them, shape (n, dimensions) each."""
    centred = latents - latents.mean((0, 1))
    middle = (centred[:, 1:] + centred[:, :-1]) / 2
    return middle.reshape(-1, latents.shape[2]), np.diff(centred, axis=1).reshape(-1, latents.shape[2])


def _explained(changes: np.ndarray, predicted: np.ndarray) -> float:
    total = (changes**2).sum()
    return float(1 - ((changes - predicted) ** 2).sum() / total) if total > 0 else float("nan")
