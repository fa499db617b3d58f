"""Drift of representation against planted drift, and recordings of checkpoints as a page and JSON."""

import json

import numpy as np
import pytest

from analysis.similarity.course import read_course
from analysis.similarity.drift import drift
from analysis.similarity.drift_settings import DriftSettings
from rodent.cli import main
from rodent.errors import InputError
from tests.recordings import block, writer

MOMENTS, UNITS, DIMENSIONS = 600, 40, 6
SETTINGS = DriftSettings(halves=3, turns=3)
STEPS = (0, 100_000, 200_000, 400_000)


def _planted(angle, noise=0.0, seed=0):
    """Units that read a representation which has turned by an angle from one to another."""
    rng = np.random.default_rng(1)
    first, second = rng.standard_normal((2, MOMENTS, DIMENSIONS))
    readout = rng.standard_normal((DIMENSIONS, UNITS))
    shown = np.cos(angle) * first + np.sin(angle) * second
    own = np.random.default_rng(seed)
    return shown @ readout + noise * own.standard_normal((MOMENTS, UNITS))


def test_similarity_falls_as_the_representation_turns_and_has_its_ceiling_and_null():
    angles = np.array([0.0, 0.3, 0.6, 1.2])
    alive = [np.ones(MOMENTS, bool)] * 4
    found = drift([_planted(angle) for angle in angles], alive, SETTINGS)
    # CKA of two sums of independent representations is the square of their correlation
    expected = np.cos(angles[:, None] - angles) ** 2
    own = np.diag(found.similarity)
    assert (own > 0.6).all()
    np.testing.assert_allclose(found.similarity / found.ceiling, expected, atol=0.06)
    assert np.abs(found.null[0, 1:]).max() < 0.05
    rows = found.by_distance(STEPS)
    assert [row["distance"] for row in rows] == [100_000] * 2 + [200_000] * 2 + [300_000, 400_000]
    assert rows[-1]["first"] == 0 and rows[-1]["similarity"] == found.similarity[0, 3]
    again = drift([_planted(angle) for angle in angles], alive, SETTINGS)
    np.testing.assert_array_equal(again.similarity, found.similarity)


def test_noise_of_units_lowers_the_ceiling_as_it_lowers_the_similarity():
    alive = [np.ones(MOMENTS, bool)] * 2
    clean = drift([_planted(0.0), _planted(0.5)], alive, SETTINGS)
    noisy = drift([_planted(0.0, 6.0, 2), _planted(0.5, 6.0, 3)], alive, SETTINGS)
    assert noisy.similarity[0, 1] < 0.8 * clean.similarity[0, 1]
    relative = [one.similarity[0, 1] / one.ceiling[0, 1] for one in (clean, noisy)]
    assert relative[0] == pytest.approx(relative[1], abs=0.1)


def test_only_moments_before_failures_of_both_are_compared():
    broken = _planted(0.0)
    broken[400:] = np.random.default_rng(4).standard_normal((200, UNITS))
    alive = [np.ones(MOMENTS, bool), np.arange(MOMENTS) < 400]
    found = drift([_planted(0.0), broken], alive, SETTINGS)
    assert found.moments.tolist() == [[600, 400], [400, 400]]
    assert found.similarity[0, 1] > 0.9 * found.ceiling[0, 1]
    with pytest.raises(InputError, match="checkpoints 0 and 1 have 10 moments before a failure in common"):
        drift([_planted(0.0), broken], [alive[0], np.arange(MOMENTS) < 10], SETTINGS)
    with pytest.raises(InputError, match="no halves"):
        drift([np.ones((MOMENTS, 1))], [alive[0]], SETTINGS)


@pytest.fixture
def course(tmp_path):
    """Recordings of three checkpoints, of one episode each."""
    folder = tmp_path / "course"
    folder.mkdir()
    for i, steps in enumerate(STEPS[:3]):
        with writer(folder / f"{steps:010d}.h5") as recording:
            episode = recording.rollout("episode_0")
            plain = {name: rows for name, rows in block(0, MOMENTS).items() if "/" not in name}
            episode.append(
                plain
                | {
                    "alive": np.ones(MOMENTS, bool),
                    "units/decoder/layer_0": _planted(0.4 * i).astype(np.float32),
                    "units/value/layer_0": _planted(0.0).astype(np.float32),
                }
            )
            episode.outcomes = {"frames": MOMENTS, "lifespan": MOMENTS, "reward/total": 0.1 * i}
    return folder


def test_a_course_is_written_as_a_page_and_as_json(course, tmp_path, capsys):
    out = tmp_path / "drift"
    words = ["drift", str(course), "--every", "0.02", "--halves", "2", "--turns", "2", "--out", str(out)]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((out / "drift.json").read_text())
    assert [one["steps"] for one in found["checkpoints"]] == list(STEPS[:3])
    assert [one["reward"] for one in found["checkpoints"]] == pytest.approx([0.0, 0.1, 0.2])
    # by default without the value network
    assert list(found["layers"]) == ["decoder/layer_0"]
    pairs = found["layers"]["decoder/layer_0"]["pairs"]
    assert [row["moments"] for row in pairs] == [MOMENTS] * 3
    assert pairs[0]["similarity"] > pairs[2]["similarity"] > pairs[2]["null"]
    assert "Drift of representation" in (out / "drift.html").read_text()


def test_folders_and_layers_that_do_not_fit_are_refused(course, tmp_path, capsys):
    assert main(["drift", str(course), "--layer", "decoder/layer_9"]) == 2
    assert "decoder/layer_0" in capsys.readouterr().err
    with pytest.raises(InputError, match="has 0 recordings; at least 2"):
        read_course(tmp_path / "nothing")
    (course / "0000100000.h5").rename(course / "walk.h5")
    with pytest.raises(InputError, match=r"walk\.h5 is not named by control steps"):
        read_course(course)
    with pytest.raises(InputError, match="expected a positive time"):
        DriftSettings(every=0.0)
