import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.encoding.folds import Folds
from rodent.errors import InputError

SIZES = {
    "n_rows": st.integers(300, 3000),
    "n_folds": st.integers(2, 7),
    "block_rows": st.integers(20, 400),
    "gap_rows": st.integers(0, 9),
}


@given(**SIZES, data=st.data())
def test_training_and_held_out_rows_never_meet(n_rows, n_folds, block_rows, gap_rows, data):
    folds = Folds.of(n_rows, n_folds, block_rows, gap_rows)
    held_out = tuple(data.draw(st.sets(st.integers(0, n_folds - 1), min_size=1, max_size=n_folds - 1)))
    train = folds.training(held_out)
    test = np.concatenate([folds.rows(f) for f in held_out])
    assert len(train) and train.min() >= 0 and test.max() < n_rows
    # the nearest row held out before and after each training row
    test = np.sort(test)
    at = np.searchsorted(test, train)
    before = train - np.concatenate([[-(10**6)], test])[at]
    after = np.concatenate([test, [10**6]])[at] - train
    assert before.min() > gap_rows and after.min() > gap_rows


@given(**SIZES)
def test_every_row_in_a_block_is_held_out_once(n_rows, n_folds, block_rows, gap_rows):
    folds = Folds.of(n_rows, n_folds, block_rows, gap_rows)
    rows = np.concatenate([folds.rows(f) for f in range(n_folds)])
    assert np.array_equal(np.sort(rows), np.arange(folds.n_rows))
    assert n_rows - folds.n_blocks < folds.n_rows <= n_rows
    assert folds.n_blocks == n_folds or folds.length >= block_rows


@given(**SIZES)
def test_all_training_sets_of_as_many_folds_have_one_size(n_rows, n_folds, block_rows, gap_rows):
    folds = Folds.of(n_rows, n_folds, block_rows, gap_rows)
    assert len({len(folds.training((f,))) for f in range(n_folds)}) == 1
    assert len({len(folds.rows(f)) for f in range(n_folds)}) == 1


@given(**SIZES, seed=st.integers(0, 99), part=st.floats(0.05, 0.5))
def test_shifts_stay_in_their_block_and_are_long(n_rows, n_folds, block_rows, gap_rows, seed, part):
    folds = Folds.of(n_rows, n_folds, block_rows, gap_rows)
    least = max(1, int(part * folds.length))
    order = folds.shifted(np.random.default_rng(seed), least)
    rows = np.arange(folds.n_rows)
    assert np.array_equal(np.sort(order), rows)
    assert np.array_equal(order // folds.length, rows // folds.length)
    moved = np.abs(order - rows)
    assert np.minimum(moved, folds.length - moved).min() >= least
    # neighbors stay neighbors but where the block was cut and turned
    assert (np.diff(order) != 1).sum() <= 2 * folds.n_blocks


def test_shifts_differ_between_blocks():
    folds = Folds.of(n_rows=1000, n_folds=5, block_rows=100, gap_rows=1)
    order = folds.shifted(np.random.default_rng(0), 10).reshape(folds.n_blocks, -1)
    assert len(set(order[:, 0] % folds.length)) > 3


def test_gaps_that_leave_nothing_are_refused():
    with pytest.raises(InputError, match="eaten up by gaps of 10 bins"):
        Folds.of(n_rows=100, n_folds=5, block_rows=20, gap_rows=10)
    with pytest.raises(InputError, match="cannot be shifted by 11 bins"):
        Folds.of(100, 5, 20, 2).shifted(np.random.default_rng(0), 11)
