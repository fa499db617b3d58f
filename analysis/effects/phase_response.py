"""Phase response curves: how a pulse advances or delays the cycle of steps, by the phase at which it comes.

    found = PhaseResponse().fit(effects, "series:phase/foot_L", "pulse", dose=2.0)
    found.shift_, found.low_, found.high_     # of eight phases, shape (cycles, phases)

The shift is the phase of a rollout minus that of its intact pair, in cycles; above 0 the pulse has advanced
the step. It is the mean over the first cycle of the intact pair after the onset of the intervention, and over
the second, in which the animal has had time to come back. The phase of a pulse is that of the intact pair at
its onset. So pulses at one time have different phases, if rollouts have different starts.
"""

import dataclasses
from typing import Self

import numpy as np

from analysis.effects.bootstrap import interval, weighted_mean
from analysis.effects.effect import Effects
from analysis.effects.pairs import mean_over_draws
from analysis.encoding.inference import rank_p
from rodent.errors import InputError
from rodent.experiment.series import SERIES
from rodent.intervention.behaviour import PHASE

PHASES = 8
"""Bins of phase of the curve."""
CYCLES = 2
"""Cycles after the onset for which there is a curve each."""


@dataclasses.dataclass(frozen=True)
class Shifts:
    """Shifts of rollouts.

    Attributes:
        phase: of the intact pair at the onset, from 0 to 1, shape (rollouts,).
        shift: in each cycle after it, in cycles, from -0.5 to 0.5, shape (rollouts, cycles); NaN where the
            animal did not walk so long.
    """

    phase: np.ndarray
    shift: np.ndarray


class PhaseResponse:
    """The phase response curve of an arm at a dose, and that of its control.

    Attributes:
        phases_: middle of each bin, in cycles, shape (phases,).
        shift_: mean shift, in cycles, shape (cycles, phases); the mean over policies and clips.
        low_, high_: 95 % intervals, same shape; NaN where all pulses are in one policy and clip.
        control_: of the control, same shape; NaN without one.
        modulation_: amplitude of the first harmonic of the curve in the first cycle, in cycles.
        mean_: mean of the curve in the first cycle, in cycles.
        p_modulation_, p_mean_: one-sided and two-sided rank among the draws of the control; NaN without one,
            or if a phase has no pulse.
        control_draws_: number of draws of the control.
        rollouts_: number of pulses at a known phase.
    """

    phases_: np.ndarray
    shift_: np.ndarray
    low_: np.ndarray
    high_: np.ndarray
    control_: np.ndarray
    modulation_: float
    mean_: float
    p_modulation_: float
    p_mean_: float
    control_draws_: int
    rollouts_: int

    def fit(self, effects: Effects, series: str, arm: str, dose: float) -> Self:
        """Compute the curves.

        Args:
            effects: fitted.
            series: column with a phase in every frame.
            arm, dose: of the pulses.

        Raises:
            InputError: the table has no onsets, or no pulse has a known phase.
        """
        pairs, resamples, control = effects.pairs_, effects.resamples_, effects.settings.control
        self.phases_ = (np.arange(PHASES) + 0.5) / PHASES
        rows = pairs.rows(arm, dose)
        cells, self.rollouts_ = _curves(effects, series, rows, np.zeros(len(rows), int))
        if not self.rollouts_:
            raise InputError(
                f"arm {arm!r} at dose {dose:g} has no pulse at a known {series.removeprefix(SERIES)}; a "
                "phase is known where the body walks"
            )
        of_arm = cells[0]
        one = np.ones(of_arm.shape[-2:])
        self.shift_ = weighted_mean(of_arm, one)
        samples = np.array([[resamples.mean(cell[None]) for cell in cycle] for cycle in of_arm])
        bounds = interval(np.moveaxis(samples, -1, 0), resamples.n)
        # pulses in one clip of one policy have no interval
        self.low_, self.high_ = np.where(np.isfinite(of_arm).sum((-2, -1)) > 1, bounds, np.nan)
        self.mean_, self.modulation_ = (float(x) for x in _shape_of(self.shift_[0]))
        self.control_, self.control_draws_ = np.full_like(self.shift_, np.nan), 0
        self.p_mean_ = self.p_modulation_ = float("nan")
        if not pairs.has_control(arm, dose, control):
            return self
        rows = pairs.rows(arm, dose, control)
        draws, draw = np.unique(pairs.table["draw"][rows], return_inverse=True)
        cells, _ = _curves(effects, series, rows, draw)
        curves = weighted_mean(cells, one)
        self.control_, self.control_draws_ = mean_over_draws(np.moveaxis(curves, 0, -1)), len(draws)
        mean, modulation = _shape_of(curves[:, 0])
        known = np.isfinite(mean)
        if not known.any() or not np.isfinite(self.mean_):
            return self
        tails = [float(rank_p(sign * self.mean_, sign * mean[known])) for sign in (-1, 1)]
        self.p_mean_ = min(1.0, 2 * min(tails))
        self.p_modulation_ = float(rank_p(self.modulation_, modulation[known]))
        return self


def shifts(effects: Effects, series: str, rows: np.ndarray) -> Shifts:
    """Shifts of the rollouts of some rows.

    Raises:
        InputError: the table has no such series, or no onsets.
    """
    pairs = effects.pairs_
    onset, phases = pairs.table["onset"][rows], pairs.table[series]
    phase, shift = np.full(len(rows), np.nan), np.full((len(rows), CYCLES), np.nan)
    for i, (row, first, intact) in enumerate(zip(rows, onset, pairs.intact_row(rows), strict=True)):
        reference, moved = phases[intact], phases[row]
        if 0 <= first < min(len(reference), len(moved)):
            phase[i] = reference[first]
            shift[i] = shift_by_cycle(reference[first:], moved[first:])
    return Shifts(phase, shift)


def shift_by_cycle(reference: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Mean difference of two phases in each cycle of the first, as a circular mean.

    Args:
        reference, moved: phases in cycles, from the onset on, each (frames,); NaN where they are not known.

    Returns:
        in cycles, from -0.5 to 0.5, shape (cycles,); NaN for cycles that are not whole.

    >>> t = np.arange(0, 3, 0.05)
    >>> shift_by_cycle(t % 1, (t + 0.1) % 1).round(3).tolist()
    [0.1, 0.1]
    """
    found = np.full(CYCLES, np.nan)
    n = min(len(reference), len(moved))
    unknown = np.flatnonzero(~np.isfinite(reference[:n]))
    n = int(unknown[0]) if len(unknown) else n
    if n < 2:
        return found
    passed = np.unwrap(reference[:n], period=1.0)
    passed -= passed[0]
    difference = np.exp(2j * np.pi * (moved[:n].astype(float) - reference[:n]))
    for cycle in range(CYCLES):
        inside = (passed > cycle) & (passed <= cycle + 1) & np.isfinite(difference)
        if passed[-1] > cycle + 0.9 and inside.any():
            found[cycle] = np.angle(difference[inside].mean()) / (2 * np.pi)
    return found


def phase_series(columns: list[str]) -> list[str]:
    """Columns with a phase in every frame."""
    return [name for name in columns if name.startswith(SERIES + PHASE)]


def _curves(effects: Effects, series: str, rows: np.ndarray, draw: np.ndarray) -> tuple[np.ndarray, int]:
    """Mean shifts, shape (draws, cycles, phases, policies, clips), and the number of pulses."""
    pairs = effects.pairs_
    found = shifts(effects, series, rows)
    known = np.isfinite(found.phase) & np.isfinite(found.shift[:, 0])
    cell, bins = pairs.cell_of[rows], np.floor(np.nan_to_num(found.phase) * PHASES).astype(int) % PHASES
    n_cells = len(pairs.policies) * len(pairs.clips)
    shape = (int(draw.max()) + 1, PHASES, n_cells)
    place = np.ravel_multi_index((draw, bins, cell), shape)
    curves = []
    for cycle in range(CYCLES):
        used = known & np.isfinite(found.shift[:, cycle])
        count = np.bincount(place[used], minlength=np.prod(shape))
        total = np.bincount(place[used], found.shift[used, cycle], minlength=np.prod(shape))
        curves.append(np.where(count > 0, total / np.maximum(count, 1), np.nan).reshape(shape))
    by_cycle = np.stack(curves, 1)
    return by_cycle.reshape(*by_cycle.shape[:3], len(pairs.policies), len(pairs.clips)), int(known.sum())


def _shape_of(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean, and amplitude of the first harmonic, of curves of shape (…, phases)."""
    wave = np.exp(-2j * np.pi * np.arange(PHASES) / PHASES)
    return curve.mean(-1), 2 * np.abs((curve * wave).mean(-1))
