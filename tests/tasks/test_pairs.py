"""Two presses a time apart: the clock of trials, what earns, trials and figures, and the lever's physics."""

import dataclasses

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.scene import make_scene
from rodent.scene_config import LeverArenaConfig, SceneConfig
from rodent.sensing.proprioception import joint_angles, joint_velocities
from rodent.tasks.actuation import neutral_setpoint
from rodent.tasks.pair_settings import LeverConfig, PairConfig, TwoTapConfig
from rodent.tasks.pairs import followed, no_press
from rodent.tasks.stance import standing
from rodent.tasks.task import Played

KEY = jax.random.PRNGKey(3)
NOTHING = jnp.zeros(38)
STEP = 0.02
TIMES = PairConfig(interval=0.1, tolerance=0.02, longest=0.2, pause=0.06, seconds=4.0)


@pytest.fixture(scope="module")
def box():
    """A body in front of a lever."""
    return make_scene(SceneConfig(arena=LeverArenaConfig()))


@pytest.fixture(scope="module")
def lever(box):
    return LeverConfig().build(box, None)


@pytest.fixture(scope="module")
def two_tap(body):
    return TwoTapConfig(distance=(0.1, 0.1), direction=(0.0, 0.0), height=0.05).build(body, None)


def _after(presses, pair=None):
    """The pairs after steps in which the target is pressed or not, 1 or 0, one by one."""
    found, pair = [], no_press() if pair is None else pair
    for pressed in presses:
        pair = followed(pair, jnp.array(bool(pressed)), STEP, TIMES)
        found.append(pair)
    return found


def test_a_pair_is_timed_from_onset_to_onset_and_followed_by_a_pause():
    pairs = _after([0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0])
    assert [float(pair.interval) for pair in pairs[:6]] == [0] * 6
    assert float(pairs[6].interval) == pytest.approx(0.1)
    assert bool(pairs[6].ended) and not any(bool(pair.ended) for pair in pairs[:6])
    assert float(pairs[1].since) == 0 and float(pairs[5].since) == pytest.approx(0.08)
    np.testing.assert_allclose([pair.rest for pair in pairs[6:]], [0.06, 0.04, 0.02, 0, 0], atol=1e-6)
    assert float(pairs[-1].since) == -1


def test_a_trial_without_a_second_press_ends_and_a_press_in_the_pause_prolongs_it():
    pairs = _after([1] + [0] * 10)
    assert bool(pairs[10].ended) and float(pairs[10].interval) == 0
    assert not any(bool(pair.ended) for pair in pairs[:10])
    rests = [float(pair.rest) for pair in _after([0, 1, 0, 0, 0], pairs[10])]
    np.testing.assert_allclose(rests, [0.04, 0.06, 0.04, 0.02, 0.0], atol=1e-6)


def _with_depth(box, depth, paw):
    """A standing body, the lever at a depth, and its right fore paw at a place, m."""
    physics = jax.tree.map(jnp.asarray, standing(box))
    row = box.end_effector_rows[1]
    qpos = physics.qpos.at[-1].set(-depth)
    return dataclasses.replace(physics, qpos=qpos, xpos=physics.xpos.at[row].set(jnp.asarray(paw)))


def test_a_press_is_deep_and_by_a_paw_until_it_is_released(box, lever):
    state = lever.initial_state(jnp.int32(0), KEY)
    at, away = lever.target(state), lever.target(state) + 0.05
    assert bool(lever.pressed(state, _with_depth(box, 0.007, at)))
    assert not bool(lever.pressed(state, _with_depth(box, 0.005, at)))
    assert not bool(lever.pressed(state, _with_depth(box, 0.007, away)))
    held = state._replace(pair=state.pair._replace(down=jnp.array(True)))
    assert bool(lever.pressed(held, _with_depth(box, 0.004, at)))
    assert not bool(lever.pressed(held, _with_depth(box, 0.002, at)))


def test_an_orb_is_touched_within_its_radius_and_left_farther_away(body, two_tap):
    state = two_tap.initial_state(jnp.int32(0), KEY)
    orb, row = two_tap.target(state), body.end_effector_rows[0]
    start = np.asarray(standing(body).xpos[body.root_row])
    np.testing.assert_allclose(orb, [start[0] + 0.1, start[1], 0.05], atol=1e-5)

    def touched(distance, down):
        physics = jax.tree.map(jnp.asarray, standing(body))
        at = orb + jnp.array([0.0, 0.0, distance])
        physics = dataclasses.replace(physics, xpos=physics.xpos.at[row].set(at))
        pair = state.pair._replace(down=jnp.array(down))
        return bool(two_tap.pressed(state._replace(pair=pair), physics))

    assert touched(0.019, False) and touched(0.029, True)
    assert not touched(0.021, False) and not touched(0.031, True)


def _earned(task, interval):
    """Reward and metrics of the step that completes a pair."""
    state = task.initial_state(jnp.int32(0), KEY)
    pair = state.pair._replace(interval=jnp.float32(interval), ended=jnp.array(True), rest=jnp.float32(0.5))
    state = state._replace(pair=pair)
    physics = jax.tree.map(jnp.asarray, standing(task.scene))
    measure = task.measure(state, physics)
    return sum(task.reward(state, physics, measure, NOTHING, NOTHING).values()), measure.metrics


def test_intervals_earn_by_their_closeness_or_all_or_nothing(lever, two_tap):
    best, near, far = (float(_earned(lever, interval)[0]) for interval in (0.7, 0.6, 0.3))
    assert best > near > far + 5
    assert [float(_earned(lever, t)[1]["rewarded"]) for t in (0.62, 0.64, 0.76, 0.78)] == [0, 1, 1, 0]
    right, edge, wrong = (float(_earned(two_tap, interval)[0]) for interval in (0.8, 0.9, 0.92))
    assert right == edge > wrong + 15
    assert float(_earned(two_tap, 0.92)[1]["rewarded"]) == 0


def test_trials_have_presses_intervals_and_outcomes(lever):
    config = dataclasses.replace(lever.config, pause=0.06, longest=1.0)
    task = lever.replace(config=config)
    presses = np.zeros(160)
    presses[[5, 40]] = 1  # 0.70 s
    presses[[50, 60]] = 1  # 0.20 s
    presses[70] = 1  # alone
    states, state = [], task.initial_state(jnp.int32(0), KEY)
    for pressed in presses:
        pair = followed(state.pair, jnp.array(bool(pressed)), STEP, config)
        states.append(state := state._replace(pair=pair))
    trials = task.trials(jax.tree.map(lambda *x: np.stack(x), *states))
    assert [trial.outcome for trial in trials] == ["rewarded", "early", "missed", "missed"]
    np.testing.assert_allclose([trial.response for trial in trials], [0.1, 1.0, 1.4, np.nan], atol=1e-6)
    np.testing.assert_allclose([trial.reward for trial in trials], [0.8, np.nan, np.nan, np.nan], atol=1e-6)
    np.testing.assert_allclose(
        [trial.values["interval"] for trial in trials], [0.7, 0.2, np.nan, np.nan], atol=1e-5
    )
    assert all(trial.start == trial.cue for trial in trials)
    assert trials[-1].stop == pytest.approx(3.2)


def test_figures_are_of_the_intervals_before_a_failure(lever, two_tap):
    interval = np.zeros(6)
    interval[[1, 3, 5]] = 0.7, 0.8, 3.0
    lost = np.array([False] * 5 + [True])
    found = {row.figure: row.value for row in lever.figures([Played({"interval": interval}, lost)])}
    assert found["error_of_mean_interval_s"] == pytest.approx(0.05)
    assert found["cv_of_interval"] == pytest.approx(np.std([0.7, 0.8], ddof=1) / 0.75)
    assert found["pairs_per_episode"] == 2
    none = {row.figure: row.value for row in lever.figures([Played({"interval": np.zeros(6)}, lost)])}
    assert none == {"error_of_mean_interval_s": 0.7, "cv_of_interval": 1.0, "pairs_per_episode": 0}
    ended, rewarded = np.array([0.0, 1, 1, 0, 1, 1]), np.array([0.0, 1, 0, 0, 0, 1])
    (row,) = two_tap.figures([Played({"ended": ended, "rewarded": rewarded}, lost)])
    assert row.value == pytest.approx(1 / 3)


def test_a_scripted_paw_presses_the_lever_and_a_spring_lifts_it(box):
    """Physics alone: the paw is lifted over the pad, lowered onto it, and lifted again."""
    start, model = standing(box), box.model
    state = mujoco.MjData(model)
    state.qpos[:], state.act[:] = start.qpos, start.act
    columns = box.actuator_ids(["shoulder_R", "elbow_R"])
    depths = []
    for offsets, seconds in (
        ((-1.4, -1.0), 0.3),
        ((-1.4, -0.4), 0.2),
        ((-1.0, 0.5), 0.2),
        ((-1.4, -0.4), 0.2),
    ):
        state.ctrl[:] = neutral_setpoint(box)
        state.ctrl[columns] += offsets
        for _ in range(round(seconds / model.opt.timestep)):
            mujoco.mj_step(model, state)
        depths.append(-state.qpos[-1])
    assert max(depths[0], depths[1], depths[3]) < 0.5 * LeverConfig().press
    assert depths[2] > LeverConfig().press


def test_the_lever_is_no_joint_of_the_body(box, body):
    physics, plain = standing(box), standing(body)
    assert physics.qpos.shape == (75,)
    for one in (joint_angles, joint_velocities):
        assert one(box, physics).shape == one(body, plain).shape == (67,)
    assert box.joint_names[-1] == "arena/lever"


def test_the_clock_is_observed_only_if_it_is_asked_for(lever, box):
    physics = jax.tree.map(jnp.asarray, standing(box))
    state = lever.initial_state(jnp.int32(0), KEY)
    assert lever.observe(state, physics)["trial"].shape == (3,)
    blind = LeverConfig(clock=False).build(box, None)
    assert blind.observe(state, physics)["trial"].shape == (2,)


def test_settings_that_make_no_sense_are_refused(body, box):
    for config, changes, message in (
        (LeverConfig, {"tolerance": 0.8}, "expected 0 < tolerance < interval < longest"),
        (LeverConfig, {"pause": 0.0}, "pause is 0 s"),
        (LeverConfig, {"press": 0.0}, "must be positive"),
        (TwoTapConfig, {"distance": (0.3, 0.1)}, "distance is 0.3 to 0.1"),
        (TwoTapConfig, {"height": 2.0}, r"expected both in \(0, 1\]"),
        (TwoTapConfig, {"senses": ("smell",)}, "unknown sense 'smell'"),
        (LeverArenaConfig, {"travel": 0.05}, "expected 0 < travel < height"),
        (LeverArenaConfig, {"force": 0.0}, "it must lie in"),
    ):
        with pytest.raises(InputError, match=message):
            config(**changes)
    with pytest.raises(InputError, match="--arena lever"):
        LeverConfig().build(body, None)
    with pytest.raises(InputError, match=r"slides 0\.01 m"):
        LeverConfig(press=0.02).build(box, None)
