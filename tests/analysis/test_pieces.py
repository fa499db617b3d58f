"""A session that was tracked in pieces is one command, and its neurons are chosen by their table."""

import json

import h5py
import numpy as np
import pytest

from analysis.neural.aldarondo import QPOS
from rodent.cli import main
from rodent.cli.session import SessionArguments, open_session
from rodent.errors import InputError
from tests.analysis.neural.files import Workshop

FPS = 10.0
PIECES = {"a": (0, 803), "b": (1003, 1507), "c": (1700, 2400)}  # frames of the session
STARTS = ("0", "100.3", "170")


@pytest.fixture
def session(write_recording, smooth, tmp_path):
    """Paths of a whole session, of the same in pieces, and of its spikes as counts and as times."""
    signals = smooth(2400, 3, seed=0)
    units = {"x": (signals @ np.random.default_rng(1).normal(size=(3, 6))).astype(np.float32)}
    rng = np.random.default_rng(2)
    counts = rng.poisson(np.exp(0.2 + 0.5 * signals @ rng.normal(size=(3, 12))))
    table = {"units/region": np.array(["M1", "DLS"] * 6), "units/depth": 100.0 * np.arange(12)}
    whole = write_recording({"day": units}).rename(tmp_path / "whole.h5")
    parts = {name: {"x": units["x"][a:b]} for name, (a, b) in PIECES.items()}
    pieces = write_recording(parts).rename(tmp_path / "pieces.h5")
    np.savez(tmp_path / "counts.npz", counts=counts, fps=FPS, **table)
    bins, neurons = np.nonzero(counts)
    repeats = counts[bins, neurons]
    times = (np.repeat(bins, repeats) + rng.uniform(0.01, 0.99, repeats.sum())) / FPS
    np.savez(tmp_path / "times.npz", times=times, neurons=np.repeat(neurons, repeats), **table)
    return {
        "whole": whole,
        "pieces": pieces,
        "counts": tmp_path / "counts.npz",
        "times": tmp_path / "times.npz",
    }


def opened(recording, spikes, **options):
    return open_session(SessionArguments(recording=recording, spikes=spikes, **options))


@pytest.mark.parametrize("kind", ["counts", "times"])
def test_pieces_have_the_counts_and_units_of_the_whole(session, kind):
    with opened(session["whole"], session[kind], offset=0.0) as whole:
        units, counts = whole.timeline.units("x"), whole.spikes.counts
    with opened(session["pieces"], session[kind], starts=tuple(map(float, STARTS))) as pieces:
        rows = np.concatenate([np.arange(a, b) for a, b in PIECES.values()])
        assert np.array_equal(pieces.spikes.counts, counts[rows]) and pieces.spikes.covered.all()
        assert np.array_equal(pieces.timeline.units("x"), units[rows])
        assert (
            "starts of rollouts on the clock of the spikes: a at 0 s, b at 100.3 s, c at 170 s"
            in pieces.notes[-1]
        )
        _, sources = pieces.timeline.lagged((0.1,))
        assert (pieces.timeline.rollout[sources[:, 0]] >= 0).all() and len(sources) == len(rows) - 3


@pytest.mark.parametrize("kind", ["counts", "times"])
def test_longer_bins_begin_with_each_piece(session, kind):
    with opened(session["whole"], session[kind], offset=0.0) as whole:
        counts = whole.spikes.counts
    with opened(session["pieces"], session[kind], starts=(0.0, 100.3, 170.0), bin_seconds=0.5) as pieces:
        expected = [counts[a : b - (b - a) % 5].reshape(-1, 5, 12).sum(1) for a, b in PIECES.values()]
        assert np.array_equal(pieces.spikes.counts, np.concatenate(expected))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--starts", "0", "100.3"), "--starts has 2 times for 3 rollouts of"),
        (("--starts", *STARTS, "--offset", "0"), "--offset and --starts are both given"),
        (
            ("--starts", "0", "50", "170"),
            "rollout 'b' starts at 50 s, before rollout 'a' has ended, at 80.3 s",
        ),
        (
            ("--starts", "0", "100.3", "1700"),
            "a piece of the recording, from 1700 to 1770 s on the same clock",
        ),
        (("--starts", "0", "100.33", "170"), "a start of 100.33 s is not a multiple of the file's bins"),
        (("--starts", *STARTS, "--select", "region=CA1"), "unknown region 'CA1' in"),
        (("--starts", *STARTS, "--rollout", "a"), "--starts has 3 times for 1 rollouts"),
    ],
)
def test_wrong_starts_exit_with_2(session, options, message, capsys):
    command = ["encode", str(session["pieces"]), str(session["counts"]), "--layer", "x"]
    assert main([*command, *options]) == 2
    out, err = capsys.readouterr()
    assert not out and message in err and len(err.splitlines()) == 1


def test_encode_takes_pieces_and_selected_neurons(session, capsys):
    command = ["encode", str(session["pieces"]), str(session["times"]), "--starts", *STARTS]
    options = ["--layer", "x", "--shifts", "1", "--max-contamination", "1", "--max-fano", "1000"]
    chosen = ["--select", "region=M1", "--select", "depth<900"]
    assert main([*command, *options, *chosen, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in found["sessions"][0]["quality"]] == ["0", "2", "4", "6", "8"]
    assert found["layers"][0]["mean_corrected_bits_per_spike"] > 0.02
    assert any(
        "5 of 12 neurons are selected, those with region=M1 and depth<900" in n for n in found["notes"]
    )


def test_an_open_session_knows_the_group_of_each_neuron(session):
    from analysis.neural.settings import QualitySettings

    with opened(session["whole"], session["counts"], select=("depth>=200",)) as one:
        good, _ = one.good_neurons(QualitySettings(max_fano=20))
        assert one.groups("region", good.names).tolist() == [
            ("M1", "DLS")[int(name) % 2] for name in good.names
        ]
        with pytest.raises(InputError, match="unknown column 'area'"):
            one.groups("area", good.names)


@pytest.fixture
def measured(write_recording, tmp_path):
    """A session of Aldarondo et al. whose poses a recording of three pieces followed; and the recording."""
    from scipy.ndimage import gaussian_filter1d

    fps, pieces = 50.0, {"a": (0, 7000), "b": (8000, 12_000), "c": (13_000, 14_000)}
    noise = np.random.default_rng(0).normal(size=(15_000, 74))
    noise[:, 12:] = 0
    poses = gaussian_filter1d(noise, 0.2 * fps, axis=0)

    def spoil(file):
        del file[QPOS], file["behavior"]
        file[QPOS] = poses

    path = Workshop(tmp_path).session(spoil, frames=15_000)
    rollouts = {name: {"x": np.zeros((b - a, 1), np.float32)} for name, (a, b) in pieces.items()}
    recording = write_recording(rollouts, fps=fps)
    with h5py.File(recording, "r+") as file:
        for name, (a, b) in pieces.items():
            file[f"rollouts/{name}/reference"][:] = poses[a:b]
    return recording, path


def test_the_clock_of_each_piece_is_tested(measured):
    with opened(*measured, starts=(0.0, 160.0, 260.0)) as one:
        notes = [note for note in one.notes if "clock" in note]
    assert notes[0].startswith(
        "rollout 'a': clocks tested by qpos in 2 of 2 stretches of 60 s: offset right to 0"
    )
    assert notes[1].startswith("rollout 'b': clocks tested by qpos in 1 of 1 stretches")
    assert "too short to tell a drift" in notes[1]
    assert notes[2] == "the clock is not tested in rollouts shorter than 60 s: c"


def test_a_wrong_start_of_one_piece_is_named_with_the_right_one(measured):
    with (
        pytest.raises(InputError, match=r"rollout 'b': .* wrong by 1 s, .* give --starts 0 160 260$"),
        opened(*measured, starts=(0.0, 159.0, 260.0)),
    ):
        pass
    # far off, it is looked for in the whole session
    with (
        pytest.raises(InputError, match=r"rollout 'b': .* at an offset of 160\.00 s, .* --starts 0 160 290$"),
        opened(*measured, starts=(0.0, 200.0, 290.0)),
    ):
        pass
