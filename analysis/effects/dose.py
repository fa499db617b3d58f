"""Dose-response curves: Hill curves, and the dose with half the largest effect (ED50), with its interval.

    curve = HillCurve().fit(doses, changes)
    curve.ed50_, curve.top_, curve.hill_, curve.predict(0.3)

    found = dose_response(effects, "frames_tracked", "hip")     # of an experiment, effects are fitted
    found.ed50, found.ed50_low, found.ed50_high

The change at dose x is top · xʰ / (xʰ + ED50ʰ), relative to intact animals, whose dose is 0. For a grid of
ED50 and h the best top has a closed form (variable projection; Golub and Pereyra, SIAM J. Numer. Anal. 10,
413, 1973), so that no start has to be guessed, and all bootstrap samples are fitted at once.
"""

import dataclasses
from typing import Self

import numpy as np

from analysis.effects.bootstrap import interval, weighted_mean
from analysis.effects.effect import Effects
from analysis.effects.pairs import mean_over_draws
from rodent.errors import InputError

LEAST_DOSES = 3
"""Fewest doses, without 0, of a curve."""
_BEYOND = 10.0  # how far ED50 may lie below the smallest and above the largest dose, as a factor
_STEP = 0.02  # of the logarithm of ED50
_HILLS = np.geomspace(0.5, 8.0, 25)
_AT_ONCE = 256  # curves of the grid are compared for so many samples


class HillCurve:
    """Hill curve of least squares.

    Attributes:
        ed50_: dose with half the largest change, shape (…); 0 or infinite where it is more than ten times
            below the smallest or above the largest dose.
        hill_: Hill coefficient h, from 0.5 to 8, shape (…).
        top_: change at infinite dose, in the unit of the response, shape (…).
    """

    ed50_: np.ndarray
    hill_: np.ndarray
    top_: np.ndarray

    def fit(self, dose: np.ndarray, response: np.ndarray) -> Self:
        """Fit curves.

        Args:
            dose: positive, shape (doses,).
            response: change at each dose, finite, shape (…, doses).

        Raises:
            InputError: there are too few doses, or one is not positive.
        """
        dose, response = np.asarray(dose, float), np.asarray(response, float)
        if len(np.unique(dose)) < LEAST_DOSES or not (dose > 0).all():
            raise InputError(
                f"doses are {', '.join(f'{x:g}' for x in dose)}; expected {LEAST_DOSES} or more different "
                "ones above 0"
            )
        low, high = np.log(dose.min() / _BEYOND), np.log(dose.max() * _BEYOND)
        middles = np.linspace(low, high, int((high - low) / _STEP) + 1)
        middle, hill = (axis.ravel() for axis in np.meshgrid(middles, _HILLS, indexing="ij"))
        shapes = _hill(dose, np.exp(middle)[:, None], hill[:, None])
        norm = (shapes**2).sum(1)
        flat = response.reshape(-1, len(dose))
        best = np.concatenate(
            [
                ((flat[i : i + _AT_ONCE] @ shapes.T) ** 2 / norm).argmax(1)
                for i in range(0, len(flat), _AT_ONCE)
            ]
        )
        ed50 = np.exp(middle[best])
        ed50 = np.where(middle[best] <= middles[0], 0.0, np.where(middle[best] >= middles[-1], np.inf, ed50))
        shape = response.shape[:-1]
        self.ed50_, self.hill_ = ed50.reshape(shape), hill[best].reshape(shape)
        self.top_ = ((flat * shapes[best]).sum(1) / norm[best]).reshape(shape)
        self._fitted = np.exp(middle[best]).reshape(shape)
        return self

    def predict(self, dose: np.ndarray | float) -> np.ndarray:
        """Change at doses of shape (n,), shape (…, n)."""
        dose = np.atleast_1d(np.asarray(dose, float))
        return self.top_[..., None] * _hill(dose, self._fitted[..., None], self.hill_[..., None])


@dataclasses.dataclass(frozen=True)
class DoseResponse:
    """The change of one outcome with the dose of one arm, or of its control.

    Attributes:
        arm, control, outcome: of what; control is `""` for the arm itself.
        doses: ascending, shape (doses,).
        change: mean change from intact animals, in the unit of the outcome, shape (doses,).
        low, high: 95 % intervals, shape (doses,).
        curve: the Hill curve; None with too few doses, with doses below 0, or if a dose has no value.
        ed50, ed50_low, ed50_high: with the 95 % interval; NaN without a curve, infinite beyond the doses.
    """

    arm: str
    control: str
    outcome: str
    doses: np.ndarray
    change: np.ndarray
    low: np.ndarray
    high: np.ndarray
    curve: HillCurve | None
    ed50: float
    ed50_low: float
    ed50_high: float


def dose_response(effects: Effects, outcome: str, arm: str, control: str = "") -> DoseResponse:
    """The dose-response curve of an arm or of its control.

    Arm and control each have a curve of their own relative to intact animals, because their difference has no
    plateau where high doses of both stop the animal.

    Args:
        effects: fitted.
        outcome: column of the outcome.
        arm: its name.
        control: a kind of control; `""` for the arm itself.

    Raises:
        InputError: there is no such arm.
    """
    pairs, resamples = effects.pairs_, effects.resamples_
    doses = np.array([d for d in pairs.doses(arm) if not control or pairs.has_control(arm, d, control)])
    cells = [pairs.changes(outcome, arm, dose, control) for dose in doses.tolist()]
    one = np.ones((len(pairs.policies), len(pairs.clips)))
    change = np.array([weighted_mean(mean_over_draws(values), one) for values in cells])
    # the same policies, clips and draws at every dose
    samples = np.stack([resamples.mean(resamples.cell_means(values)) for values in cells], 1)
    low, high = interval(samples, resamples.n)
    curve, ed50, ends = None, float("nan"), [float("nan"), float("nan")]
    if len(doses) >= LEAST_DOSES and doses.min() > 0 and np.isfinite(change).all():
        curve = HillCurve().fit(doses, change)
        ed50 = float(curve.ed50_)
        whole = samples[np.isfinite(samples).all(1)]
        ends = interval(HillCurve().fit(doses, whole).ed50_, resamples.n).tolist()
    return DoseResponse(arm, control, outcome, doses, change, low, high, curve, ed50, *ends)


def _hill(dose: np.ndarray, ed50: np.ndarray, hill: np.ndarray) -> np.ndarray:
    return 1 / (1 + (ed50 / dose) ** hill)
