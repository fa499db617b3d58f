"""The clocks of a recording and of the spikes, also of a recording in pieces."""

import numpy as np
import pytest

from analysis.neural.clock import Clock
from rodent.errors import InputError

PIECES = Clock.in_pieces(starts=(5.0, 100.0, 130.0), seconds=(20.0, 10.0, 40.0), rate=1.001)


def test_a_clock_leads_there_and_back():
    clock = Clock(12.5, 1.0002)
    assert clock.on_spikes(100.0) == pytest.approx(112.52)
    assert clock.on_recording(clock.on_spikes(77.0)) == pytest.approx(77.0)
    assert clock.pieces == (clock,) and clock.spans(10.0) == [pytest.approx((12.5, 22.502))]


def test_each_piece_has_its_own_start():
    seconds = np.array([0.0, 19.0, 20.0, 29.0, 30.0, 69.0])
    expected = [5.0, 5 + 19 * 1.001, 100.0, 100 + 9 * 1.001, 130.0, 130 + 39 * 1.001]
    np.testing.assert_allclose(PIECES.on_spikes(seconds), expected)
    np.testing.assert_allclose(PIECES.on_recording(PIECES.on_spikes(seconds)), seconds)
    assert PIECES.on_spikes(20.0) == 100.0 and PIECES.on_recording(100.0) == 20.0
    assert [piece.offset for piece in PIECES.pieces] == [5.0, 100.0, 130.0]
    np.testing.assert_allclose(PIECES.spans(70.0), [(5, 25.02), (100, 110.01), (130, 170.04)])


def test_nothing_of_the_recording_is_between_pieces():
    there = PIECES.on_recording(np.array([4.0, 25.1, 60.0, 99.9, 110.1, 200.0]))
    assert np.isnan(there).tolist() == [False, True, True, True, True, False]
    # before the first and after the last piece the clock runs on
    assert there[0] < 0 and there[-1] > 70


def test_an_edge_but_for_rounding_is_the_next_piece():
    clock = Clock.in_pieces((0.0, 0.3), (0.3, 0.3))
    assert clock.on_spikes(0.1 + 0.2 - 1e-12) == pytest.approx(0.3)
    assert clock.on_recording(0.3 - 1e-12) == pytest.approx(0.3)
    # starts are told to the millisecond, so pieces may seem to overlap by less
    assert Clock.in_pieces((0.0, 0.299), (0.3, 0.3)).later == ((0.3, 0.299),)


@pytest.mark.parametrize(
    ("starts", "wanted"),
    [
        ((0.0, 19.0, 40.0), "piece 2 starts at 19 s, before piece 1 has ended, at 20 s"),
        ((50.0, 20.0, 80.0), "piece 2 starts at 20 s, before piece 1 has ended, at 70 s"),
        ((0.0, 20.0, np.inf), "a start of inf s makes no sense"),
    ],
)
def test_pieces_in_disorder_are_refused(starts, wanted):
    with pytest.raises(InputError, match=wanted):
        Clock.in_pieces(starts, (20.0, 10.0, 40.0))
    if np.isfinite(starts).all():
        with pytest.raises(InputError, match=r"rollout 'b' starts at .* before rollout 'a' has ended"):
            Clock.in_pieces(starts, (20.0, 10.0, 40.0), names=["rollout 'a'", "rollout 'b'", "rollout 'c'"])


@pytest.mark.parametrize(
    ("clock", "wanted"),
    [
        ({"offset": np.nan}, "an offset of nan s"),
        ({"offset": np.inf}, "an offset of inf s"),
        ({"rate": 0.0}, "a rate of 0 makes no sense"),
        ({"rate": np.nan}, "a rate of nan"),
        ({"rate": 1.5}, r"must lie in \[0\.9, 1\.1\]"),
    ],
)
def test_clocks_that_make_no_sense(clock, wanted):
    with pytest.raises(InputError, match=wanted):
        Clock(**clock)
