"""Screens: an arm whose draws are single units, or other sites, each of which is a test of its own.

screen = Screen().fit(effects, "frames_tracked", "decoder/layer_1", dose=1.0)
screen.effect_, screen.q_           # of every draw, such as every unit, shape (draws,)
screen.ranking_                     # draws, largest effect first

The effect of a draw is its mean change minus that of all controls, and p is its two-sided rank among the
controls. q is the false discovery rate over the draws (Benjamini and Hochberg).
"""

from typing import Self

import numpy as np

from analysis.effects.bootstrap import interval
from analysis.effects.effect import Effects
from analysis.encoding.inference import rank_p
from analysis.multiple_testing import benjamini_hochberg


class Screen:
    """Effects of the draws of one arm at one dose on one outcome.

    Attributes:
        draws_: numbers of the draws, such as units, shape (draws,).
        effect_: in the unit of the outcome, shape (draws,).
        low_, high_: 95 % intervals, shape (draws,).
        p_, q_: NaN without controls, shape (draws,).
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
        self.p_ = np.full(len(arms), np.nan)
        if self.control_draws_:
            tails = [rank_p(sign * arms, sign * controls[:, None]) for sign in (-1, 1)]
            self.p_ = np.where(np.isnan(arms), np.nan, np.minimum(1.0, 2 * np.minimum(*tails)))
        self.q_ = benjamini_hochberg(self.p_)
        return self

    @property
    def ranking_(self) -> np.ndarray:
        """Draws by the size of their effect, largest first; unknown ones last."""
        return self.draws_[np.argsort(-np.nan_to_num(np.abs(self.effect_), nan=-1.0), kind="stable")]
