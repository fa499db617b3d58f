"""Changes of virtual animals: each rollout minus the intact one of the same start and noise.

pairs = Pairs(table)
pairs.changes("frames_tracked", "hip", dose=1.0)                       # (policies, clips, draws)
pairs.changes("frames_tracked", "hip", dose=1.0, control="matched")    # of the arm's controls

Intact and changed rollouts begin in one state and have one sequence of noise, so what differs between
animals, clips and starts drops out of the difference.
"""

import numpy as np

from analysis.effects.outcomes import OutcomeTable
from rodent.errors import InputError, unknown
from rodent.experiment.spec import INTACT

_PAIR = ("policy", "clip", "start", "seed")


class Pairs:
    """The pairs of a table of outcomes.

    Args:
        table: the outcomes.

    Attributes:
        table: the same.
        policies, clips: their names, in the order of the table.
        cell_of: number of the policy and clip of each row, policies first, shape (rows,).

    Raises:
        InputError: a rollout has no intact one of the same policy, clip, start and seed.
    """

    def __init__(self, table: OutcomeTable):
        self.table = table
        (self.policies, self._policy), (self.clips, self._clip) = (
            _coded(table[name]) for name in ("policy", "clip")
        )
        self.cell_of = self._policy * len(self.clips) + self._clip
        codes = [self._policy, self._clip, *(_coded(table[name])[1] for name in ("start", "seed"))]
        _, self._pair = np.unique(np.stack(codes, 1), axis=0, return_inverse=True)
        self._intact = table["arm"] == INTACT
        self._groups = _grouped(table)
        self._changes: dict[str, np.ndarray] = {}
        self._reference: np.ndarray | None = None
        there = np.bincount(self._pair[self._intact], minlength=self._pair.max() + 1) > 0
        if len(lone := np.flatnonzero(~there[self._pair])):
            row = int(lone[0])
            which = ", ".join(f"{name} {table[name][row]}" for name in _PAIR)
            raise InputError(
                f"{table.place}: row {row} has no intact rollout of the same {which}; "
                f"expected one with the arm {INTACT!r} in every shard"
            )

    def doses(self, arm: str) -> tuple[float, ...]:
        """The doses of an arm, ascending.

        Raises:
            InputError: there is no such arm.
        """
        if arm == INTACT or arm not in self.table.arms:
            raise unknown("arm", arm, self.table.arms, self.table.place)
        return tuple(sorted(dose for name, dose, control in self._groups if (name, control) == (arm, "")))

    def has_control(self, arm: str, dose: float, control: str) -> bool:
        """Whether an arm has controls of a kind at a dose."""
        return (arm, dose, control) in self._groups

    def rows(self, arm: str, dose: float, control: str = "") -> np.ndarray:
        """Indices of the rows of an arm at a dose, or of a kind of its controls; `intact` has dose 0."""
        return self._groups[arm, dose, control]

    def intact_row(self, rows: np.ndarray) -> np.ndarray:
        """Index of an intact row of the same policy, clip, start and seed for each of some rows."""
        if self._reference is None:
            self._reference = np.empty(int(self._pair.max()) + 1, int)
            self._reference[self._pair[self._intact]] = np.flatnonzero(self._intact)
        return self._reference[self._pair[rows]]

    def draws(self, arm: str, dose: float, control: str = "") -> np.ndarray:
        """Numbers of the draws of an arm at a dose, or of its controls, ascending, shape (draws,)."""
        return np.unique(self.table["draw"][self.rows(arm, dose, control)])

    def changes(self, outcome: str, arm: str, dose: float, control: str = "") -> np.ndarray:
        """Changed minus intact outcome, as the mean over starts and noise.

        Args:
            outcome: its column.
            arm: the arm.
            dose: one of its doses.
            control: a kind of control; `""` for the arm itself.

        Returns:
            shape (policies, clips, draws), in the unit of the outcome; NaN where nothing was measured.
        """
        rows = self.rows(arm, dose, control)
        change = self._all_changes(outcome)[rows]
        draws, draw = np.unique(self.table["draw"][rows], return_inverse=True)
        shape = (len(self.policies), len(self.clips), len(draws))
        cell = np.ravel_multi_index((self._policy[rows], self._clip[rows], draw), shape)
        return _means(cell, change, int(np.prod(shape))).reshape(shape)

    def intact(self, outcome: str) -> np.ndarray:
        """Mean outcome of intact animals, shape (policies, clips)."""
        shape = (len(self.policies), len(self.clips))
        cell = np.ravel_multi_index((self._policy[self._intact], self._clip[self._intact]), shape)
        values = self.table[outcome].astype(float)[self._intact]
        return _means(cell, values, int(np.prod(shape))).reshape(shape)

    def _all_changes(self, outcome: str) -> np.ndarray:
        """Changed minus intact outcome of every row; shards may have copies of an intact rollout."""
        if outcome not in self._changes:
            values, intact = self.table[outcome].astype(float), self._intact
            reference = _means(self._pair[intact], values[intact], int(self._pair.max()) + 1)
            self._changes[outcome] = values - reference[self._pair]
        return self._changes[outcome]


def mean_over_draws(values: np.ndarray) -> np.ndarray:
    """Mean of the finite values over the last axis; NaN where there is none."""
    known = np.isfinite(values)
    count = known.sum(-1)
    return np.where(count > 0, np.where(known, values, 0.0).sum(-1) / np.maximum(count, 1), np.nan)


def _grouped(table: OutcomeTable) -> dict[tuple[str, float, str], np.ndarray]:
    """The rows of every arm, dose and kind of control."""
    codes = np.stack([_coded(table[name])[1] for name in ("arm", "dose", "control")], 1)
    _, first, group = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    rows = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    names = ((str(table["arm"][i]), float(table["dose"][i]), str(table["control"][i])) for i in first)
    return dict(zip(names, rows, strict=True))


def _coded(values: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """The distinct values as texts, in their order, and the number of each row."""
    distinct, first, code = np.unique(values, return_index=True, return_inverse=True)
    rank = np.empty(len(distinct), int)
    order = np.argsort(first)
    rank[order] = np.arange(len(distinct))
    return tuple(str(value) for value in distinct[order]), rank[code]


def _means(cell: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """Mean of the finite values in each of n cells; NaN in empty ones."""
    known = np.isfinite(values)
    count = np.bincount(cell[known], minlength=n)
    total = np.bincount(cell[known], values[known], minlength=n)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
