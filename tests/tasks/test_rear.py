"""Rearing on a cue, against states made by hand."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.tasks.goal_settings import RearConfig
from rodent.tasks.rear import RearState
from rodent.tasks.stance import standing
from rodent.tasks.task import Played

KEY = jax.random.PRNGKey(3)
NOTHING = jnp.zeros(38)
LOW, HIGH = 0.05, 0.16


@pytest.fixture(scope="module")
def rear(body):
    return RearConfig(hold=0.1).build(body, None)


def _with_head(body, height):
    """A standing body whose head is at a height, m."""
    physics = jax.tree.map(jnp.asarray, standing(body))
    return dataclasses.replace(physics, xpos=physics.xpos.at[body.end_effector_rows[-1], 2].set(height))


def _after(rear, body, state, heights):
    """The state after steps with the head at these heights."""
    for height in heights:
        state = rear.update(rear.advance(state), _with_head(body, height))
    return state


@pytest.fixture
def cued(rear):
    """The state at the cue."""
    return rear.initial_state(jnp.int32(0), KEY)._replace(cue=jnp.float32(0.0))


def test_the_cue_comes_when_it_was_drawn_and_ends_once_the_animal_has_reared(rear, body):
    states = [rear.initial_state(jnp.int32(0), key) for key in jax.random.split(KEY, 50)]
    cues = np.array([state.cue for state in states])
    assert 1.0 <= cues.min() < 1.2
    assert 2.8 < cues.max() <= 3.0
    state = states[0]._replace(cue=jnp.float32(1.0))
    physics = _with_head(body, LOW)
    seen = [float(rear.observe(state._replace(step=jnp.int32(at)), physics)["cue"][0]) for at in (49, 50)]
    assert seen == [0, 1]
    done = state._replace(step=jnp.int32(60), reared=jnp.ones((), bool))
    assert rear.observe(done, physics)["cue"][0] == 0


def test_the_head_must_stay_up_without_a_break_and_come_down_afterwards(rear, body, cued):
    broken = _after(rear, body, cued, [HIGH] * 4 + [LOW] + [HIGH] * 4)
    assert not broken.reared
    up = _after(rear, body, broken, [HIGH])
    assert up.reared
    assert not up.down
    assert _after(rear, body, up, [LOW]).down
    early = rear.initial_state(jnp.int32(0), KEY)._replace(cue=jnp.float32(3.0))
    assert not _after(rear, body, early, [HIGH] * 10).reared


def test_a_high_head_is_rewarded_during_the_cue_and_a_low_one_otherwise(rear, body, cued):
    def earned(state, height):
        physics = _with_head(body, height)
        measure = rear.measure(state, physics)
        return float(sum(rear.reward(state, physics, measure, NOTHING, NOTHING).values()))

    waits = cued._replace(cue=jnp.float32(3.0))
    done = cued._replace(reared=jnp.ones((), bool))
    assert earned(cued, HIGH) == pytest.approx(1.0, abs=1e-5)
    assert earned(cued, HIGH) > earned(cued, 0.12) > earned(cued, LOW)
    for state in (waits, done):
        assert earned(state, LOW) == pytest.approx(1.0, abs=1e-5)
        assert earned(state, HIGH) < 0.5


def test_figures_count_those_that_came_down_without_a_fall(rear):
    down, stood = np.array([0.0, 1.0, 1.0]), np.zeros(3, bool)
    done = Played({"down": down}, stood)
    never = Played({"down": np.zeros(3)}, stood)
    falls = Played({"down": down}, np.array([False, False, True]))
    (row,) = rear.figures([done, never, falls, done])
    assert (row.value, row.bar, row.at) == (0.5, 0.9, "least")


def test_the_trial_has_the_cue_the_rise_and_the_reward(rear):
    held = np.array([0.0, 0.0, 0.02, 0.04, 0.0])
    reared = np.array([False, False, False, True, True])
    down = np.array([False, False, False, False, True])
    cue = np.full(5, 0.02)
    (trial,) = rear.trials(RearState(np.arange(5), cue, held, reared, down))
    assert (trial.cue, trial.response, trial.reward) == (0.02, 0.04, 0.06)
    assert (trial.start, trial.stop, trial.outcome) == (0.0, 0.1, "came_down")
    stays = RearState(np.arange(5), cue, held, reared, np.zeros(5, bool))
    assert rear.trials(stays)[0].outcome == "reared"
    never = stays._replace(held=np.zeros(5), reared=np.zeros(5, bool))
    (trial,) = rear.trials(never)
    assert trial.outcome == "missed" and np.isnan(trial.response)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low": 0.2}, "expected 0 < low < height"),
        ({"cue": (3.0, 1.0)}, "cue is 3 to 1 s"),
        ({"hold": 5.0}, "expected 0 < hold < seconds - the last cue"),
        ({"senses": ("smell",)}, "unknown sense 'smell'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        RearConfig(**changes)
