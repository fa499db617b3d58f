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


@given(**SIZES, seed=st.integers(0, 99), part=st.floats(0.01, 1))
def test_shifts_have_no_seam_and_are_long(n_rows, n_folds, block_rows, gap_rows, seed, part):
    folds = Folds.of(n_rows, n_folds, block_rows, gap_rows)
    n = folds.n_rows
    least = max(1, int(part * n))
    order = folds.rotated(np.random.default_rng(seed), least)
    assert order.shape == (n,) and order.min() >= 0 and order.max() < n
    # neighbors stay neighbors, and where the mirror begins a row is its own
    steps = np.diff(order)
    assert set(steps) <= {-1, 0, 1} and (steps == 0).sum() <= 1
    assert np.bincount(order).max() <= 2
    # what comes in its own order comes earlier or later by the least shift or more
    ahead = np.append(steps, steps[-1:]) == 1
    assert (np.abs(order - np.arange(n))[ahead] >= least).all()


def test_every_turn_of_the_ring_but_the_shortest_can_come():
    folds = Folds.of(n_rows=10, n_folds=5, block_rows=2, gap_rows=0)
    random = np.random.default_rng(0)
    ring = np.r_[np.arange(10), np.arange(10)[::-1]]
    wanted = {tuple(np.roll(ring, turn)[:10]) for turn in range(3, 18)}
    assert {tuple(folds.rotated(random, 3)) for _ in range(500)} == wanted


def test_a_shift_is_as_slow_as_what_is_shifted():
    folds = Folds.of(n_rows=6000, n_folds=5, block_rows=600, gap_rows=10)
    drift = np.sin(np.arange(6000) * 2 * np.pi / 1700)
    fastest = np.abs(np.diff(drift)).max()
    for seed in range(20):
        shifted = drift[folds.rotated(np.random.default_rng(seed), 200)]
        assert np.abs(np.diff(shifted)).max() <= fastest


def test_gaps_that_leave_nothing_are_refused():
    with pytest.raises(InputError, match="eaten up by gaps of 10 bins"):
        Folds.of(n_rows=100, n_folds=5, block_rows=20, gap_rows=10)
    with pytest.raises(InputError, match="cannot be shifted by 101 bins"):
        Folds.of(100, 5, 20, 2).rotated(np.random.default_rng(0), 101)
