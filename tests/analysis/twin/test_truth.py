import numpy as np
import pytest

from analysis.encoding.scores import bits_per_spike
from analysis.twin.truth import ANATOMY, NeuronPlan, plant
from analysis.twin.truth_network import PlantedNetwork
from tests.analysis.twin.conftest import behavior


def test_true_rates_predict_the_planted_spikes(planted):
    for one in planted:
        bits = bits_per_spike(one.session.counts, one.rates, one.session.counts.mean(0))
        assert (bits > 0.1).all()


def test_the_network_is_the_same_in_all_animals_and_the_neurons_are_not():
    sessions = [behavior(0), behavior(0)]
    network = PlantedNetwork.drawn(sessions[0].layout, seed=3)
    first, second = plant(network, sessions, 4, seed=0)
    assert not np.array_equal(first.weights, second.weights)
    again, _ = plant(PlantedNetwork.drawn(sessions[0].layout, seed=3), sessions, 4, seed=0)
    assert np.array_equal(first.session.counts, again.session.counts)


def test_a_lag_shifts_the_rate():
    session = behavior(0)
    network = PlantedNetwork.drawn(session.layout, seed=3)
    plan = NeuronPlan(drift=0.0, gain=0.0, lag_seconds=0.15)
    (lagged,) = plant(network, [session], 8, seed=0, plan=plan)
    (prompt,) = plant(network, [session], 8, seed=0, plan=NeuronPlan(drift=0.0, gain=0.0, lag_seconds=0.0))
    for i, lag in enumerate(lagged.lag):
        shift = round(lag / 0.05)
        inside = np.arange(10, 90)
        a, b = np.log(lagged.rates[inside + shift, i]), np.log(prompt.rates[inside, i])
        assert np.corrcoef(a, b)[0, 1] > 0.9


def test_the_memory_begins_anew_with_each_piece():
    session = behavior(0, pieces=2)
    network = PlantedNetwork.drawn(session.layout, seed=3)
    columns = session.columns
    whole = network(columns, session.piece, 0.05)
    alone = network(columns[100:], session.piece[100:], 0.05)
    assert whole[100:] == pytest.approx(alone, abs=1e-5)


def test_labels_leave_all_else_as_it_is():
    session = behavior(0)
    network = PlantedNetwork.drawn(session.layout, seed=3)
    (plain,) = plant(network, [session], 30, seed=0)
    (deeper,) = plant(network, [session], 30, seed=0, plan=NeuronPlan(depth_rate=1.0))
    of_depth = {"shallow": -0.5, "middle": 0.0, "deep": 0.5}
    shift = np.log(deeper.rates / plain.rates)
    assert shift[7] == pytest.approx([of_depth[one] for one in plain.session.table["depth"]], abs=1e-4)
    assert np.array_equal(plain.weights, deeper.weights) and np.array_equal(plain.lag, deeper.lag)


def test_types_shift_weights_and_regions_lags():
    session = behavior(0)
    network = PlantedNetwork.drawn(session.layout, seed=3)
    (one,) = plant(network, [session], 300, seed=0, plan=ANATOMY)
    table = one.session.table
    means = [one.weights[table["type"] == name].mean(0) for name in np.unique(table["type"])]
    assert np.linalg.norm(means[0] - means[1]) > 3
    late = one.lag[table["region"] == "back"].mean() - one.lag[table["region"] == "front"].mean()
    assert late == pytest.approx(ANATOMY.region_lag, abs=0.03)
    # sessions of other numbers have other neurons of the same types
    (other,) = plant(network, [session], 300, seed=0, plan=ANATOMY, first=7)
    again = [other.weights[other.session.table["type"] == name].mean(0) for name in np.unique(table["type"])]
    assert np.corrcoef(np.ravel(means), np.ravel(again))[0, 1] > 0.95
    assert not np.array_equal(one.weights, other.weights)
