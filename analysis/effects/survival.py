"""Survival curves: the fraction of rollouts that still track their clip, by arm, control and intact.

curves = survival(effects, "hip", dose=1.0)
curves["hip"].fraction, curves["matched"].low, curves["intact"].frames

A rollout that is tracked to its last frame is censored there (Kaplan and Meier, J. Am. Stat. Assoc. 53, 457,
1958). Bands are pointwise 95 % intervals over policies and clips. There is no logrank test, as it takes
rollouts of one policy to be independent; the p of the frames tracked is a rank among draws.
"""

import dataclasses

import numpy as np

from analysis.effects.bootstrap import interval
from analysis.effects.effect import Effects
from rodent.experiment.spec import INTACT


@dataclasses.dataclass(frozen=True)
class Survival:
    """A survival curve.

    Attributes:
        frames: from 0, shape (n,).
        fraction: that survives this frame, shape (n,).
        low, high: 95 % interval, shape (n,).
        rollouts: their number.
        restricted_mean: area below the curve: mean frames tracked up to the last frame of any rollout
            (restricted mean survival time).
    """

    frames: np.ndarray
    fraction: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rollouts: int
    restricted_mean: float


def survival(effects: Effects, arm: str, dose: float) -> dict[str, Survival]:
    """Curves of an arm at a dose, of its control if it has one, and of intact animals, by name.

    Args:
        effects: fitted.
        arm: its name.
        dose: one of its doses.
    """
    pairs, control = effects.pairs_, effects.settings.control
    found = {arm: _curve(effects, pairs.rows(arm, dose))}
    if pairs.has_control(arm, dose, control):
        found[control] = _curve(effects, pairs.rows(arm, dose, control))
    return found | {INTACT: _curve(effects, pairs.rows(INTACT, 0.0))}


def kaplan_meier(ended: np.ndarray, failed: np.ndarray) -> np.ndarray:
    """Fraction that survives each frame.

    Args:
        ended: rollouts that end in each frame, by failure or at their last frame, shape (…, frames); those at
            risk in a frame end in it or later.
        failed: those of them that fail, shape (…, frames).

    Returns:
        shape (…, frames).
    """
    at_risk = np.cumsum(ended[..., ::-1], axis=-1)[..., ::-1]
    return np.cumprod(1 - failed / np.where(at_risk > 0, at_risk, 1.0), axis=-1)


def _curve(effects: Effects, rows: np.ndarray) -> Survival:
    pairs, resamples = effects.pairs_, effects.resamples_
    table, cell = pairs.table, pairs.cell_of[rows]
    tracked = table["frames_tracked"][rows].astype(int)
    failed = ~table["success"][rows].astype(bool)
    shape = (len(pairs.policies) * len(pairs.clips), int(table["frames"].max()) + 1)
    place = np.ravel_multi_index((cell, tracked), shape)
    ended, lost = (
        np.bincount(place[which], minlength=np.prod(shape)).reshape(shape).astype(float)
        for which in (np.ones(len(rows), bool), failed)
    )
    fraction = kaplan_meier(ended.sum(0), lost.sum(0))
    weights = resamples.cells.reshape(len(resamples.cells), -1)
    samples = kaplan_meier(weights @ ended, weights @ lost)
    low, high = interval(samples, resamples.n)
    frames = np.arange(shape[1])
    return Survival(frames, fraction, low, high, len(rows), float(fraction[:-1].sum()))
