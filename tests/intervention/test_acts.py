"""What acts do to values, against formulas."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.intervention.acts import Affine, Delayed, Leaky, Noisy, Now, Resample

N, UNITS, STEPS = 4, 6, 12
X = np.random.default_rng(0).normal(size=(STEPS, N, UNITS)).astype(np.float32)


def _played(act, row, values=X, active=True):
    """The act in environment 2 of N; what comes out, shape (steps, N, units)."""
    acting = act.stacked("a", N, {2: (1, row)})
    state, found = acting.begin(), []
    on = jnp.zeros((N, 2), bool).at[2, 1].set(active)
    for step, now in enumerate(values):
        frame, first = jnp.full(N, step), jnp.full(N, step == 0)
        changed, state, counts = acting.applied(jnp.asarray(now), state, Now(frame, first, on))
        assert (
            np.asarray(counts)[2, 1]
            == np.asarray(counts).sum()
            == ((np.asarray(changed) != now) & np.isfinite(now)).sum()
        )
        found.append(np.asarray(changed))
    return np.stack(found)


def _only(index, value, neutral=0.0):
    row = np.full(UNITS, neutral, np.float32)
    row[index] = value
    return row


KEY = np.asarray(jax.random.PRNGKey(1))
ACTS = {
    "affine": (Affine, {"gain": _only(1, 0.5, 1.0), "add": _only(1, 2.0)}),
    "resample": (
        Resample,
        {"chosen": _only(1, 1) > 0, "key": KEY, "table": np.full((UNITS, 3), 7, np.float32)},
    ),
    "noisy": (Noisy, {"sd": _only(1, 1.0), "correlation": np.zeros(1, np.float32), "key": KEY}),
    "leaky": (Leaky, {"decay": _only(1, 0.5)}),
    "delayed": (Delayed, {"steps": _only(1, 2).astype(np.int32), "memory": np.zeros(2, np.float32)}),
}


@pytest.mark.parametrize("name", ACTS)
def test_only_the_chosen_unit_of_the_chosen_environment_changes(name):
    found = _played(*ACTS[name])
    changed = (found != X).any(0)
    assert changed[2, 1] and changed.sum() == 1
    np.testing.assert_array_equal(_played(*ACTS[name], active=False), X)


@pytest.mark.parametrize("envs", [[0], [1, 3], [0, 1, 3], [3, 2, 1, 0]])
def test_any_number_of_environments_has_the_act(envs):
    act = Affine.stacked(
        "a", N, {env: (0, {"gain": _only(0, env + 2.0, 1.0), "add": _only(0, 0)}) for env in envs}
    )
    now = Now(jnp.zeros(N, int), jnp.zeros(N, bool), jnp.ones((N, 1), bool))
    found, _, counts = act.applied(jnp.asarray(X[0]), act.begin(), now)
    expected = X[0].copy()
    for env in envs:
        expected[env, 0] *= env + 2
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(counts[:, 0], np.isin(np.arange(N), envs))


def test_an_affine_act_multiplies_and_adds():
    np.testing.assert_allclose(_played(*ACTS["affine"])[:, 2, 1], 0.5 * X[:, 2, 1] + 2, rtol=1e-6)


def test_a_gain_of_nought_leaves_nothing_of_a_value_that_is_not_finite():
    values = X.copy()
    values[3, 2, 1] = np.inf
    row = {"gain": _only(1, 0.0, 1.0), "add": _only(1, 2.0)}
    np.testing.assert_array_equal(_played(Affine, row, values)[:, 2, 1], 2.0)


def test_a_leak_is_an_exponential_filter():
    found, expected = _played(*ACTS["leaky"])[:, 2, 1], [X[0, 2, 1]]
    for x in X[1:, 2, 1]:
        expected.append(0.5 * expected[-1] + 0.5 * x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_delay_begins_with_the_first_value():
    x = X[:, 2, 1]
    np.testing.assert_array_equal(_played(*ACTS["delayed"])[:, 2, 1], np.concatenate([x[[0, 0]], x[:-2]]))


def test_noise_has_the_deviation_and_the_autocorrelation_that_are_asked():
    steps = 3000
    row = {"sd": np.full(UNITS, 0.5, np.float32), "correlation": np.float32([0.8]), "key": KEY}
    act = Noisy.stacked("a", 1, {0: (0, row)})
    on = jnp.ones(1, bool)

    def step(state, frame):
        now = Now(frame[None], frame[None] == 0, on)
        found, state = act(jnp.zeros((1, UNITS)), state, now)
        return state, found[0]

    noise = np.asarray(jax.lax.scan(step, act.begin(), jnp.arange(steps))[1])
    assert noise.std() == pytest.approx(0.5, rel=0.05)
    lagged = [np.corrcoef(noise[:-1, i], noise[1:, i])[0, 1] for i in range(UNITS)]
    assert np.mean(lagged) == pytest.approx(0.8, abs=0.03)
    assert np.abs(np.corrcoef(noise.T) - np.eye(UNITS)).max() < 0.3


def test_resampled_values_have_the_distribution_of_the_table():
    table = np.arange(4, dtype=np.float32)[None] + 10 * np.arange(UNITS, dtype=np.float32)[:, None]
    row = {"chosen": np.ones(UNITS, bool), "key": KEY, "table": table}
    found = _played(Resample, row, np.zeros((200, N, UNITS), np.float32))[:, 2]
    for unit in range(UNITS):
        values, counts = np.unique(found[:, unit], return_counts=True)
        np.testing.assert_array_equal(values, table[unit])
        assert counts.min() > 25
    assert len(np.unique(found - 10 * np.arange(UNITS), axis=0)) > 100  # units are independent
