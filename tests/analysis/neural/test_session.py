import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from analysis.neural.session import SpikeCounts, SpikeTimes
from analysis.neural.spikefile import read_spikes
from rodent.cli import main
from rodent.errors import InputError

HERE = Path("spikes")


def times_of(counts: np.ndarray, bin_seconds: float, start: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Spike times, on the edges where bins begin, and neurons that have these counts."""
    bins, neurons = np.nonzero(counts)
    repeats = counts[bins, neurons]
    return np.repeat(start + bins * bin_seconds, repeats), np.repeat(neurons, repeats)


@pytest.fixture
def counts() -> np.ndarray:
    counts = np.random.default_rng(0).poisson(0.5, size=(100, 3))
    counts[[0, -1]] = 1
    return counts


def test_counts_come_as_they_are(counts):
    session = SpikeCounts(HERE, counts, ("a", "b", "c"), 0.02).on_bins(100, 0.02, None)
    assert np.array_equal(session.counts, counts)
    assert session.covered.all() and session.notes == ()


def test_counts_are_summed_over_longer_bins(counts):
    spikes = SpikeCounts(HERE, counts, ("a", "b", "c"), 0.01)
    assert spikes.fitting_bin(fps=50.0) == pytest.approx(0.02)
    session = spikes.on_bins(50, 0.02, None)
    assert np.array_equal(session.counts, counts[::2] + counts[1::2])


def test_counts_of_bins_longer_than_frames_decide_the_bin(counts):
    spikes = SpikeCounts(HERE, counts, ("a", "b", "c"), 0.1)
    assert spikes.fitting_bin(fps=50.0) == pytest.approx(0.1)
    assert SpikeCounts(HERE, counts, ("a",), 0.05).fitting_bin(fps=50.0) == pytest.approx(0.1)
    with pytest.raises(InputError, match=r"bins of 0\.0333 s do not fit frames of 0\.02 s"):
        SpikeCounts(HERE, counts, ("a",), 0.0333).fitting_bin(fps=50.0)
    with pytest.raises(InputError, match="no multiple"):
        spikes.on_bins(50, 0.15, None)


@pytest.mark.parametrize(
    ("offset", "first", "last"), [(0.0, 0, 60), (0.8, 0, 60), (-0.4, 20, 60), (1.4, 0, 30)]
)
def test_offset_is_the_time_of_the_recording_on_the_spikes_clock(counts, offset, first, last):
    names = ("a", "b", "c")
    sessions = (
        SpikeCounts(HERE, counts, names, 0.02).on_bins(60, 0.02, offset),
        SpikeTimes(HERE, *times_of(counts, 0.02), names).on_bins(60, 0.02, offset),
    )
    rows = np.arange(first, last)
    for session in sessions:
        assert np.flatnonzero(session.covered).tolist() == rows.tolist()
        assert np.array_equal(session.counts[rows], counts[rows + round(offset / 0.02)])
        assert not session.counts[~session.covered].any()
        assert bool(session.notes) == (len(rows) < 60)
    if last == 30:
        assert sessions[0].notes == ("0.6 of 1.2 s of the recording have no spike data and are left out",)


def test_times_on_the_edge_of_a_bin_begin_it():
    # 0.06 / 0.02 is a little more than 3, 0.58 / 0.02 a little less than 29
    times = np.array([0.0, 0.06, 0.58, 0.599])
    session = SpikeTimes(HERE, times, np.zeros(4, int), ("a",)).on_bins(30, 0.02, None)
    assert np.flatnonzero(session.counts[:, 0]).tolist() == [0, 3, 29]
    assert session.counts[29, 0] == 2


@pytest.mark.parametrize(("seconds", "covered"), [(3, 60), (8, 100)])
def test_different_lengths_need_an_offset(counts, seconds, covered):
    spikes, bins = SpikeCounts(HERE, counts, ("a", "b", "c"), 0.05), seconds * 20
    with pytest.raises(
        InputError, match=rf"reach from 0 to 5 s, the recording from 0 to {seconds} s.*--offset"
    ):
        spikes.on_bins(bins, 0.05, None)
    assert spikes.on_bins(bins, 0.05, 0.0).covered.sum() == covered


def test_times_beyond_the_recording_need_an_offset(counts):
    spikes = SpikeTimes(HERE, *times_of(counts, 0.06, start=500.0), ("a", "b", "c"))
    with pytest.raises(InputError, match=r"reach from 500 to 505\.94 s.*--offset"):
        spikes.on_bins(100, 0.06, None)
    assert np.array_equal(spikes.on_bins(100, 0.06, 500.0).counts, counts)


@pytest.mark.parametrize("spikes", ["counts", "times"])
def test_no_overlap_is_refused(counts, spikes):
    made = SpikeCounts(HERE, counts, ("a", "b", "c"), 0.02)
    if spikes == "times":
        made = SpikeTimes(HERE, *times_of(counts, 0.02), ("a", "b", "c"))
    for offset in (2.0, -1.2):
        with pytest.raises(InputError, match="do not overlap"):
            made.on_bins(60, 0.02, offset)
    with pytest.raises(InputError, match="an offset of nan s"):
        made.on_bins(60, 0.02, np.nan)


def test_offset_between_bins_of_counts_is_refused(counts):
    with pytest.raises(
        InputError, match=r"offset of 0\.03 s is not a multiple of the file's bins of 0\.02 s"
    ):
        SpikeCounts(HERE, counts, ("a", "b", "c"), 0.02).on_bins(60, 0.02, 0.03)


def test_silence_during_the_recording_is_refused(counts):
    counts[10:50] = 0
    with pytest.raises(InputError, match=r"no spikes during the recording, 0\.2 to 1 s"):
        SpikeCounts(HERE, counts, ("a", "b", "c"), 0.02).on_bins(40, 0.02, 0.2)


def test_all_forms_of_a_file_mean_the_same(counts, tmp_path):
    times, neurons = times_of(counts, 0.02)
    mixed = np.random.default_rng(1).permutation(len(times))
    np.savez(tmp_path / "counts.npz", counts=counts.astype(float), bin_seconds=0.02, names=["0", "1", "2"])
    np.savez_compressed(tmp_path / "times.npz", times=times[mixed], neurons=neurons[mixed].astype(np.uint16))
    with h5py.File(tmp_path / "counts.h5", "w") as file:
        file.create_dataset("counts", data=counts.astype(np.uint8)).attrs["fps"] = 50
    with h5py.File(tmp_path / "times.h5", "w") as file:
        file.update({"times": times, "neurons": neurons})
    with h5py.File(tmp_path / "trains.h5", "w") as file:
        for neuron in range(3):
            file[f"spikes/{neuron}"] = times[neurons == neuron]
    for name in ("counts.npz", "times.npz", "counts.h5", "times.h5", "trains.h5"):
        session = read_spikes(tmp_path / name).on_bins(100, 0.02, None)
        assert np.array_equal(session.counts, counts), name
        assert session.names == ("0", "1", "2"), name


def test_trains_are_sorted_as_numbers_and_may_be_empty(tmp_path):
    with h5py.File(tmp_path / "trains.h5", "w") as file:
        file.update({"spikes/10": [0.1], "spikes/9": np.zeros(0), "spikes/mua": [0.2]})
    spikes = read_spikes(tmp_path / "trains.h5")
    assert spikes.names == ("9", "10", "mua")
    assert spikes.on_bins(3, 0.1, None).counts.sum(0).tolist() == [0, 1, 1]


GOOD = np.ones((50, 2), int)
MALFORMED = {
    "nothing of use": ({"rates": GOOD}, "holds no spikes: wanted are .*; there are: rates"),
    "rate only": ({"fps": 10.0}, "has fps but neither counts, times nor a group spikes"),
    "no rate": ({"counts": GOOD}, "does not say of how long a bin: add bin_seconds or fps"),
    "zero rate": ({"counts": GOOD, "fps": 0.0}, "fps is .*; one positive number is wanted"),
    "two rates": ({"counts": GOOD, "fps": [1.0, 2.0]}, "fps is .*; one positive number is wanted"),
    "NaN bin": ({"counts": GOOD, "bin_seconds": np.nan}, "bin_seconds is .*; one positive number is wanted"),
    "rates at odds": (
        {"counts": GOOD, "fps": 10.0, "bin_seconds": 0.02},
        "bin_seconds 0.02 contradicts fps 10",
    ),
    "one dimension": (
        {"counts": GOOD[:, 0], "fps": 10.0},
        r"counts has shape \(50,\); \(bins, neurons\) is wanted",
    ),
    "no neurons": ({"counts": GOOD[:, :0], "fps": 10.0}, r"counts has shape \(50, 0\)"),
    "negative": (
        {"counts": np.where(np.eye(50, 2), -1, GOOD), "fps": 10.0},
        r"counts\[0, 0\] is -1; .* negative",
    ),
    "not whole": (
        {"counts": GOOD * 0.5, "fps": 10.0},
        r"counts\[0, 0\] is 0.5; counts must be whole numbers",
    ),
    "NaN": (
        {"counts": np.where(np.eye(50, 2)[:, ::-1], np.nan, 1), "fps": 10.0},
        r"counts\[0, 1\] is nan; .* finite",
    ),
    "infinite": (
        {"counts": np.where(np.eye(50, 2), np.inf, 1), "fps": 10.0},
        r"counts\[0, 0\] is inf; .* finite",
    ),
    "text": ({"counts": np.full((50, 2), "1"), "fps": 10.0}, "counts has type <U1; numbers are wanted"),
    "complex": ({"counts": GOOD * 1j, "fps": 10.0}, "counts has type complex128; numbers are wanted"),
    "all zero": ({"counts": 0 * GOOD, "fps": 10.0}, "there are no spikes, all counts are zero"),
    "pickled": ({"counts": np.array([[1, None]], object), "fps": 10.0}, "counts holds Python objects"),
    "few names": ({"counts": GOOD, "fps": 10.0, "names": ["a"]}, "names has 1 names for 2 columns of counts"),
    "one name twice": ({"counts": GOOD, "fps": 10.0, "names": ["a", "a"]}, "names has 1 names for 2 columns"),
    "both": ({"counts": GOOD, "fps": 10.0, "times": [1.0]}, "holds both counts and times; keep one of them"),
    "no neuron ids": ({"times": [1.0]}, "has times but no neurons"),
    "ids missing": ({"times": [1.0, 2.0], "neurons": [0]}, "there are 2 times and 1 neurons"),
    "ids not whole": ({"times": [1.0], "neurons": [0.5]}, "neurons has type float64; integer ids are wanted"),
    "times NaN": ({"times": [1.0, np.nan], "neurons": [0, 1]}, r"times\[1\] is nan; times must be finite"),
    "times 2-D": ({"times": [[1.0]], "neurons": [[0]]}, r"times has shape \(1, 1\); \(spikes,\) is wanted"),
    "no times": ({"times": np.zeros(0), "neurons": np.zeros(0, int)}, "there are no spikes, times is empty"),
    "odd bins": ({"counts": GOOD, "bin_seconds": 0.0331}, "bins of 0.0331 s do not fit frames of 0.1 s"),
    "too short": ({"counts": GOOD[:30], "fps": 10.0}, r"counts reach from 0 to 3 s.*--offset SECONDS"),
    "elsewhere": ({"times": [900.0, 905.0], "neurons": [0, 0]}, r"from 900 to 905 s.*--offset SECONDS"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_spikes_exit_with_2_and_a_line_that_says_why(case, write_recording, tmp_path, capsys):
    arrays, message = MALFORMED[case]
    path = tmp_path / "spikes.npz"
    np.savez(path, **arrays)
    assert_refused(write_recording, path, message, capsys)


def test_files_of_another_kind_exit_with_2(write_recording, tmp_path, capsys):
    text, bare, cut = tmp_path / "spikes.csv", tmp_path / "counts.npy", tmp_path / "cut.npz"
    text.write_text("1,0,2\n")
    np.save(bare, GOOD)
    np.savez(cut, counts=GOOD, fps=10.0)
    whole = cut.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    assert_refused(write_recording, text, "neither an npz nor an HDF5 file", capsys)
    assert_refused(write_recording, bare, "bare npy array: save it with numpy.savez", capsys)
    assert_refused(write_recording, cut, "neither an npz nor an HDF5 file, or is damaged", capsys)
    assert_refused(write_recording, tmp_path / "none.npz", "no such file", capsys)
    # the list of arrays is whole, an array is not
    at = whole.index(b"NUMPY") + 200
    cut.write_bytes(whole[:at] + bytes(100) + whole[at + 100 :])
    assert_refused(write_recording, cut, "counts is damaged", capsys)


def test_malformed_hdf5_exits_with_2(write_recording, tmp_path, capsys):
    path = tmp_path / "spikes.h5"
    for content, message in (
        ({"spikes/3/times": [0.1]}, "spikes/3 is a group; a dataset of times in seconds is wanted"),
        ({"spikes/3": [0.1], "counts": GOOD}, "holds both counts and a group spikes"),
        ({"spikes/3": np.zeros(0)}, "there are no spikes, all 1 datasets in spikes are empty"),
        ({"spikes/3": [0.1, np.inf]}, r"spikes/3\[1\] is inf; times must be finite"),
        ({"units/id": [1]}, "holds no spikes: .*; there are: units"),
    ):
        with h5py.File(path, "w") as file:
            file.update(content)
        assert_refused(write_recording, path, message, capsys)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert_refused(write_recording, path, "truncated or damaged", capsys)


def assert_refused(write_recording, path: Path, message: str, capsys) -> None:
    recording = write_recording({"a": {"x": np.zeros((50, 2))}})
    assert main(["encode", str(recording), str(path), "--layer", "x", "--json"]) == 2
    out, err = capsys.readouterr()
    assert not out
    last = err.strip().splitlines()[-1]
    assert last.startswith(f"rodent: {path}") or last == f"rodent: no such file: {path}"
    assert re.search(message, last), last
