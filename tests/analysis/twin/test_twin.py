import dataclasses

import numpy as np
import pytest

from analysis.twin.adaptation import adapt
from analysis.twin.core import core_of
from analysis.twin.readout import ReadoutPlan, initial_readouts, location_weights, read
from analysis.twin.scores import score_rates
from analysis.twin.settings import AdaptSettings, TwinSettings
from analysis.twin.training import TrainingData
from analysis.twin.twin import Twin
from rodent.errors import InputError
from tests.analysis.twin.conftest import SMALL, behavior

FEW = AdaptSettings(strengths=(3.0, 0.3), components=6, block_seconds=2.0)


def test_a_new_animal_is_predicted(twin, sessions):
    readouts = adapt(twin, sessions[2], FEW, minutes=0.6)
    rows = twin.windows(sessions[2]).rows[readouts.fitted_rows :]
    predicted = readouts.predict(twin, sessions[2])[readouts.fitted_rows :]
    found = score_rates(sessions[2].counts[rows], predicted, readouts.mean, 0.05, seed=0)
    assert (found.p_values <= 0.05).mean() >= 0.5


def test_the_tensor_of_adapted_readouts_gives_their_predictions(twin, sessions):
    readouts = adapt(twin, sessions[2], FEW)
    tensor = readouts.tensor(twin)
    assert tensor.shape == (6, 5, 2, 4)
    windows, columns = twin.windows(sessions[2]), twin.perspective_.columns(sessions[2])
    features = twin._run(columns[windows.bins[:1]])[0].reshape(-1, 2, 4)
    at = int(np.flatnonzero(windows.predicted[0])[0])
    direct = sum(
        np.einsum("npc,pc->n", tensor[:, i], features[at - lag]) for i, lag in enumerate(range(-2, 3))
    )
    through = twin.features(sessions[2], 6)[0, :6] @ readouts.coefficients[:6]
    assert np.allclose(direct, through, atol=1e-4)


@pytest.mark.parametrize("core", ["linear", "gru"])
def test_every_core_is_fitted(core, sessions):
    settings = dataclasses.replace(SMALL, core=core, steps=3)
    fitted = Twin(settings).fit(sessions[:2])
    features = fitted.features(sessions[2], 5)
    assert features.shape == (len(fitted.windows(sessions[2]).rows), 5 + 3)
    assert np.isfinite(features).all()


def test_a_random_core_stays_as_it_is(sessions):
    import jax

    settings = dataclasses.replace(SMALL, core="linear", training="readouts", steps=2)
    fitted = Twin(settings).fit(sessions[:2])
    columns = np.zeros((1, 40, 4), np.float32)
    first = core_of(settings, fitted.parts).init(jax.random.PRNGKey(settings.seed), columns)
    assert jax.tree.all(jax.tree.map(np.array_equal, fitted.core_, first))


def test_animals_with_fewer_neurons_weigh_as_much(sessions):
    fewer = dataclasses.replace(
        sessions[1], counts=sessions[1].counts[:, :2], neurons=sessions[1].neurons[:2], table={}
    )
    fitted = Twin(dataclasses.replace(SMALL, core="streams", steps=2)).fit([sessions[0], fewer])
    assert [len(one["lag"]) for one in fitted.readouts_] == [6, 2]
    data = TrainingData.of([sessions[0], fewer], fitted.perspective_, SMALL)
    batch = data.batch(np.random.default_rng(0), 3)
    assert batch["columns"].shape[:2] == (2, 3) and data.real.sum(1).tolist() == [6, 2]


def test_location_has_noise_in_training_only(rng):
    import jax

    plan = ReadoutPlan.of(np.array([[0.0, 0.0], [1.0, 0.0]]), reach=2)
    readouts = initial_readouts(rng, np.ones(3), channels=2, slow=0, noise=(0.3, 0.3))
    parts, lags = location_weights(readouts, plan)
    assert np.allclose(parts.sum(1), 1) and np.allclose(lags.sum(1), 1)
    noisy, _ = location_weights(readouts, plan, jax.random.PRNGKey(0))
    assert not np.allclose(parts, noisy)
    # a lag of two bins reads the features of two bins before
    late = readouts | {"lag": np.full(3, 2.0, np.float32), "weights": np.ones((3, 2), np.float32)}
    features = np.zeros((1, 9, 2, 2), np.float32)
    features[0, 3] = 1.0
    found = read(late, features, np.zeros((1, 9, 0), np.float32), plan) - readouts["constant"]
    assert found[0, :, 0].argmax() + 2 == 3 + 2


def test_one_animal_is_refused(sessions):
    with pytest.raises(InputError, match=r"there is one only.*rodent encode"):
        Twin(SMALL).fit(sessions[:1])


def test_silent_neurons_are_refused(sessions):
    counts = sessions[1].counts.copy()
    counts[:, 4] = 0
    with pytest.raises(InputError, match=r"1 of 6 neurons have no spikes.*neuron_4"):
        Twin(SMALL).fit([sessions[0], sessions[1].with_counts(counts)])


def test_neurons_that_are_silent_in_the_given_minutes_are_refused(twin, sessions):
    counts = sessions[2].counts.copy()
    counts[:1000, 0] = 0
    session = sessions[2].with_counts(counts)
    with pytest.raises(InputError, match=r"no spikes in the first 0.5 minutes.*neuron_0"):
        adapt(twin, session, FEW, 0.5)


def test_pieces_that_are_too_short_are_refused(sessions, twin):
    glued = dataclasses.replace(sessions[2], piece=np.arange(sessions[2].n_bins) // 3)
    with pytest.raises(InputError, match=r"no piece is longer.*--lag-seconds"):
        twin.windows(glued)


def test_too_few_or_too_many_minutes_are_refused(twin, sessions):
    with pytest.raises(InputError, match=r"too few to fit"):
        adapt(twin, sessions[2], FEW, minutes=0.1)
    with pytest.raises(InputError, match=r"minutes that can be used, and 9 are to be fitted"):
        adapt(twin, sessions[2], FEW, minutes=9)


def test_streams_that_do_not_change_are_refused():
    still = [
        dataclasses.replace(
            one,
            counts=np.ones_like(one.counts),
            streams=(dataclasses.replace(one.streams[0], values=np.ones((one.n_bins, 4))),),
        )
        for one in (behavior(0), behavior(1))
    ]
    with pytest.raises(InputError, match=r"all 4 columns of the streams are constant"):
        Twin(SMALL).fit(still)


def test_settings_are_checked():
    with pytest.raises(InputError, match=r"chunk_seconds is 0.3; it must be more than twice lag_seconds"):
        TwinSettings(chunk_seconds=0.3)
    with pytest.raises(InputError, match=r"strengths"):
        AdaptSettings(strengths=())
