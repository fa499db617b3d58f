"""Penalised Poisson regression of many neurons at once, by Newton's method.

    coef, converged = solve(data, Penalty.of("ridge", groups), strength=np.full(neurons, 0.1))

Per neuron it minimises the mean over bins of (rate - count log rate) / mean count, plus strength
times the penalty. Slopes are exact and curvatures estimated from some of the bins, so a step
brings the end nearer by a factor of about ten and costs two matrix products; steps that do not
lower the objective are shortened. With a rough penalty the parabola's least is found by
`Penalty.step` (the proximal Newton method: Lee, Sun and Saunders, SIAM J. Optimization 24, 1420,
2014).
"""

from collections.abc import Iterable, Iterator

import numpy as np

from analysis.encoding.design import Data
from analysis.encoding.penalties import Penalty
from analysis.encoding.scores import mean_count

TOLERANCE = 1e-12
"""Nats per spike that a full step would still gain, at the end."""

_MAX_STEPS = 100
_SLOW = 0.1  # of the gain of the step before: the curvature is taken anew
_SUFFICIENT = 1e-4  # of the gain foreseen (Armijo)
_ROUNDING = {np.dtype(np.float32): 2e-6, np.dtype(np.float64): 1e-13}


def solve(
    data: Data,
    penalty: Penalty,
    strength: np.ndarray,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients that minimise the penalised loss, and whether they were reached.

    Args:
        data: features and spikes.
        penalty: on its coefficients.
        strength: shape (neurons,), or of every coefficient, shape (D, neurons).
        start: coefficients to begin with, shape (D, neurons); constant rates if not given.
        tolerance: see TOLERANCE.

    Returns:
        shape (D, neurons); bool, shape (neurons,). Neurons without spikes keep a constant rate
        of half a spike in all.
    """
    return next(solve_path(data, penalty, [strength], start, tolerance))


def solve_path(
    data: Data,
    penalty: Penalty,
    strengths: Iterable[np.ndarray],
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same for one strength after another, each from where the one before ended.

    Begin with the strongest: what it leaves of the coefficients is quickly found.
    """
    descent = Descent(data, penalty, start)
    for strength in strengths:
        yield descent.to(strength, tolerance)


class Descent:
    """Where the coefficients of each neuron are, and where they are to go.

    Args:
        data: features and spikes.
        penalty: on its coefficients.
        start: as for `solve`.
    """

    def __init__(self, data: Data, penalty: Penalty, start: np.ndarray | None = None):
        self.data, self.penalty = data, penalty
        self.live = np.flatnonzero(data.spikes > 0)
        self.scale = 1 / np.maximum(data.spikes, 1.0)
        self.coef = data.flat(mean_count(data.spikes, data.n_bins)) if start is None else start.copy()
        shape = self.coef.shape
        self.strength, self.ridge = np.zeros(shape), np.zeros(shape)
        self.direction, self.size = np.zeros(shape), np.ones(shape[1])
        self.gain, self.objective = np.zeros(shape[1]), np.zeros(shape[1])
        # of the likelihood alone, for they hold for any penalty
        self.loss, self.slope = np.zeros(shape[1]), np.zeros(shape)
        self.curvature = np.zeros((shape[1], shape[0], shape[0]))
        self.noise = _ROUNDING[data.dtype]
        self.loss[self.live], self.slope[:, self.live] = self.evaluate(self.coef[:, self.live], self.live)
        self.bend(self.live)

    def to(self, strength: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
        """Go to the optimum for a strength; arguments and results as of `solve`."""
        self.strength = np.broadcast_to(strength, self.coef.shape)
        self.ridge = self.penalty.ridge[:, None] * self.strength
        self.objective = self.loss + self.cost(self.coef, slice(None))
        self.aim(self.live)
        active = self.live[self.gain[self.live] > tolerance]
        for _ in range(_MAX_STEPS):
            if not len(active):
                break
            foreseen = self.gain[active].copy()
            better = self.move(active)
            moved = active[better]
            slow = moved[self.gain[moved] > np.maximum(_SLOW * foreseen[better], tolerance)]
            if len(slow):
                self.bend(slow)
                self.aim(slow)
            active = active[self.gain[active] > tolerance]
        done = np.ones(self.data.n_neurons, bool)
        done[active] = False
        # what is left of the way is known, and shorter than the tolerance
        return self.coef + np.where(done, self.direction, 0.0), done

    def one_step(self, strength: np.ndarray) -> np.ndarray:
        """Where one full step leads under another strength, shape (D, K); the place stays as it is.

        From the optimum for one strength that is nearly the optimum for another.
        """
        strength = np.broadcast_to(strength, self.coef.shape)
        found = self.coef.copy()
        step, _ = self.direction_under(strength[:, self.live], self.live)
        found[:, self.live] += step
        return found

    def evaluate(self, coef: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The loss without the penalty, and its slope."""
        likelihood, slope = self.data.likelihood(coef, which)
        return -self.scale[which] * likelihood, -self.scale[which] * slope

    def cost(self, coef: np.ndarray, which: np.ndarray | slice) -> np.ndarray:
        """The penalty."""
        squares = 0.5 * np.einsum("dk,dk->k", self.ridge[:, which], coef**2)
        return squares + self.penalty.rough(coef, self.strength[:, which])

    def bend(self, which: np.ndarray) -> None:
        """Take the curvature where the neurons are."""
        self.curvature[which] = (
            self.data.curvature(self.coef[:, which], which) * self.scale[which, None, None]
        )

    def aim(self, which: np.ndarray) -> None:
        """Find the next steps, and what they would gain."""
        coef, strength = self.coef[:, which], self.strength[:, which]
        step, slope = self.direction_under(strength, which)
        rough = self.penalty.rough(coef + step, strength) - self.penalty.rough(coef, strength)
        self.direction[:, which] = step
        self.gain[which] = -(np.einsum("dk,dk->k", slope, step) + rough)
        self.size[which] = 1.0

    def direction_under(self, strength: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The full step under a strength, and the slope of the smooth part, shape (D, K') each."""
        coef, ridge = self.coef[:, which], self.penalty.ridge[:, None] * strength
        slope, curvature = self.slope[:, which] + ridge * coef, self.curvature[which]
        index = np.arange(self.data.n_coef)
        curvature[:, index, index] += ridge.T
        return self.penalty.step(slope, curvature, coef, strength), slope

    def move(self, which: np.ndarray) -> np.ndarray:
        """Go on where that lowers the objective, and next time less far elsewhere; tells where it did."""
        size = self.size[which]
        trial = self.coef[:, which] + size * self.direction[:, which]
        loss, slope = self.evaluate(trial, which)
        objective = loss + self.cost(trial, which)
        enough = self.objective[which] - _SUFFICIENT * size * self.gain[which]
        better = objective <= enough + self.noise * np.maximum(1.0, np.abs(enough))
        moved = which[better]
        self.coef[:, moved], self.slope[:, moved] = trial[:, better], slope[:, better]
        self.loss[moved], self.objective[moved] = loss[better], objective[better]
        self.size[which[~better]] /= 4
        if len(moved):
            self.aim(moved)
        return better
