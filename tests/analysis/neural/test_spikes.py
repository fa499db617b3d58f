"""Spikes on the bins of a recording, whatever the clocks."""

from pathlib import Path

import numpy as np
import pytest

from analysis.neural.clock import Clock
from analysis.neural.spikes import SpikeCounts, SpikeTimes
from analysis.neural.timeseries import whole_bins
from rodent.errors import InputError

HERE = Path("spikes")
NAMES = ("a", "b", "c")


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
    binned = SpikeCounts(HERE, counts, NAMES, 0.02).on_bins(100, 0.02, Clock())
    assert np.array_equal(binned.counts, counts)
    assert binned.covered.all() and binned.notes == ()


def test_counts_are_summed_over_longer_bins(counts):
    spikes = SpikeCounts(HERE, counts, NAMES, 0.01)
    assert spikes.fitting_bin(fps=50.0) == pytest.approx(0.02)
    binned = spikes.on_bins(50, 0.02, Clock())
    assert np.array_equal(binned.counts, counts[::2] + counts[1::2])


def test_bytes_do_not_overflow_when_summed():
    counts = np.full((100, 1), 200, np.uint8)
    assert SpikeCounts(HERE, counts, ("a",), 0.01).on_bins(10, 0.1, Clock()).counts.tolist() == [[2000]] * 10


def test_counts_of_bins_longer_than_frames_decide_the_bin(counts):
    spikes = SpikeCounts(HERE, counts, NAMES, 0.1)
    assert spikes.fitting_bin(fps=50.0) == pytest.approx(0.1)
    assert SpikeCounts(HERE, counts, NAMES, 0.05).fitting_bin(fps=50.0) == pytest.approx(0.1)
    with pytest.raises(InputError, match=r"bins of 0\.0333 s do not fit frames of 0\.02 s"):
        SpikeCounts(HERE, counts, NAMES, 0.0333).fitting_bin(fps=50.0)
    with pytest.raises(InputError, match="no multiple"):
        spikes.on_bins(50, 0.15, Clock())


@pytest.mark.parametrize(
    ("offset", "first", "last"), [(0.0, 0, 60), (0.8, 0, 60), (-0.4, 20, 60), (1.4, 0, 30)]
)
def test_offset_is_the_time_of_the_recording_on_the_spikes_clock(counts, offset, first, last):
    both = (
        SpikeCounts(HERE, counts, NAMES, 0.02).on_bins(60, 0.02, Clock(offset)),
        SpikeTimes(HERE, *times_of(counts, 0.02), NAMES).on_bins(60, 0.02, Clock(offset)),
    )
    rows = np.arange(first, last)
    for binned in both:
        assert np.flatnonzero(binned.covered).tolist() == rows.tolist()
        assert np.array_equal(binned.counts[rows], counts[rows + round(offset / 0.02)])
        assert not binned.counts[~binned.covered].any()
        assert bool(binned.notes) == (len(rows) < 60)
    if last == 30:
        assert both[0].notes == ("0.6 of 1.2 s of the recording have no spike data and are left out",)


def test_times_on_the_edge_of_a_bin_begin_it():
    # 0.06 / 0.02 is a little more than 3, 0.58 / 0.02 a little less than 29
    times = np.array([0.0, 0.06, 0.58, 0.599])
    binned = SpikeTimes(HERE, times, np.zeros(4, int), ("a",)).on_bins(30, 0.02, Clock())
    assert np.flatnonzero(binned.counts[:, 0]).tolist() == [0, 3, 29]
    assert binned.counts[29, 0] == 2


def test_a_rate_stretches_the_spikes_clock(counts):
    clock = Clock(offset=0.4, rate=1.05)
    times, neurons = times_of(counts, 0.02)
    # a spike in the middle of bin i of the recording
    spikes = SpikeTimes(HERE, clock.on_spikes(times + 0.01), neurons, NAMES)
    assert np.array_equal(spikes.on_bins(100, 0.02, clock).counts, counts)


def test_counts_at_another_rate_are_the_nearest():
    counts = np.zeros((2000, 1), np.uint8)
    counts[::100] = 1
    binned = SpikeCounts(HERE, counts, ("a",), 0.02).on_bins(1900, 0.02, Clock(offset=0.4, rate=1.01))
    rows = np.flatnonzero(binned.counts[:, 0])
    np.testing.assert_allclose(
        0.4 + 1.01 * 0.02 * rows, 0.02 * 100 * np.arange(1, len(rows) + 1), atol=0.0102
    )
    assert any("half a bin of the file" in note for note in binned.notes)


@pytest.mark.parametrize(("seconds", "covered"), [(3, 60), (8, 100)])
def test_different_lengths_need_an_offset(counts, seconds, covered):
    spikes, bins = SpikeCounts(HERE, counts, NAMES, 0.05), seconds * 20
    with pytest.raises(
        InputError, match=rf"reach from 0 to 5 s, the recording from 0 to {seconds} s.*--offset"
    ):
        spikes.on_bins(bins, 0.05, Clock())
    assert spikes.on_bins(bins, 0.05, Clock(0.0)).covered.sum() == covered


def test_lengths_that_differ_a_little_are_told_as_a_rate(counts):
    (note,) = SpikeCounts(HERE, counts, NAMES, 0.05).on_bins(98, 0.05, Clock()).notes
    assert "5 s, the recording 4.9 s, 20408 ppm apart" in note and "--rate 1.020408" in note


def test_times_beyond_the_recording_need_an_offset(counts):
    spikes = SpikeTimes(HERE, *times_of(counts, 0.06, start=500.0), NAMES)
    with pytest.raises(InputError, match=r"reach from 500 to 505\.94 s.*--offset"):
        spikes.on_bins(100, 0.06, Clock())
    assert np.array_equal(spikes.on_bins(100, 0.06, Clock(500.0)).counts, counts)


@pytest.mark.parametrize("kind", ["counts", "times"])
def test_no_overlap_is_refused(counts, kind):
    spikes = SpikeCounts(HERE, counts, NAMES, 0.02)
    if kind == "times":
        spikes = SpikeTimes(HERE, *times_of(counts, 0.02), NAMES)
    for offset in (2.0, -1.2):
        with pytest.raises(InputError, match="do not overlap"):
            spikes.on_bins(60, 0.02, Clock(offset))


def test_offset_between_bins_of_counts_is_refused(counts):
    with pytest.raises(
        InputError, match=r"offset of 0\.03 s is not a multiple of the file's bins of 0\.02 s"
    ):
        SpikeCounts(HERE, counts, NAMES, 0.02).on_bins(60, 0.02, Clock(0.03))


def test_silence_during_the_recording_is_refused(counts):
    counts[10:50] = 0
    with pytest.raises(InputError, match=r"no spikes during the recording, 0\.2 to 1 s"):
        SpikeCounts(HERE, counts, NAMES, 0.02).on_bins(40, 0.02, Clock(0.2))


def test_bins_of_the_file_that_are_not_to_be_used(counts):
    recorded = np.ones(100, bool)
    recorded[31] = False
    binned = SpikeCounts(HERE, counts, NAMES, 0.01, recorded).on_bins(50, 0.02, Clock())
    assert np.flatnonzero(~binned.covered).tolist() == [15]
    assert not binned.counts[15].any()


def test_bins_must_lie_whole_in_an_interval():
    intervals = np.array([[0.1, 0.3], [0.5, 0.95]])
    inside = whole_bins(intervals, 0.1 * np.arange(10), 0.1)
    assert np.flatnonzero(inside).tolist() == [1, 2, 5, 6, 7, 8]


def test_a_neuron_not_observed_narrows_only_its_own_bins(counts):
    times, neurons = times_of(counts, 0.02)
    observed = (np.array([[0.0, 2.0]]), np.array([[0.0, 1.0], [1.2, 2.0]]), np.array([[0.5, 2.0]]))
    binned = SpikeTimes(HERE, times, neurons, NAMES, observed).on_bins(100, 0.02, Clock())
    assert binned.covered.all() and not binned.counts[50:60, 1].any()
    assert np.array_equal(binned.counts[:, 0], counts[:, 0])
    kept = binned.subset(np.array([True, True, False]))
    assert kept.names == ("a", "b")
    assert np.flatnonzero(~kept.covered).tolist() == list(range(50, 60))
    assert not kept.counts[50:60].any()
    assert binned.subset(np.array([True, False, False])).covered.all()


@pytest.mark.parametrize("kind", ["counts", "times"])
def test_within_leaves_only_the_intervals(counts, kind):
    pytest.importorskip("pynapple")
    spikes = SpikeCounts(HERE, counts, NAMES, 0.02)
    if kind == "times":
        spikes = SpikeTimes(HERE, *times_of(counts, 0.02), NAMES)
    binned = spikes.within(np.array([[0.4, 1.0], [1.5, 1.6]])).on_bins(100, 0.02, Clock(0.0))
    assert np.flatnonzero(binned.covered).tolist() == [*range(20, 50), *range(75, 80)]
    assert np.array_equal(binned.counts[20:50], counts[20:50])


PIECES = ((0, 30), (37, 61), (80, 100))  # rows of the file that a recording in pieces holds


@pytest.mark.parametrize("kind", ["counts", "times"])
def test_a_session_in_pieces_has_the_counts_of_the_whole(counts, kind):
    clock = Clock.in_pieces([0.02 * a for a, _ in PIECES], [0.02 * (b - a) for a, b in PIECES])
    spikes = SpikeCounts(HERE, counts, NAMES, 0.02)
    if kind == "times":
        spikes = SpikeTimes(HERE, *times_of(counts, 0.02), NAMES)
    binned = spikes.on_bins(74, 0.02, clock)
    assert np.array_equal(binned.counts, np.concatenate([counts[a:b] for a, b in PIECES]))
    assert binned.covered.all() and binned.notes == ()


def test_pieces_have_one_rate(counts):
    clock = Clock.in_pieces((10.0, 50.0, 51.5), (0.6, 0.48, 0.4), rate=1.05)
    rows = np.concatenate([counts[a:b] for a, b in PIECES])
    bins, neurons = np.nonzero(rows)
    repeats = rows[bins, neurons]
    times = clock.on_spikes(0.02 * np.repeat(bins, repeats) + 0.01)
    # and some where nothing was tracked
    times, neurons = np.append(times, [10.7, 49.99, 50.6]), np.append(np.repeat(neurons, repeats), [0, 1, 2])
    assert np.array_equal(SpikeTimes(HERE, times, neurons, NAMES).on_bins(74, 0.02, clock).counts, rows)
    fine = np.zeros((60_000, 1), np.uint8)
    at = np.round(clock.on_spikes(0.02 * np.arange(74)) / 0.001).astype(int)
    fine[at + 3] = 1
    assert SpikeCounts(HERE, fine, ("a",), 0.001).on_bins(74, 0.02, clock).counts.tolist() == [[1]] * 74


def test_every_piece_lies_in_the_session(counts):
    spikes = SpikeCounts(HERE, counts, NAMES, 0.02)
    with pytest.raises(InputError, match=r"a piece of the recording, from 7 to 7\.4 s .* check the start"):
        spikes.on_bins(70, 0.02, Clock.in_pieces((0.0, 7.0), (1.0, 0.4)))
    binned = spikes.on_bins(70, 0.02, Clock.in_pieces((0.0, 1.8), (1.0, 0.4)))
    assert np.flatnonzero(~binned.covered).tolist() == list(range(60, 70))
    with pytest.raises(
        InputError, match=r"a start of 1\.41 s is not a multiple of the file's bins of 0\.02 s"
    ):
        spikes.on_bins(70, 0.02, Clock.in_pieces((0.0, 1.41), (1.0, 0.4)))


@pytest.mark.parametrize("kind", ["counts", "times", "observed"])
def test_some_of_the_neurons_keep_the_bins_of_all(counts, kind):
    counts[[0, 99], 1:] = 0  # the first and the last spike are those of neuron a
    spikes = SpikeCounts(HERE, counts, NAMES, 0.02)
    if kind != "counts":
        observed = (np.array([[0.0, 2.0]]),) * 3 if kind == "observed" else None
        spikes = SpikeTimes(HERE, *times_of(counts, 0.02), NAMES, observed)
    some = spikes.subset(np.array([False, True, True]))
    assert some.names == ("b", "c") and some.span == spikes.span
    whole, binned = (one.on_bins(120, 0.02, Clock(-0.2)) for one in (spikes, some))
    assert np.array_equal(binned.counts, whole.counts[:, 1:])
    assert np.array_equal(binned.covered, whole.covered) and whole.covered.sum() == 100
