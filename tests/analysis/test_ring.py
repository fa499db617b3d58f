import numpy as np
import pytest

from analysis.ring import random_turn, turned


@pytest.mark.parametrize("turn", range(1, 12))
def test_a_turned_session_has_no_seam(turn):
    rows = turned(6, turn)
    assert rows.shape == (6,) and set(rows) <= set(range(6))
    # neighbours stay neighbours, or are the same row where the session meets its mirror image
    assert np.abs(np.diff(rows)).max() <= 1


def test_a_whole_turn_is_none():
    np.testing.assert_array_equal(turned(6, 12), np.arange(6))
    np.testing.assert_array_equal(turned(6, 6), np.arange(6)[::-1])


def test_turns_keep_away_from_none():
    random = np.random.default_rng(0)
    turns = {random_turn(random, 6, 2) for _ in range(500)}
    assert turns == set(range(2, 11))
