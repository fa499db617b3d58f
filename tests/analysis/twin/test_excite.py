import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.twin.excite import Excited, RealMovements, Search
from analysis.twin.excite_results import excite_section, excite_to_json, excited_clips
from analysis.twin.excite_session import chosen_neurons, real_movements
from analysis.twin.performing import Performed
from analysis.twin.rates import RateModel
from analysis.twin.settings import ExciteSettings
from rodent.clips import write_clips
from rodent.errors import InputError, WorkError
from tests.analysis.twin.test_experiment import moving  # noqa: F401 - a fixture
from tests.motions import glide

SETTINGS = ExciteSettings(seconds=0.6, real_movements=2, rounds=3, batch=4, elites=2, ascent_steps=3)


class Late:
    """In place of a policy: the body does what the reference asks for, two frames late, and loses some."""

    def __init__(self, streams, lost=()):
        self.streams, self.lost = streams, lost

    def __call__(self, references):
        late = np.concatenate([references[:, :1].repeat(2, axis=1), references[:, :-2]], axis=1)
        alive = ~np.isin(np.arange(len(late)), self.lost)
        return Performed(self.streams(late), late, alive)


@pytest.fixture(scope="module")
def real(body, moving):  # noqa: F811
    poses = np.stack([glide(body, frames=30, seed=seed) for seed in range(12)])
    return RealMovements(poses, moving[2](poses))


@pytest.fixture(scope="module")
def search(moving, real) -> Search:  # noqa: F811
    twin, readouts, streams = moving
    models = [RateModel.of(twin, readouts)]
    return Search(models, streams, Late(streams, lost=(3,)), real, SETTINGS)


@pytest.fixture(scope="module")
def excited(search) -> Excited:
    return search.excite(1)


def test_performed_movements_excite_more_than_real_ones(body, search, excited):
    assert excited.hz(excited.performed) > excited.hz(excited.real)
    assert (np.diff(excited.course) >= 0).all() and len(excited.course) == 3
    assert (len(search.tried), search.failed) == (9, 3)
    best = max(one.scores[:, 1].max() for one in search.real)
    assert excited.real.scores[:, 1].max() == best
    low, high = body.joint_range.T
    for poses in (excited.reference, excited.imagined.poses):
        assert (poses[:, 7:] >= low - 1e-9).all() and (poses[:, 7:] <= high + 1e-9).all()


def test_scores_are_rates_less_a_penalty(search, excited):
    objective, performed = search.objective, excited.performed
    hz = np.exp(np.asarray(search.models[0].log_rates(performed.columns[None]))[0])
    assert performed.hz == pytest.approx(hz, rel=1e-3)
    beyond = np.maximum(performed.distance - 1, 0)
    penalty = SETTINGS.distance_weight * beyond**2 + 0.1 * performed.distance
    expected = np.minimum(np.log(hz), objective.most) - penalty[:, None]
    assert performed.scores == pytest.approx(expected, abs=1e-3)
    real = np.concatenate([one.distance for one in search.real])
    assert np.quantile(real, 0.95) == pytest.approx(1.0, abs=1e-3)
    rates = np.concatenate([one.hz for one in search.real])
    assert np.exp(objective.most) == pytest.approx(1.5 * rates.max(0), rel=1e-3)


def test_of_several_twins_the_lowest_prediction_counts(search, real):
    (one,) = search.models
    less = dataclasses.replace(one, constant=one.constant - np.array([0.0, 1.0, -1.0], np.float32))
    both = Search([one, less], search.streams, search.performer, real, SETTINGS)
    ratio = both.real[0].hz / search.real[0].hz
    assert ratio == pytest.approx(np.broadcast_to([1.0, np.exp(-1.0), 1.0], ratio.shape), rel=1e-3)


def test_a_policy_that_loses_everything_is_an_error(search, real):
    lost = Late(search.streams, lost=range(4))
    with pytest.raises(WorkError, match="lost all 4 movements"):
        Search(search.models, search.streams, lost, real, SETTINGS).excite(0)


def test_results_are_clips_and_a_page(body, search, excited, tmp_path):
    names = ("a", "b", "c")
    clips = excited_clips([excited], names, search)
    assert clips.names == ("b_real", "b_gradient", "b_reference", "b_performed")
    write_clips(clips, tmp_path / "excited.h5", body)
    page = excite_to_json([excited], names, search)
    assert page["neurons"][0]["performed_hz"] == excited.hz(excited.performed)
    assert page["neurons"][0]["seconds"] in search.seconds and page["lost"] == search.failed
    (_, table) = excite_section([excited], names, search).parts
    assert table.rows[0][0] == "b"


def test_movements_are_cut_within_pieces():
    piece = np.array([0] * 12 + [-1] * 3 + [1] * 11)
    columns = np.arange(26.0)[:, None]
    session = SimpleNamespace(n_bins=26, bin_seconds=0.1, piece=piece, columns=columns, name="day")
    poses = np.repeat(columns, 2, axis=0)
    found = real_movements(session, poses, frames=2, seconds=1.0)
    assert found.columns[:, 0, 0].tolist() == [0, 2, 16] and found.poses.shape == (3, 20, 1)
    assert (found.poses[:, ::2] == found.columns).all()
    with pytest.raises(InputError, match="no uninterrupted movement of 2 s"):
        real_movements(session, poses, frames=2, seconds=2.0)


def test_neurons_are_chosen_by_name():
    assert chosen_neurons(("a", "b"), ()) == [0, 1] and chosen_neurons(("a", "b"), ("b",)) == [1]
    with pytest.raises(InputError, match="unknown neuron 'c'"):
        chosen_neurons(("a", "b"), ("c",))
