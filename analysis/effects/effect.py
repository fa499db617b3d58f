"""Effects of interventions: arm minus matched control, with interval, p, and the animals that would show it.

    found = Effects(EffectSettings(seed=1)).fit(table)
    for one in found.ranked("frames_tracked"):
        print(one.arm, one.dose, one.value, one.low, one.high, one.p_holm, one.animals)
    found.notes_

The control of an arm is the same intervention on units that were drawn at random: `draw` tells them apart.
p is the rank of the arm among its controls, so it asks whether these units matter more than others do. It
needs no assumption on rollouts, and is never less than 2 / (draws + 1).
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.effects.bootstrap import Resamples, interval, weighted_mean
from analysis.effects.outcomes import OutcomeTable, outcome_of
from analysis.effects.pairs import Pairs, mean_over_draws
from analysis.effects.power import animals_needed
from analysis.effects.settings import EffectSettings
from analysis.encoding.inference import rank_p
from analysis.multiple_testing import benjamini_hochberg, holm

ENOUGH_DRAWS, FEWEST_DRAWS = 199, 20
"""Draws of a control for a p, and the fewest where every draw is a training of its own."""
_PERMUTATIONS = 9999
_NAMED = 4  # arms in a note, at most
_OF_ARM, _OF_CONTROL = 0, 1


@dataclasses.dataclass(frozen=True)
class Effect:
    """The effect of an arm at a dose on one outcome.

    Attributes:
        arm, dose, outcome: what was done, and the column of what was measured.
        control: kind of control; `""` if the arm is compared with intact animals.
        intact: mean of intact animals, in the unit of the outcome.
        value: mean of arm minus control, in the unit of the outcome.
        low, high: its 95 % interval.
        p: two-sided rank among the draws of the control; NaN without a control.
        p_holm, q: p corrected for the arms and doses of this outcome, by Holm's method, and the false
            discovery rate by that of Benjamini and Hochberg.
        draws, control_draws: of the arm, and of its control.
        d: value over its standard deviation between policies, clips and draws.
        d_low, d_high: its 95 % interval.
        animals: that a paired t test needs; infinite above 1000.
        animals_low, animals_high: their 95 % interval.
    """

    arm: str
    dose: float
    outcome: str
    control: str
    intact: float
    value: float
    low: float
    high: float
    p: float
    draws: int
    control_draws: int
    d: float
    d_low: float
    d_high: float
    animals: float
    animals_low: float
    animals_high: float
    p_holm: float = float("nan")
    q: float = float("nan")


class Effects:
    """Effects of all arms at all doses on all outcomes.

    Args:
        settings: how they are computed.

    Attributes:
        effects_: all effects; outcomes in the order of the table, then arms, then doses.
        pairs_: the pairs they come from.
        resamples_: what the intervals are over.
        notes_: for readers of the results.
    """

    effects_: tuple[Effect, ...]
    pairs_: Pairs
    resamples_: Resamples
    notes_: tuple[str, ...]

    def __init__(self, settings: EffectSettings | None = None):
        self.settings = settings or EffectSettings()

    def fit(self, table: OutcomeTable, outcomes: Sequence[str] = ()) -> Self:
        """Compute all effects.

        Args:
            table: the outcomes of an experiment.
            outcomes: columns to use; by default all that were measured.

        Raises:
            InputError: a rollout has no intact one, or an outcome is unknown.
        """
        for name in outcomes:
            outcome_of(name)
        self.pairs_ = Pairs(table)
        self.resamples_ = Resamples(len(self.pairs_.policies), len(self.pairs_.clips), self.settings)
        found: list[Effect] = []
        arms = [(arm, dose) for arm in table.arms for dose in self.pairs_.doses(arm)]
        for outcome in outcomes or table.outcomes:
            # products are small: more threads only wait for one another
            with threadpool_limits(1):
                own = [self._effect(outcome, arm, dose) for arm, dose in arms]
            p = np.array([one.p for one in own])
            corrected = zip(own, holm(p).tolist(), benjamini_hochberg(p).tolist(), strict=True)
            found += [dataclasses.replace(one, p_holm=p_holm, q=q) for one, p_holm, q in corrected]
        self.effects_ = tuple(found)
        self.notes_ = (*self.resamples_.notes, *_notes_on_draws(found, self.settings.control))
        return self

    def of(self, outcome: str) -> list[Effect]:
        """The effects on an outcome, in the order of arms and doses."""
        return [one for one in self.effects_ if one.outcome == outcome]

    def ranked(self, outcome: str) -> list[Effect]:
        """The effects on an outcome, largest first; unknown ones last."""
        return sorted(self.of(outcome), key=lambda one: -np.nan_to_num(abs(one.value), nan=-1.0))

    def by_animals(self) -> list[Effect]:
        """All effects, those first which the fewest animals would show; of equal ones the larger d first."""
        known = [one for one in self.effects_ if not np.isnan(one.animals)]
        return sorted(known, key=lambda one: (one.animals, -abs(one.d)))

    def cells(self, outcome: str, arm: str, dose: float) -> np.ndarray:
        """Arm minus control, or minus intact without one, in every policy and clip, (policies, clips)."""
        of_arm, of_control, _ = self._changes(outcome, arm, dose)
        return mean_over_draws(of_arm) - mean_over_draws(of_control)

    def _changes(self, outcome: str, arm: str, dose: float) -> tuple[np.ndarray, np.ndarray, str]:
        """Changes of arm and control, 0 where there is none, and the kind of control."""
        of_arm, control = self.pairs_.changes(outcome, arm, dose), self.settings.control
        if self.pairs_.has_control(arm, dose, control):
            return of_arm, self.pairs_.changes(outcome, arm, dose, control), control
        return of_arm, np.zeros((*of_arm.shape[:2], 1)), ""

    def _effect(self, outcome: str, arm: str, dose: float) -> Effect:
        pairs, resamples, settings = self.pairs_, self.resamples_, self.settings
        of_arm, of_control, control = self._changes(outcome, arm, dose)
        point = _moments(_cell_moments(of_arm, of_control), np.ones(of_arm.shape[:2]))
        means = (
            resamples.cell_means(values, stream)
            for values, stream in (
                (of_arm, _OF_ARM),
                (of_arm**2, _OF_ARM),
                (of_control, _OF_CONTROL),
                (of_control**2, _OF_CONTROL),
            )
        )
        drawn = _moments(_Moments(*means), resamples.cells)
        low, high = interval(drawn.mean, resamples.n).tolist()
        d_low, d_high = interval(drawn.d, resamples.n).tolist()
        near, far = sorted((abs(d_low), abs(d_high)))
        if d_low <= 0 <= d_high:
            near = 0.0
        animals = animals_needed(np.array([float(point.d), far, near]), settings.power, settings.alpha)
        return Effect(
            arm=arm,
            dose=dose,
            outcome=outcome,
            control=control,
            intact=float(weighted_mean(pairs.intact(outcome), np.ones(of_arm.shape[:2]))),
            value=float(point.mean),
            low=low,
            high=high,
            p=rank_among_draws(of_arm, of_control, settings.seed) if control else float("nan"),
            draws=of_arm.shape[2],
            control_draws=of_control.shape[2] if control else 0,
            d=float(point.d),
            d_low=d_low,
            d_high=d_high,
            animals=float(animals[0]),
            animals_low=float(animals[1]),
            animals_high=float(animals[2]),
        )


def rank_among_draws(of_arm: np.ndarray, of_control: np.ndarray, seed: int = 0) -> float:
    """Two-sided p of an arm among the random draws of its control.

    For an arm that is not drawn it is twice its rank, counted from the nearer end. Where arms are drawn, too,
    it is that of their mean by permutation of all draws. Draws are averaged over policies and clips, since
    rollouts of one draw are alike; a draw that lacks a policy or a clip is not used.

    Args:
        of_arm, of_control: changes, shape (policies, clips, draws); draws may differ in number.
        seed: of the permutations, where there are too many to take all.

    Returns:
        p; NaN if there is no complete draw of one of both.
    """
    from scipy.stats import permutation_test

    used = np.isfinite(of_arm).any(-1) & np.isfinite(of_control).any(-1)
    if not used.any():
        return float("nan")
    arm, control = (values[used].mean(0) for values in (of_arm, of_control))
    arm, control = arm[np.isfinite(arm)], control[np.isfinite(control)]
    if not len(arm) or not len(control):
        return float("nan")
    if len(arm) == 1:
        one_sided = min(rank_p(sign * arm[0], sign * control) for sign in (-1, 1))
        return min(1.0, 2 * float(one_sided))
    found = permutation_test(
        (arm, control),
        lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis),
        vectorized=True,
        n_resamples=_PERMUTATIONS,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


class _Moments(NamedTuple):
    """Means over draws, shape (…, policies, clips): of the arm, its square, the control, its square."""

    arm: np.ndarray
    arm_square: np.ndarray
    control: np.ndarray
    control_square: np.ndarray


class _Point(NamedTuple):
    """Mean of arm minus control, and the same over its standard deviation, shape (…)."""

    mean: np.ndarray
    d: np.ndarray


def _cell_moments(of_arm: np.ndarray, of_control: np.ndarray) -> _Moments:
    return _Moments(*map(mean_over_draws, (of_arm, of_arm**2, of_control, of_control**2)))


def _moments(cells: _Moments, weights: np.ndarray) -> _Point:
    """The effect, where each policy in each clip, with a draw of arm and control, stands for an animal."""
    difference = cells.arm - cells.control
    square = cells.arm_square - 2 * cells.arm * cells.control + cells.control_square
    mean = weighted_mean(difference, weights)
    n = np.maximum(np.where(np.isfinite(difference), weights, 0.0).sum((-2, -1)), 1.0)
    variance = (weighted_mean(square, weights) - mean**2) * n / np.maximum(n - 1, 1e-12)
    spread = np.sqrt(np.maximum(variance, 0.0))
    # an effect that is equal in all animals has no deviation, and one animal shows it
    varied = spread > 1e-9 * np.abs(mean)
    d = np.where(varied, mean / np.where(varied, spread, 1.0), np.copysign(np.inf, mean))
    return _Point(mean, np.where((mean == 0) | np.isnan(mean), mean, d))


def _notes_on_draws(effects: Sequence[Effect], control: str) -> list[str]:
    """Arms without a control, and controls with few draws."""
    without = list(dict.fromkeys(one.arm for one in effects if not one.control))
    few: dict[int, list[str]] = {}
    for one in effects:
        if 0 < one.control_draws < ENOUGH_DRAWS and one.arm not in few.get(one.control_draws, []):
            few.setdefault(one.control_draws, []).append(one.arm)
    notes = [
        f"{_listed(arms)}: {n} draws of the control, so p of a fixed arm is {2 / (n + 1):.2g} or more; "
        f"expected are {ENOUGH_DRAWS}, or {FEWEST_DRAWS} where every draw is a training of its own"
        for n, arms in few.items()
    ]
    if without:
        notes.append(
            f"{_listed(without)}: no control {control!r}, so effects are those against intact animals, "
            "without p"
        )
    return notes


def _listed(names: Sequence[str]) -> str:
    """Names in quotes, as they may have commas; the first ones of many."""
    shown = ", ".join(repr(name) for name in names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more arms"
