import numpy as np
import pytest

from analysis.twin.windows import Windows

PIECE = np.repeat([0, 1, -1, 2], [50, 9, 5, 3])


@pytest.mark.parametrize("memory", [0, 4])
def test_every_bin_with_all_lags_in_its_piece_is_predicted_once(memory):
    windows = Windows.of(PIECE, length=20, reach=2, memory=memory)
    assert windows.rows.tolist() == [*range(2, 48), *range(52, 57)]


def test_lags_of_predicted_bins_are_in_their_chunk_and_piece():
    windows = Windows.of(PIECE, length=20, reach=2, memory=4)
    for lag in range(-2, 3):
        at = np.argwhere(windows.predicted)
        source = windows.bins[at[:, 0], at[:, 1] - lag]
        assert (source == windows.rows - lag).all()
        assert (PIECE[source] == PIECE[windows.rows]).all()


def test_memory_is_filled_except_at_the_beginning_of_a_piece():
    windows = Windows.of(PIECE, length=20, reach=2, memory=4)
    first = windows.predicted.argmax(1)
    inside = windows.bins[:, 0] > 0
    inside[windows.bins[:, 0] == 50] = False
    assert (first[inside] >= 6).all()


def test_pieces_shorter_than_the_lags_predict_nothing():
    assert not Windows.of(np.array([0, 0, 1, 1]), length=10, reach=1).predicted.any()
