"""Points on a body in some poses, and how they move along its directions.

    linear = skeleton.linear(batch, qpos, offsets)
    linear.place                              # metres, (n, K, 3)
    matrix, slope = linear.normal(weights, errors)    # of a least-squares problem: (n, D, D), (n, D)
    linear.jacobian()                         # (n, K, 3, D), if it is needed itself

A direction is a screw: its angular velocity, and its velocity at the root. The normal equations follow from
the points' moments, summed over the part of the body that a direction moves, as in the composite-rigid-body
algorithm (Featherstone, Rigid Body Dynamics Algorithms, 2008, ch. 6). That takes a tenth of the operations
of products of Jacobians.
"""

import dataclasses
import functools

import numpy as np

# velocities of a point at x, y, z are P @ screw; these are the entries of the symmetric P' diag(w) P, as the
# row, the column and the index of the moment
_ENTRIES = (
    *((0, 0, 0), (1, 1, 1), (2, 2, 2), (0, 4, 3), (0, 5, 4), (1, 3, 5), (1, 5, 6), (2, 3, 7), (2, 4, 8)),
    *((3, 3, 9), (4, 4, 10), (5, 5, 11), (3, 4, 12), (3, 5, 13), (4, 5, 14)),
)


@dataclasses.dataclass(frozen=True)
class Linearised:
    """K points in n poses, and D directions."""

    place: np.ndarray
    """Positions, metres, shape (n, K, 3)."""
    arms: np.ndarray
    """Positions relative to the root, in the axes of the world, metres, shape (n, K, 3)."""
    screws: np.ndarray
    """Velocity at the root and angular velocity of each direction, shape (6, n, D)."""
    moves: np.ndarray
    """1 where a direction moves a point, else 0, shape (K, D). Of two directions that move a common point,
    one moves all the points that the other moves; the one that moves more comes first."""

    def at(self, points: slice) -> "Linearised":
        """The same for some of the points."""
        return Linearised(self.place[:, points], self.arms[:, points], self.screws, self.moves[points])

    def jacobian(self) -> np.ndarray:
        """Of the positions by the directions, shape (n, K, 3, D)."""
        x, y, z = np.moveaxis(self.arms, -1, 0)
        parts = np.zeros((*self.arms.shape, 6))
        parts[..., :3] = np.eye(3)
        parts[..., 0, 4], parts[..., 0, 5] = z, -y
        parts[..., 1, 3], parts[..., 1, 5] = -z, x
        parts[..., 2, 3], parts[..., 2, 4] = y, -x
        n, k = self.place.shape[:2]
        rows = parts.reshape(n, 3 * k, 6) @ self.screws.swapaxes(0, 1)
        return rows.reshape(n, k, 3, -1) * self.moves[:, None]

    def generalised(self, forces: np.ndarray) -> np.ndarray:
        """Transposed Jacobian times forces on the points.

        Args:
            forces: shape (R, n, K, 3).

        Returns:
            shape (R, n, D).
        """
        u, v, w = np.moveaxis(forces, -1, 0)
        x, y, z = np.moveaxis(self.arms, -1, 0)
        wrenches = np.stack([u, v, w, y * w - z * v, z * u - x * w, x * v - y * u])
        summed = (wrenches.reshape(-1, len(self.moves)) @ self.moves).reshape(*wrenches.shape[:3], -1)
        return np.einsum("crnd,cnd->rnd", summed, self.screws)

    def normal(self, weights: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Hessian (n, D, D) and negative gradient (n, D) of half the weighted squares of errors.

        Args:
            weights: of every coordinate of the points, shape (n, K, 3).
            errors: by which the positions should grow, metres, shape (n, K, 3).
        """
        n, k, _ = self.place.shape
        a, b, c = np.moveaxis(weights, -1, 0)
        x, y, z = np.moveaxis(self.arms, -1, 0)
        moments = np.stack(
            [
                *(a, b, c, a * z, -a * y, -b * z, b * x, c * y, -c * x),
                *(b * z * z + c * y * y, a * z * z + c * x * x, a * y * y + b * x * x),
                *(-c * x * y, -b * x * z, -a * y * z),
            ]
        )
        summed = (moments.reshape(-1, k) @ self.moves).reshape(len(moments), n, -1)
        momenta = np.zeros_like(self.screws)
        for row, column, at in _ENTRIES:
            momenta[row] += summed[at] * self.screws[column]
            if row != column:
                momenta[column] += summed[at] * self.screws[row]
        upper = self.screws.transpose(1, 2, 0) @ momenta.swapaxes(0, 1)
        upper *= self._nested
        return upper + upper.swapaxes(-1, -2), self.generalised((weights * errors)[None])[0]

    @functools.cached_property
    def _nested(self) -> np.ndarray:
        """Whether the first direction moves what the second, later one moves: 1, on the diagonal 1/2."""
        return np.triu(self.moves.T @ self.moves > 0) * (1 - np.eye(self.moves.shape[1]) / 2)
