import numpy as np

from analysis.events.detection import borders, bouts, hysteresis


def test_a_measure_that_trembles_makes_one_state():
    trembling = np.array([0, 0.9, 1.1, 0.9, 1.1, 0.9, 1.1, 0.4, 0.6, 0.4, 0])
    state = hysteresis(trembling, on=1.0, off=0.5)
    assert state.tolist() == [False] * 2 + [True] * 5 + [False] * 4
    # one threshold alone would see three
    assert len(bouts(trembling >= 1, 1)) == 3 and len(bouts(state, 1)) == 1


def test_a_state_is_off_until_it_is_known():
    assert not hysteresis(np.array([0.7, 0.7, 0.7]), on=1.0, off=0.5).any()
    assert hysteresis(np.array([1.0, 0.7, 0.7]), on=1.0, off=0.5).all()
    # what is not a number is neither above nor below
    assert hysteresis(np.array([1.0, np.nan, 0.2]), on=1.0, off=0.5).tolist() == [True, True, False]


def test_short_gaps_and_short_stretches_do_not_count():
    state = np.array([0, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0], bool)
    assert bouts(state, 1).tolist() == [[1, 4], [5, 7], [9, 10]]
    assert bouts(state, 2).tolist() == [[1, 7]]
    assert bouts(state, 7).tolist() == [[1, 10]]
    assert bouts(state, 20).tolist() == [] and bouts(np.zeros(5, bool), 2).tolist() == []


def test_what_lasts_beyond_the_ends_has_no_event_there():
    state = np.array([1, 1, 0, 0, 1, 1, 0, 0, 1, 1], bool)
    began, ended = borders(bouts(state, 1), len(state))
    assert began.tolist() == [4, 8] and ended.tolist() == [2, 6]
