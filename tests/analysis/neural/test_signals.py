import h5py
import numpy as np
import pytest

from analysis.neural.clock import Clock
from analysis.neural.read import read_session
from rodent.errors import InputError


def test_a_bin_has_the_mean_of_its_samples(rng, tmp_path):
    signals = rng.standard_normal((60, 3))
    np.savez(tmp_path / "day.npz", signals=signals, bin_seconds=0.05, names=["a", "b", "c"])
    session = read_session(tmp_path / "day.npz", signals=True)
    binned = session.on_bins(30, 0.1, Clock())
    np.testing.assert_allclose(binned.counts, signals.reshape(30, 2, 3).mean(1))
    assert session.names == ("a", "b", "c") and binned.covered.all()


def test_calcium_is_read_from_hdf5(rng, tmp_path):
    signals = rng.standard_normal((60, 3)).astype(np.float32)
    with h5py.File(tmp_path / "day.h5", "w") as file:
        file.create_dataset("signals", data=signals).attrs["fps"] = 20.0
    session = read_session(tmp_path / "day.h5", signals=True)
    assert session.spikes.bin_seconds == 0.05 and np.allclose(session.spikes.counts, signals)


def test_calcium_is_taken_only_where_it_is_asked_for(tmp_path):
    np.savez(tmp_path / "day.npz", signals=np.ones((9, 2)), fps=20.0)
    with pytest.raises(InputError, match=r"holds calcium .*spikes are needed here"):
        read_session(tmp_path / "day.npz")


def test_signals_beside_counts_are_something_else(tmp_path):
    np.savez(tmp_path / "day.npz", counts=np.ones((9, 2), int), signals=np.array(["x"]), fps=20.0)
    assert read_session(tmp_path / "day.npz").spikes.counts.dtype == np.uint8


@pytest.mark.parametrize(
    ("signals", "message"),
    [
        (np.full((9, 2), np.nan), r"signals\[0, 0\] is nan; signals must be finite"),
        (np.ones(9), r"signals has shape \(9,\); \(bins, neurons\) is expected"),
        (np.array([["a"]]), r"real numbers are expected"),
        (np.ones((2, 9)), r"signals has shape \(2, 9\): fewer bins than neurons"),
    ],
)
def test_what_is_no_calcium_is_refused(signals, message, tmp_path):
    np.savez(tmp_path / "day.npz", signals=signals, fps=20.0)
    with pytest.raises(InputError, match=message):
        read_session(tmp_path / "day.npz", signals=True)
