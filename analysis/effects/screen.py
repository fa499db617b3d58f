"""Screens: an arm whose draws are single units, or other sites, each of which is a test of its own.

screen = Screen().fit(effects, "frames_tracked", "decoder/layer_1", dose=1.0)
screen.effect_, screen.q_           # of every draw, such as every unit, shape (draws,)
screen.ranking_                     # draws, largest effect first

The effect of a draw is its mean change minus that of all controls. q is the false discovery rate over the
draws (Benjamini and Hochberg).

With controls, p is the two-sided rank of the draw among them: does this unit matter more than others? The
controls of single units are the other units of the layer, so few units can be found in this way. Without
controls the effect is the change from intact animals, and p is by sign flips: does this unit matter at all?
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from analysis.effects.bootstrap import interval
from analysis.effects.effect import Effects
from analysis.effects.pairs import mean_over_draws
from analysis.encoding.inference import rank_p
from analysis.multiple_testing import benjamini_hochberg

_ALL_FLIPS = 13  # changes whose flips of signs are all taken
_FLIPS = 9999


class Screen:
    """Effects of the draws of one arm at one dose on one outcome.

    Attributes:
        draws_: numbers of the draws, such as units, shape (draws,).
        effect_: in the unit of the outcome, shape (draws,).
        low_, high_: 95 % intervals, shape (draws,).
        p_, q_: shape (draws,); NaN without controls, if nothing is resampled.
        control_draws_: number of draws of the control.
    """

    draws_: np.ndarray
    effect_: np.ndarray
    low_: np.ndarray
    high_: np.ndarray
    p_: np.ndarray
    q_: np.ndarray
    control_draws_: int

    def fit(self, effects: Effects, outcome: str, arm: str, dose: float) -> Self:
        """Compute the effects of all draws.

        Args:
            effects: fitted.
            outcome: column of the outcome.
            arm, dose: whose draws are screened.
        """
        pairs, resamples, control = effects.pairs_, effects.resamples_, effects.settings.control
        of_arm = pairs.changes(outcome, arm, dose)
        of_control, self.control_draws_ = np.zeros((*of_arm.shape[:2], 1)), 0
        if pairs.has_control(arm, dose, control):
            of_control = pairs.changes(outcome, arm, dose, control)
            self.control_draws_ = of_control.shape[2]
        used = np.isfinite(of_arm).any(-1) & np.isfinite(of_control).any(-1)
        arms, controls = of_arm[used].mean(0), of_control[used].mean(0)
        controls = controls[np.isfinite(controls)]
        self.draws_ = pairs.draws(arm, dose)
        self.effect_ = arms - controls.mean()
        baseline = resamples.cell_means(of_control, stream=1)
        samples = [resamples.mean(of_arm[None, :, :, i] - baseline) for i in range(len(arms))]
        self.low_, self.high_ = interval(np.stack(samples, axis=1), resamples.n)
        if self.control_draws_:
            tails = [rank_p(sign * arms, sign * controls[:, None]) for sign in (-1, 1)]
            self.p_ = np.where(np.isnan(arms), np.nan, np.minimum(1.0, 2 * np.minimum(*tails)))
        else:
            self.p_ = sign_flip_p(_at_highest(of_arm, resamples.levels), effects.settings.seed)
        self.q_ = benjamini_hochberg(self.p_)
        return self

    @property
    def ranking_(self) -> np.ndarray:
        """Draws by the size of their effect, largest first; unknown ones last."""
        return self.draws_[np.argsort(-np.nan_to_num(np.abs(self.effect_), nan=-1.0), kind="stable")]


def sign_flip_p(changes: np.ndarray, seed: int = 0) -> np.ndarray:
    """Two-sided p that changes are symmetric about 0, from their mean under flips of their signs.

    All flips are taken for up to 13 changes, and 9999 random ones for more; p is 2 / 2ⁿ or more (Fisher, The
    Design of Experiments, 1935, chapter 3).

    Args:
        changes: of independent animals or clips, shape (n, units); NaN counts for nothing.
        seed: of random flips.

    Returns:
        shape (units,); NaN for units with fewer than two changes.

    >>> sign_flip_p(np.array([[1.0], [2.0], [3.0]])).tolist()
    [0.25]
    """
    known = np.isfinite(changes)
    values = np.where(known, changes, 0.0)
    n = len(values)
    if n <= _ALL_FLIPS:
        bits = np.arange(2**n)[:, None] >> np.arange(n) & 1
        flips = 1.0 - 2.0 * bits
    else:
        flips = np.random.default_rng(seed).choice([-1.0, 1.0], (_FLIPS + 1, n))
        flips[0] = 1.0
    sums = np.abs(flips @ values)
    # sums of the same numbers in another order differ in their last bits
    as_large = sums >= sums[:1] * (1 - 1e-9)
    return np.where(known.sum(0) > 1, as_large.mean(0), np.nan)


def _at_highest(values: np.ndarray, levels: Sequence[str]) -> np.ndarray:
    """Means for every policy or clip, whichever is the highest level that is resampled, (n, draws)."""
    if not levels:
        return np.zeros((0, values.shape[2]))
    other = 1 if levels[0] == "policies" else 0
    return mean_over_draws(np.moveaxis(values, other, -1))
