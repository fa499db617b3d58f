"""What keeps the coefficients of a regression small: ridge, elastic net, group lasso.

    penalty = Penalty.of("group-lasso", groups)
    penalty.ridge, penalty.rough(coef, strength)
    step = penalty.step(slope, curvature, coef, strength)

A penalty is strength times (half the squares that `ridge` weighs + a rough part, which has corners
at zero). All functions take many neurons: coefficients and their strengths have shape (D, K); those of
one group of a group lasso are the same.
"""

import dataclasses
from typing import Literal

import numpy as np

from analysis.encoding.grouped import least_of_groups

PenaltyName = Literal["ridge", "elastic-net", "group-lasso"]
FREE = -1
"""Group of coefficients that are not penalised: the constant."""

_MAX_STEPS = 5000
_ENOUGH = 1e-10  # of a step relative to the coefficients


@dataclasses.dataclass(frozen=True)
class Penalty:
    """A penalty on D coefficients.

    Attributes:
        ridge: weight of each coefficient's square, shape (D,).
        lasso: weight of each coefficient's absolute value, shape (D,).
        groups: members of each group, and the weight of the group's norm.
    """

    ridge: np.ndarray
    lasso: np.ndarray
    groups: tuple[tuple[np.ndarray, float], ...] = ()

    @classmethod
    def of(cls, name: PenaltyName, groups: np.ndarray, l1_ratio: float = 0.5) -> "Penalty":
        """One of the penalties.

        Ridge: the squares. Elastic net (Zou and Hastie, J. R. Stat. Soc. B 67, 301, 2005): a part
        `l1_ratio` of absolute values, the rest squares. Group lasso (Yuan and Lin, J. R. Stat.
        Soc. B 68, 49, 2006): the norm of each group, times the root of its size.

        Args:
            name: which.
            groups: of each coefficient, an integer; FREE for none. Shape (D,).
            l1_ratio: of the elastic net.
        """
        some = (groups != FREE).astype(float)
        none = np.zeros(len(groups))
        if name == "ridge":
            return cls(some, none)
        if name == "elastic-net":
            return cls((1 - l1_ratio) * some, l1_ratio * some)
        members = [np.flatnonzero(groups == g) for g in np.unique(groups[groups != FREE])]
        return cls(none, none, tuple((rows, float(np.sqrt(len(rows)))) for rows in members))

    @property
    def smooth(self) -> bool:
        """Whether there is no rough part."""
        return not self.groups and not self.lasso.any()

    def rough(self, coef: np.ndarray, strength: np.ndarray) -> np.ndarray:
        """The rough part, shape (K,)."""
        found = np.einsum("d,dk,dk->k", self.lasso, strength, np.abs(coef))
        for rows, weight in self.groups:
            found += weight * strength[rows[0]] * np.linalg.norm(coef[rows], axis=0)
        return found

    def shrink(self, coef: np.ndarray, amount: np.ndarray) -> np.ndarray:
        """The proximal operator of the absolute values times an amount, shape (D, K)."""
        return np.sign(coef) * np.maximum(np.abs(coef) - amount * self.lasso[:, None], 0.0)

    def step(
        self, slope: np.ndarray, curvature: np.ndarray, coef: np.ndarray, strength: np.ndarray
    ) -> np.ndarray:
        """The step from coef to the least of a parabola plus the rough part, shape (D, K).

        Args:
            slope: of the parabola at coef, shape (D, K).
            curvature: of the parabola, positive definite, shape (K, D, D).
            coef: shape (D, K).
            strength: shape (D, K).
        """
        if self.smooth:
            return -np.linalg.solve(curvature, slope.T[..., None])[..., 0].T
        if self.groups:
            weighted = [(rows, weight * strength[rows[0]]) for rows, weight in self.groups]
            return least_of_groups(slope, curvature, coef, weighted)
        # accelerated proximal steps, begun anew where they turn back (O'Donoghue and Candès,
        # Foundations of Computational Mathematics 15, 715, 2015)
        length = 1 / np.abs(curvature).sum(-1).max(-1)
        now = ahead = coef
        momentum = np.ones(coef.shape[1])
        for _ in range(_MAX_STEPS):
            downhill = slope + np.matmul(curvature, (ahead - coef).T[..., None])[..., 0].T
            after = self.shrink(ahead - length * downhill, length * strength)
            back = np.einsum("dk,dk->k", ahead - after, after - now) > 0
            grown = np.where(back, 1.0, (1 + np.sqrt(1 + 4 * momentum**2)) / 2)
            ahead = after + np.where(back, 0.0, (momentum - 1) / grown) * (after - now)
            moved = np.abs(after - now).max(initial=0)
            now, momentum = after, grown
            if moved <= _ENOUGH * max(1.0, np.abs(after).max(initial=0)):
                break
        return now - coef
