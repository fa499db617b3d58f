"""Real spikes and the tracked position of the same animal."""

import numpy as np
import pytest

from analysis.neural.quality import judge
from analysis.neural.read import read_session
from analysis.neural.session import NeuralSession
from analysis.neural.settings import QualitySettings, SpikeOptions
from rodent.cli import main
from rodent.synthesis import read_track

pytest.importorskip("pynapple")

SCALE = 0.004


@pytest.fixture(scope="module")
def session(data) -> NeuralSession:
    return read_session(data / "neural" / "linear-track" / "spikes.mat", SpikeOptions(metres_per_pixel=SCALE))


def test_units_and_times(session):
    assert len(session.names) == 31 and session.names[0] == "1.1"
    assert session.span == (4396.9975, 6365.2707)
    assert session.spikes.times.size == 28_829


def test_what_is_wrong_with_the_tracking_is_told(session):
    notes = " | ".join(session.notes)
    assert "20 times positions are missing, 0.505 s in all, 0.111 s at most" in notes
    assert "1 positions have the time of the one before" in notes
    # before it began and while the animal rested elsewhere
    assert "same to the pixel for 1.02e+03 s" in notes
    position = session.behavior["position"]
    seen = np.isfinite(position.values[:, 0])
    assert position.t[seen][[0, -1]] == pytest.approx([4422.888, 5382.25], abs=0.05)


def test_spikes_and_positions_have_one_clock(session):
    """Neurons tell most of the place at no lag: the spikes' seconds are the tracker's ticks over 30,000."""
    position = session.behavior["position"]
    seen = np.isfinite(position.values[:, 0])
    times, places = position.t[seen], position.values[seen]
    centred = places - places.mean(0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    edges = np.linspace(along.min(), along.max(), 40)
    occupancy = np.histogram(along, edges)[0] / 60

    def information(shift: float) -> float:
        """Skaggs' spatial information, bits per spike summed over neurons."""
        total = 0.0
        for n in range(31):
            spikes = session.spikes.times[session.spikes.neurons == n] + shift
            spikes = spikes[(spikes > times[0]) & (spikes < times[-1])]
            if len(spikes) < 50:
                continue
            rate = np.histogram(np.interp(spikes, times, along), edges)[0] / np.maximum(occupancy, 1e-3)
            chance = occupancy / occupancy.sum()
            relative = rate / (chance * rate).sum()
            fired = (relative > 0) & (occupancy > 0.1)
            total += float((chance[fired] * relative[fired] * np.log2(relative[fired])).sum())
        return total

    found = {shift: information(shift) for shift in (-10.0, -2.0, -0.25, 0.0, 0.25, 2.0, 10.0)}
    assert abs(max(found, key=lambda shift: found[shift])) <= 0.25
    assert found[0.0] > 1.15 * max(found[2.0], found[-2.0]) and found[0.0] > 1.8 * max(
        found[10.0], found[-10.0]
    )


def test_quality_of_real_units(session):
    quality = judge(session.whole(0.1), session, QualitySettings())
    rates = [row["rate_hz"] for row in quality.table]
    assert min(rates) == pytest.approx(0.02, abs=0.002) and max(rates) == pytest.approx(4.04, abs=0.01)
    assert quality.good.sum() == 23
    assert all("below 0.1 Hz" in reason for reason in quality.dropped.values())


def test_the_path_is_one_that_gait_can_follow(session, tmp_path, capsys):
    out = tmp_path / "animal.csv"
    options = ["--metres-per-pixel", str(SCALE), "--path-out", str(out), "--between", "4500", "4560"]
    assert main(["spikes", str(session.path), *options]) == 0
    assert "--offset 4500.0" in capsys.readouterr().err
    seconds, metres = read_track(out)
    assert len(seconds) == pytest.approx(3600, abs=5)
    assert np.ptp(metres, axis=0).max() < 2.0 and np.all(metres > 0)
