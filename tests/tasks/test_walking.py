"""Tasks of walking, against states made by hand: commands, targets, rewards, ends and figures."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.rotation import from_rotvec
from rodent.tasks.go_to import GoToState
from rodent.tasks.goal_settings import GoToConfig, JoystickConfig
from rodent.tasks.joystick import JoystickState
from rodent.tasks.locomotion import Pace, at_rest, fall, heading, smoothed_pace
from rodent.tasks.stance import standing
from rodent.tasks.task import Played

KEY = jax.random.PRNGKey(3)
NOTHING = jnp.zeros(38)


@pytest.fixture(scope="module")
def joystick(body):
    return JoystickConfig().build(body, None)


@pytest.fixture(scope="module")
def go_to(body):
    return GoToConfig().build(body, None)


def _moving(body, velocity, turn=0.0, yaw=0.0):
    """A standing body that faces a direction and moves in it, m/s, rad/s."""
    physics = jax.tree.map(jnp.asarray, standing(body))
    quaternion = jnp.asarray(from_rotvec(np.array([0.0, 0.0, yaw])), jnp.float32)
    ahead = velocity * jnp.array([jnp.cos(yaw), jnp.sin(yaw), 0.0])
    qvel = physics.qvel.at[:3].set(ahead).at[5].set(turn)
    return dataclasses.replace(physics, qpos=physics.qpos.at[3:7].set(quaternion), qvel=qvel)


def test_sides_and_backs_are_falls_and_rearing_is_not():
    axes = {"x": [1.0, 0.0, 0.0], "y": [0.0, 1.0, 0.0], "z": [0.0, 0.0, 1.0]}
    turns = [("x", 0.0, True), ("z", 2.0, True), ("y", -1.5, True), ("x", 1.2, False), ("x", -1.2, False)]
    turns += [("x", 3.1, False), ("y", 3.1, False)]
    for axis, angle, stands in turns:
        turned = jnp.asarray(from_rotvec(angle * np.array(axes[axis])))
        assert bool(fall(turned) <= 1) == stands, (axis, angle)
    np.testing.assert_allclose(
        heading(jnp.asarray(from_rotvec(np.array([0, 0, 0.5])))), [np.cos(0.5), np.sin(0.5)]
    )


def test_the_pace_follows_the_body_in_its_heading(body):
    pace, physics = at_rest(), _moving(body, 0.4, turn=0.8, yaw=2.0)
    for _ in range(100):
        pace = smoothed_pace(pace, physics, 0.02)
    np.testing.assert_allclose(pace, [0.4, 0.0, 0.8], atol=1e-3)
    assert 0 < smoothed_pace(at_rest(), physics, 0.02).ahead < 0.1


def test_a_command_changes_when_it_should_and_lies_in_its_range(joystick):
    states = [joystick.initial_state(jnp.int32(0), key) for key in jax.random.split(KEY, 50)]
    commands = np.stack([state.commands for state in states])
    assert commands.shape == (50, 5, 3)
    config = joystick.config
    for i, (low, high) in enumerate((config.speed, config.turn, config.head_height)):
        assert low <= commands[..., i].min() < low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) < commands[..., i].max() <= high
    physics = joystick.initial_physics(states[0])
    at = [states[0]._replace(step=jnp.int32(step)) for step in (0, 199, 200, 999, 1000)]
    seen = [joystick.observe(state, physics)["command"] for state in at]
    np.testing.assert_array_equal(seen[0], states[0].commands[0])
    np.testing.assert_array_equal(seen[1], states[0].commands[0])
    np.testing.assert_array_equal(seen[2], states[0].commands[1])
    np.testing.assert_array_equal(seen[3], seen[4])
    assert not joystick.truncated(states[0]._replace(step=jnp.int32(999)))
    assert joystick.truncated(states[0]._replace(step=jnp.int32(1000)))


def test_doing_as_commanded_earns_the_most_and_has_no_error(joystick, body):
    state = joystick.initial_state(jnp.int32(0), KEY)
    physics = _moving(body, 0.3, turn=0.5)
    skull = float(physics.xpos[body.end_effector_rows[-1], 2])
    state = state._replace(commands=jnp.array([[0.3, 0.5, skull]]), step=jnp.int32(60))
    for _ in range(200):
        state = joystick.update(state, physics)
    measure = joystick.measure(state, physics)
    assert max(float(measure.metrics[name]) for name in ("speed", "turn", "head_height")) < 1e-3
    assert measure.metrics["settled"] == 1
    best = sum(joystick.reward(state, physics, measure, NOTHING, NOTHING).values())
    assert float(best) == pytest.approx(1.0, abs=0.01)
    for commands in ([0.0, 0.5, skull], [0.3, -0.5, skull], [0.3, 0.5, skull + 0.05]):
        other = state._replace(commands=jnp.array([commands]))
        less = joystick.reward(other, physics, joystick.measure(other, physics), NOTHING, NOTHING)
        assert float(sum(less.values())) < best - 0.1
    costly = joystick.reward(state, physics, measure, NOTHING + 1, NOTHING)
    assert float(sum(costly.values())) < best - 0.05
    young = joystick.measure(state._replace(step=jnp.int32(40)), physics)
    assert young.metrics["settled"] == 0


def test_figures_of_the_joystick_count_settled_steps_and_falls(joystick):
    settled = np.array([0.0, 0.0, 1.0, 1.0])
    errors = {"speed": np.array([9.0, 9.0, 0.02, 0.04]), "turn": np.array([9.0, 9.0, 0.1, 0.3])}
    stays = Played({**errors, "settled": settled}, np.zeros(4, bool))
    found = {row.figure: row.value for row in joystick.figures([stays])}
    assert found["speed_error_m_per_s"] == pytest.approx(0.03)
    assert found["turn_error_rad_per_s"] == pytest.approx(0.2)
    assert found["no fall"] == 1
    falls = stays._replace(failed=np.array([False, False, False, True]))
    found = {row.figure: row.value for row in joystick.figures([stays, falls])}
    assert found["speed_error_m_per_s"] == pytest.approx((0.02 + 0.04 + 0.02 + 1.0) / 4)
    assert found["no fall"] == 0.5


def test_every_command_is_a_trial_that_is_answered_at_the_commanded_pace(joystick):
    frames = 300  # one command, and half of the next
    ahead = np.zeros(frames)
    ahead[100:200] = 0.4
    commands = np.tile([[0.4, 0.0, 0.06], [0.3, -0.5, 0.06]], (frames, 1, 1))
    pace = Pace(ahead, np.zeros(frames), np.zeros(frames))
    first, second = joystick.trials(JoystickState(np.arange(frames), commands, pace))
    assert (first.start, first.cue, first.stop, first.response) == (0.0, 0.0, 4.0, 2.0)
    assert (first.kind, first.outcome) == ("fast_right", "followed")
    assert (second.start, second.stop, second.outcome, second.kind) == (4.0, 6.0, "missed", "fast_right")
    assert np.isnan(second.response)
    assert second.values == {"speed": 0.3, "turn": -0.5, "head_height": 0.06}
    assert second.values.keys() == joystick.trial_columns.keys()


@pytest.mark.parametrize(
    ("target", "kind"),
    [((1, 0), "ahead"), ((0, 1), "left"), ((-1, 0.1), "behind"), ((-1, -0.1), "behind"), ((0, -1), "right")],
)
def test_a_target_is_a_trial_that_is_answered_by_reaching_it(go_to, target, kind):
    distance = np.column_stack([[1.0, 0.5, 0.04, 0.03], [1.0, 1.0, 0.5, 0.04]])
    targets = np.tile(np.array(target, float), (4, 1))
    (trial,) = go_to.trials(GoToState(np.arange(4), targets, distance))
    assert (trial.kind, trial.outcome, trial.response, trial.reward) == (kind, "reached", 0.04, 0.04)
    (missed,) = go_to.trials(GoToState(np.arange(2), targets[:2], distance[:2]))
    assert missed.outcome == "missed" and np.isnan(missed.reward)
    assert missed.values == {"target_x": target[0], "target_y": target[1]}


def test_targets_lie_all_around_at_their_distance(go_to, body):
    keys = jax.random.split(KEY, 200)
    targets = np.stack([go_to.initial_state(jnp.int32(0), key).target for key in keys])
    away = targets - np.asarray(standing(body).xpos[body.root_row, :2])
    np.testing.assert_allclose(np.linalg.norm(away, axis=1), 1.0, rtol=1e-5)
    angles = np.arctan2(away[:, 1], away[:, 0])
    assert (np.histogram(angles, 8, (-np.pi, np.pi))[0] > 10).all()


def test_the_target_is_seen_ahead_and_to_the_left(go_to, body):
    here = np.asarray(standing(body).xpos[body.root_row, :2])
    state = go_to.initial_state(jnp.int32(0), KEY)
    physics = _moving(body, 0.0, yaw=np.pi / 2)
    for offset, seen in (((0.0, 0.1), (0.1, 0.0)), ((-0.1, 0.0), (0.0, 0.1)), ((0.0, 2.0), (0.3, 0.0))):
        there = state._replace(target=jnp.asarray(here + np.array(offset)))
        np.testing.assert_allclose(go_to.observe(there, physics)["target"], seen, atol=1e-5)


def test_coming_closer_and_being_near_are_rewarded(go_to, body):
    physics = _moving(body, 0.3)
    state = go_to.initial_state(jnp.int32(0), KEY)
    here = physics.xpos[body.root_row, :2]

    def earned(before, now):
        there = state._replace(target=here + jnp.array([now, 0.0]), distance=jnp.array([before, before]))
        there = go_to.update(go_to.advance(there), physics)
        measure = go_to.measure(there, physics)
        assert float(measure.metrics["distance"]) == pytest.approx(now, abs=1e-5)
        return float(sum(go_to.reward(there, physics, measure, NOTHING, NOTHING).values()))

    assert earned(1.01, 1.0) > earned(1.0, 1.0) > earned(0.99, 1.0)
    assert earned(0.01, 0.01) > earned(0.5, 0.5) + 0.8


def test_a_target_is_reached_before_a_fall_or_not_at_all(go_to):
    reached = Played({"distance": np.array([1.0, 0.04, 0.3])}, np.array([False, False, True]))
    too_late = Played({"distance": np.array([1.0, 0.5, 0.04])}, np.array([False, False, True]))
    (row,) = go_to.figures([reached, too_late])
    assert (row.figure, row.value, row.bar, row.at) == ("within 5 cm", 0.5, 0.9, "least")


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (JoystickConfig, {"speed": (0.5, 0.1)}, "speed is 0.5 to 0.1 m/s"),
        (JoystickConfig, {"settle": 5.0}, "expected 0 <= settle < every"),
        (JoystickConfig, {"senses": ()}, "name at least one"),
        (GoToConfig, {"near": 0.0}, "expected near in"),
        (GoToConfig, {"senses": ("smell",)}, "unknown sense 'smell'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(config, changes, message):
    with pytest.raises(InputError, match=message):
        config(**changes)
