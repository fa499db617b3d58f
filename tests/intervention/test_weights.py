"""Cuts of connections and damage to weights: acts against matrix products, and in the closed loop."""

import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.intervention import parsed, planned
from rodent.intervention.acts import Now
from rodent.intervention.effects import effects
from rodent.intervention.weight_acts import Reweighed, Severed
from rodent.policy.connections import kernel_of
from rodent.policy.taps import Inputs
from tests.intervention.preparations import N, states, units

RNG = np.random.default_rng(0)
INPUTS = Inputs(*(jnp.asarray(RNG.normal(size=size), jnp.float32) for size in ((5, 4), (4, 3), 3)))
SUMS = INPUTS.x @ INPUTS.kernel + INPUTS.bias


def _applied(act, values=SUMS, active=True, left=None):
    on = jnp.full((5, 1), active)
    frame = jnp.zeros(5, int)
    return act.applied(values, (), Now(frame, frame == 0, on, INPUTS, left))[::2]


def _severed(env, inputs, unit):
    row = {"inputs": np.isin(np.arange(4), inputs), "units": np.arange(3) == unit}
    return Severed.stacked("a.weights", 5, {env: (0, row)})


def _row(factor):
    return {"factor": factor, "units": (factor != 1).any(0)}


def _reweighed(env, factor, start):
    static = {"start": start, "stop": start + len(factor)}
    return Reweighed.stacked("a.weights", 5, {env: (0, _row(factor))}, static)


def _expected(env, factors):
    return INPUTS.x[env] @ (INPUTS.kernel * factors) + INPUTS.bias


def test_connections_between_two_sets_of_units_are_cut():
    act = _severed(2, [0, 3], 1)
    found, counts = _applied(act)
    factors = np.ones((4, 3))
    factors[[0, 3], 1] = 0
    np.testing.assert_allclose(found[2], _expected(2, factors), rtol=1e-5)
    assert (
        np.argwhere(np.asarray(found != SUMS)).tolist() == [[2, 1]]
        and counts.tolist() == [[0]] * 2 + [[1]] + [[0]] * 2
    )
    np.testing.assert_array_equal(_applied(act, active=False)[0], SUMS)


def test_nothing_passes_through_what_is_cut():
    found, _ = _applied(_severed(1, [0, 1, 2, 3], 2))
    assert found[1, 2] == INPUTS.bias[2]


@pytest.mark.parametrize("envs", [[3], [0, 2, 4], [0, 1, 2, 3, 4]])
def test_every_weight_is_scaled(envs):
    factors = {env: RNG.random((2, 3)).astype(np.float32) for env in envs}
    rows = {env: (0, _row(factor)) for env, factor in factors.items()}
    act = Reweighed.stacked("a.weights", 5, rows, {"start": 1, "stop": 3})
    found, _ = _applied(act)
    for env in range(5):
        every = np.ones((4, 3))
        every[1:3] = factors.get(env, 1.0)
        np.testing.assert_allclose(found[env], _expected(env, every), rtol=1e-5)


def test_a_weight_that_is_cut_twice_is_cut_once():
    half = np.array([[True, False, True], [False, False, True]])
    acts = [_reweighed(2, half, 1), _severed(2, [1], 0), _reweighed(2, np.full((1, 3), 0.5), 2)]
    values, left = SUMS, jnp.ones((5, 4, 3))
    for act in acts:
        values, _ = _applied(act, values, left=left)
        left = left * act.left(jnp.ones((5, 1), bool), INPUTS)
    factors = np.ones((4, 3))
    factors[1:3] = half
    factors[1, 0] = 0
    factors[2] *= 0.5
    np.testing.assert_allclose(values[2], _expected(2, factors), rtol=1e-5)
    np.testing.assert_array_equal(values[:2], SUMS[:2])
    np.testing.assert_allclose(left[2], factors)


def test_a_random_cut_has_its_fraction_and_its_seed(preparation):
    _, _, prepared = preparation

    def kept(text):
        (effect,) = effects(parsed(text), prepared)
        return effect.rows["factor"], dict(effect.static)

    first, where = kept("cut latent/sample[0:4] -> decoder/layer_0 by 25% seed 1")
    assert where == {"start": 0, "stop": 8} and first.shape == (8, 12)
    assert (~first[:4]).sum() == 12 and first[4:].all()
    assert (kept("cut latent/sample[0:4] -> decoder/layer_0 by 25% seed 2")[0] != first).any()
    # all gates of an LSTM lose the same connections
    gates = kept("cut decoder/lstm -> decoder/lstm by 25%")[0].reshape(10, 4, 10)
    assert (gates == gates[:, :1]).all() and (~gates[:, 0]).sum() == 25


def test_damage_is_of_the_incoming_weights_of_the_units(preparation):
    _, _, prepared = preparation
    for how in ("loss", "removal", "noise"):
        (effect,) = effects(parsed(f"degrade latent/mean[2,5] by 50% of weights how {how}"), prepared)
        factor = np.asarray(effect.rows["factor"], float)
        assert (np.delete(factor, (2, 5), 1) == 1).all()
        changed = factor[:, (2, 5)]
        if how == "removal":
            assert set(np.unique(changed)) == {0, 1} and changed.mean() == 0.5
        elif how == "loss":
            assert 0 <= changed.min() < 0.2 and 0.8 < changed.max() <= 1
        else:
            assert changed.min() < 0.4 and changed.max() > 1.4


def test_cuts_in_the_closed_loop(preparation, play, plain):
    params = preparation[0].params
    both = ["cut latent/sample -> decoder/layer_0 by 40% seed 2", "cut latent/sample -> decoder/layer_0"]
    rows = play(
        {
            0: ["cut latent/sample -> decoder/layer_0"],
            3: ["silence latent/sample to zero"],
            6: ["cut latent/sample -> decoder/layer_0 from frame 3"],
            1: ["cut decoder/* -> decoder/lstm[2]", "clamp decoder/lstm.forget_gate[2] to 0"],
            9: ["cut encoder/layer_0[0:4] -> latent/mean[1]"],
            12: both,
            15: both,
            18: ["cut latent/sample -> decoder/layer_0"],
        }
    )
    layer = units(rows, "decoder/layer_0")
    np.testing.assert_allclose(layer[0, 0], layer[0, 3], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer[0, 0], layer[0, 12], rtol=1e-5, atol=1e-6)
    # an act that others share after an act of their own
    np.testing.assert_array_equal(layer[:, 12], layer[:, 15])
    np.testing.assert_array_equal(layer[:, 0], layer[:, 18])
    assert (units(rows, "latent/sample")[0, 0] != 0).all()
    found = states(rows)
    np.testing.assert_array_equal(found[:3, 6], states(plain)[:3, 6])
    assert (found[3, 6] != states(plain)[3, 6]).any()
    # without inputs and without its past, a cell has what its biases give: nought in an untrained network
    assert (units(rows, "decoder/lstm.cell")[:, 1, 2] == 0).all()
    assert (units(rows, "decoder/lstm.input_gate")[:, 1, 2] == 0.5).all()
    below, mean = units(plain, "encoder/layer_0"), units(plain, "latent/mean")
    lost = below[0, 9, :4] @ kernel_of(params, "latent/mean")[:4, 1]
    np.testing.assert_allclose(units(rows, "latent/mean")[0, 9, 1], mean[0, 9, 1] - lost, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "cut encoder/layer_0 -> decoder/layer_0",
            "unknown source of connections 'encoder/layer_0' in the inputs of decoder/layer_0",
        ),
        ("cut latent/sample -> latent/sample", "unknown layer with weights 'latent/sample'"),
        ("cut latent/sample[9] -> decoder/layer_0", "latent/sample has no unit 9"),
        ("cut latent/sample[0] -> decoder/layer_0[1] by 10%", "10% of 1 connections .* are none"),
        ("degrade action by 10% of weights", "unknown layer with weights 'action'"),
    ],
)
def test_connections_that_there_are_not_are_refused(preparation, text, message):
    _, runner, prepared = preparation
    with pytest.raises(InputError, match=message):
        planned([[parsed(text)]] * N, prepared, runner.task)
