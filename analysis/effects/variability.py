"""Variability of movement: how much repeats of the same rollout with other noise differ.

table = with_variability(read_outcomes(folder))
table["variability:speed"]                # of each rollout, in the unit of the variable

The variability of a variable is its standard deviation between repeats in the same frame, as the root mean
square over frames. Each rollout has its own part of it: its deviation from the mean of all repeats. Phases
have none: they are circular.
"""

from collections.abc import Sequence

import numpy as np

from analysis.effects.outcomes import VARIABILITY, OutcomeTable
from rodent.experiment.series import SERIES
from rodent.intervention.behaviour import PHASE

_REPEAT = ("policy", "clip", "start", "arm", "control", "dose", "draw")


def with_variability(table: OutcomeTable) -> OutcomeTable:
    """The table with a column of variability for each variable that it has in every frame.

    Args:
        table: outcomes; without series, or with one seed, it is returned as it is.
    """
    names = [name for name in table.columns if name.startswith(SERIES)]
    names = [name for name in names if not name.startswith(SERIES + PHASE)]
    if not names or len(np.unique(table["seed"])) < 2:
        return table
    codes = np.stack([np.unique(table[name], return_inverse=True)[1] for name in _REPEAT], 1)
    _, group = np.unique(codes, axis=0, return_inverse=True)
    rows = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    columns = dict(table.columns)
    for name in names:
        found = np.full(len(table), np.nan)
        for one in rows:
            found[one] = deviations([table[name][i] for i in one])
        columns[VARIABILITY + name.removeprefix(SERIES)] = found
    return OutcomeTable(columns, table.place)


def deviations(repeats: Sequence[np.ndarray]) -> np.ndarray:
    """Root mean square deviation of each repeat from the mean of all, over frames that several have reached.

    It is multiplied by √(n / (n − 1)) for n repeats in a frame, so that its mean square is the variance.

    Args:
        repeats: a variable in every frame, each (frames,); they may differ in length.

    Returns:
        shape (repeats,); NaN where no other repeat has reached a frame.

    >>> deviations([np.array([0.0, 0.0]), np.array([2.0, 2.0, 9.0])]).round(3).tolist()
    [1.414, 1.414]
    """
    frames = max(map(len, repeats))
    values = np.full((len(repeats), frames), np.nan)
    for row, one in zip(values, repeats, strict=True):
        row[: len(one)] = one
    known = np.isfinite(values)
    n = known.sum(0)
    mean = np.where(known, values, 0.0).sum(0) / np.maximum(n, 1)
    square = np.where(known & (n > 1), (values - mean) ** 2 * n / np.maximum(n - 1, 1), np.nan)
    counted = np.isfinite(square).sum(1)
    total = np.nansum(square, 1)
    return np.where(counted > 0, np.sqrt(total / np.maximum(counted, 1)), np.nan)
