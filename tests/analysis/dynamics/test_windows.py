"""Windows: none reaches over the edge of a piece, and joining undoes cutting; training and scoring are "
"apart."""

import numpy as np
import pytest

from analysis.dynamics.windows import Windows, split_time
from rodent.errors import InputError

PIECE = np.repeat([0, 1, -1, 2], [23, 7, 5, 40])


def test_windows_lie_in_pieces_and_reach_their_ends():
    windows = Windows.cut(PIECE, length=10, overlap=2)
    assert (np.ptp(PIECE[windows.bins], axis=1) == 0).all() and (PIECE[windows.bins] >= 0).all()
    # the piece of seven bins is too short, the others are covered to their last bin
    assert set(windows.bins.ravel()) == {*range(23), *range(35, 75)}


def test_joining_undoes_cutting():
    values = np.random.default_rng(0).normal(size=(len(PIECE), 3))
    windows = Windows.cut(PIECE, length=10, overlap=4)
    joined = windows.joined(windows.of(values))
    covered = np.isin(np.arange(len(PIECE)), windows.bins)
    assert joined[covered] == pytest.approx(values[covered])
    assert np.isnan(joined[~covered]).all()


def test_every_bin_is_scored_in_one_of_five_folds():
    piece = np.zeros(1000, int)
    scored = np.zeros(1000, int)
    for fold in range(5):
        trained, held_out = split_time(piece, 20, fold)
        assert not ((trained >= 0) & (held_out >= 0)).any()
        scored += held_out >= 0
    assert (scored == 1).all()


def test_too_few_windows_are_refused():
    with pytest.raises(InputError, match="has 2 windows of 1 s; expected 4 at least"):
        Windows.cut(np.zeros(12, int), 10, 0).require_enough("day 1", 1.0)
