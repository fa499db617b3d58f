"""The task: observations relative to the body, rewards that peak on the reference, failures as defined."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent import rotation
from rodent.errors import InputError
from rodent.kinematics import Trunk, posed
from rodent.loop.step import finite
from rodent.synthesis.stance import stance_clips
from rodent.tasks.imitation import ImitationState
from rodent.tasks.metrics import tracking_error
from rodent.tasks.reference import build_reference, control_timestep
from rodent.tasks.settings import USUAL_REWARD, ImitationConfig, ImitationLimits, Term


@pytest.fixture(scope="module")
def task(body):
    return ImitationConfig().build(body, stance_clips(body))


@pytest.fixture(scope="module")
def reference(task):
    return task.reference


def at(*frames: int) -> ImitationState:
    """The task's states of some environments."""
    return ImitationState(jnp.array(frames))


def _moved(state, by):
    """The rats displaced by (x, y, z) metres."""
    by = jnp.asarray(by, jnp.float32)
    return dataclasses.replace(state, qpos=state.qpos.at[..., :3].add(by), xpos=state.xpos + by)


def test_reference_holds_every_frame_of_every_clip(body, reference):
    clips = stance_clips(body)
    assert reference.num_frames == clips.total_frames
    np.testing.assert_array_equal(reference.first, [0, 60])
    np.testing.assert_array_equal(reference.last, [59, 119])
    np.testing.assert_allclose(reference.state.qpos[60:], clips[1].qpos, atol=1e-6)
    np.testing.assert_array_equal(reference.after(jnp.array([58, 59, 118]), jnp.array(5)), [59, 59, 119])


@pytest.mark.parametrize("height", [-0.01, 0.0, 0.01])
def test_a_rat_is_put_down_on_its_paws(body, height):
    """Wherever the clip has it: sunk into the floor, on it, or floating."""
    from rodent.kinematics.floor import lowest_paw

    clips = stance_clips(body)
    up = np.r_[0, 0, height, np.zeros(71)]
    clips = dataclasses.replace(clips, clips=tuple(dataclasses.replace(c, qpos=c.qpos + up) for c in clips))
    moved = build_reference(clips, body)
    frames = jnp.arange(0, 120, 7)
    start = moved.start(frames)
    np.testing.assert_allclose(lowest_paw(np.asarray(start.qpos, float), body), 0, atol=1e-6)
    up = start.qpos[:, :3] - moved.state.qpos[frames, :3]
    np.testing.assert_allclose(start.xpos - moved.state.xpos[frames], up[:, None].repeat(15, 1), atol=1e-6)
    np.testing.assert_allclose(start.act, moved.setpoint[frames])


def test_observation_does_not_depend_on_place_or_heading(body, task, reference):
    """The same scene, moved and turned about the vertical, looks and feels the same."""
    from rodent import rotation

    frame = jnp.array([10, 70])
    turn = jnp.array([np.cos(0.7), 0.0, 0.0, np.sin(0.7)])

    def turned(state):
        root = rotation.rotate(turn, state.qpos[..., :3]) + jnp.array([0.3, -0.2, 0.0])
        quaternion = rotation.multiply(
            jnp.broadcast_to(turn, state.qpos[..., 3:7].shape), state.qpos[..., 3:7]
        )
        return dataclasses.replace(
            state,
            qpos=jnp.concatenate([root, quaternion, state.qpos[..., 7:]], -1),
            qvel=jnp.concatenate([rotation.rotate(turn, state.qvel[..., :3]), state.qvel[..., 3:]], -1),
            xpos=rotation.rotate(turn, state.xpos) + jnp.array([0.3, -0.2, 0.0]),
        )

    elsewhere = task.replace(reference=dataclasses.replace(reference, state=turned(reference.state)))
    here, there = (
        jax.vmap(one.observe)(ImitationState(frame), one.reference.at(frame)) for one in (task, elsewhere)
    )
    for group, values in here.items():
        np.testing.assert_allclose(values, there[group], atol=2e-5)


def test_the_window_of_the_present_is_nothing(task, reference):
    """Seen from a rat that already is where the clip ends, the future is the present pose."""
    frame = reference.last
    view = jax.vmap(task.window)(ImitationState(frame), reference.at(frame))
    view = np.asarray(view).reshape(2, 5, -1)
    identity = [1, 0, 0, 0, 1, 0]
    np.testing.assert_allclose(view[..., :6], np.broadcast_to(identity, (2, 5, 6)), atol=1e-5)
    np.testing.assert_allclose(view[..., 6:9], 0, atol=1e-6)  # the torso itself
    np.testing.assert_allclose(view[..., 51:], 0, atol=1e-6)  # joints


def test_rewards_peak_on_the_reference(task, reference):
    here, still = ImitationState(jnp.int32(5)), jnp.zeros(38)
    physics = dataclasses.replace(reference.at(here.frame), actuator_force=jnp.zeros(38))

    def rewarded(physics, action):
        return task.reward(here, physics, task.measure(here, physics), action, still)

    terms = rewarded(physics, still)
    assert terms.keys() == USUAL_REWARD.keys()
    for name, value in terms.items():
        weight = 0 if name in ("control", "control_change", "energy") else task.config.reward[name].weight
        np.testing.assert_allclose(value, weight, rtol=1e-5, atol=1e-7, err_msg=name)
    root, control = task.config.reward["root_position"], task.config.reward["control"]
    worse = rewarded(_moved(physics, (root.scale, 0, 0)), still + 1)
    np.testing.assert_allclose(worse["root_position"], root.weight / np.e, rtol=1e-3)
    np.testing.assert_allclose(worse["control"], -control.weight, rtol=1e-4)


def test_terms_and_limits_are_settings(body):
    config = ImitationConfig(
        limits=ImitationLimits(root_position=0.02), reward={"root_position": Term(2.0, 0.1)}
    )
    task = config.build(body, stance_clips(body))
    here, still = ImitationState(jnp.int32(5)), jnp.zeros(38)
    physics = _moved(task.reference.at(here.frame), (0.03, 0, 0))
    measure = task.measure(here, physics)
    assert float(measure.limit_fraction) == pytest.approx(1.5, rel=1e-3)
    terms = task.reward(here, physics, measure, still, still)
    assert float(terms["root_position"]) == pytest.approx(2 * np.exp(-0.09), rel=1e-3)
    assert task.metrics["root_position"].limit == 20


def test_tracking_error_is_in_metres_and_radians(body, reference):
    target = reference.at(jnp.int32(5))
    error = tracking_error(body, _moved(target, (0.03, 0.04, 0)), target)
    assert float(error["root_position"]) == pytest.approx(0.05, rel=1e-4)
    assert float(error["body_position"]) == pytest.approx(0.05, rel=1e-4)
    np.testing.assert_allclose(error["end_effector"], 0.05, rtol=1e-3)
    bent = dataclasses.replace(target, qpos=target.qpos.at[7:].add(0.1))
    assert float(tracking_error(body, bent, target)["joint_angle"]) == pytest.approx(0.1, rel=1e-4)


@pytest.mark.parametrize(
    ("millimetres", "lost"),
    [(0, False), (49, False), (51, True)],
)
def test_failure_is_fifty_millimetres(task, reference, millimetres, lost):
    here = ImitationState(jnp.int32(5))
    physics = _moved(reference.at(here.frame), (millimetres / 1000, 0, 0))
    assert bool(task.measure(here, physics).limit_fraction > 1) is lost


def test_failure_is_sixty_degrees(task, reference):
    here = ImitationState(jnp.int32(5))
    target = reference.at(here.frame)
    for degrees, lost in ((59, False), (61, True)):
        half = np.deg2rad(degrees) / 2
        turn = rotation.multiply(target.qpos[3:7], jnp.array([np.cos(half), np.sin(half), 0, 0]))
        turned = dataclasses.replace(target, qpos=target.qpos.at[3:7].set(turn))
        assert bool(task.measure(here, turned).limit_fraction > 1) is lost


def test_training_may_have_tighter_limits_than_evaluation(body):
    task = ImitationConfig(failure_factor=0.5).build(body, stance_clips(body))
    here = ImitationState(jnp.int32(5))
    physics = _moved(task.reference.at(here.frame), (0.03, 0, 0))
    assert float(task.measure(here, physics).limit_fraction) == pytest.approx(1.2, rel=1e-3)
    evaluated = task.for_evaluation().measure(here, physics)
    assert float(evaluated.limit_fraction) == pytest.approx(0.6, rel=1e-3)


def test_a_state_that_is_not_finite_is_seen(reference):
    target = reference.at(jnp.array([5, 6]))
    state = dataclasses.replace(target, qvel=target.qvel.at[1, 30].set(jnp.nan))
    np.testing.assert_array_equal(finite(state), [True, False])


def test_doing_nothing_commands_a_coming_pose(task, reference):
    """The next frame's, and 40 ms more: the lag of the muscles' filter."""
    here = ImitationState(jnp.int32(10))
    np.testing.assert_allclose(task.control(here, jnp.zeros(38)), reference.setpoint[13], atol=1e-6)
    assert float(jnp.abs(task.control(here, jnp.full(38, 100.0))).max()) == 1.0


def test_the_setpoint_can_be_a_constant_neutral_pose(body):
    task = ImitationConfig(setpoint="neutral").build(body, stance_clips(body))
    here, there = (task.control(ImitationState(jnp.int32(i)), jnp.zeros(38)) for i in (10, 100))
    np.testing.assert_array_equal(here, there)
    standing = posed(body, Trunk.still(1))
    np.testing.assert_allclose(here, np.clip(body.setpoint_ctrl(standing)[0], -1, 1), atol=1e-6)
    offset = task.control(ImitationState(jnp.int32(10)), jnp.full(38, 0.01)) - here
    assert (np.abs(offset) > 0).mean() > 0.9


def test_clips_of_two_rates_are_refused(body):
    clips = stance_clips(body)
    mixed = dataclasses.replace(clips, clips=(clips[0], dataclasses.replace(clips[1], fps=30.0)))
    with pytest.raises(InputError, match=r"different frame rates \(30, 50 Hz\).*--resample"):
        control_timestep(mixed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("horizon", 0),
        ("action_scale", 0.0),
        ("failure_factor", 2.0),
        ("setpoint", "sitting"),
        ("senses", ()),
        ("senses", ("touch", "touch")),
    ],
)
def test_senseless_tasks_are_refused(field, value):
    with pytest.raises(InputError, match=field):
        ImitationConfig(**{field: value})


def test_observing_compiles_once(task, reference):
    count = 0

    def observe(physics, frame):
        nonlocal count
        count += 1
        return jax.vmap(task.observe)(ImitationState(frame), physics)

    jitted = jax.jit(observe)
    for i in range(3):
        frame = jnp.array([i, i + 60])
        jitted(reference.at(frame), frame)
    assert count == 1


def test_the_reference_to_come_is_seen_from_its_own_present(task, reference, body):
    """Not from the body, which is not asked; in the present reference frame; the last frame held."""
    frame = jnp.array([3, 58])
    coming = np.asarray(jax.vmap(task.coming)(ImitationState(frame))).reshape(2, 5, -1)
    hinges = [7 + i for i, name in enumerate(body.joint_names) if not name.startswith("vertebra_C")]
    assert coming.shape[2] == 9 + len(hinges)
    qpos = np.asarray(reference.state.qpos)
    for row, first in zip(coming, (3, 58), strict=True):
        for step, view in enumerate(row, start=1):
            ahead = min(first + step, 59)
            np.testing.assert_allclose(view[9:], qpos[ahead, hinges], atol=1e-6)
            there = rotation.rotate(qpos[first, 3:7], view[6:9].astype(float)) + qpos[first, :3]
            np.testing.assert_allclose(there, qpos[ahead, :3], atol=1e-5)
            back = rotation.multiply(rotation.conjugate(qpos[first, 3:7]), qpos[ahead, 3:7])
            np.testing.assert_allclose(view[:6], rotation.two_columns(back), atol=1e-5)


def test_the_reference_to_come_is_the_same_wherever_the_clip_is(task, reference):
    """Moved and turned about the vertical."""
    turn = jnp.array([np.cos(0.7), 0.0, 0.0, np.sin(0.7)])
    qpos = reference.state.qpos
    moved = jnp.concatenate(
        [rotation.rotate(turn, qpos[:, :3]) + jnp.array([1.0, 2, 0]), rotation.multiply(turn, qpos[:, 3:7])],
        -1,
    )
    qpos = jnp.concatenate([moved, qpos[:, 7:]], -1)
    state = dataclasses.replace(reference.state, qpos=qpos)
    elsewhere = task.replace(reference=dataclasses.replace(reference, state=state))
    here, there = (jax.vmap(one.coming)(at(0, 30, 59)) for one in (task, elsewhere))
    np.testing.assert_allclose(there, here, atol=1e-5)


def test_a_window_of_the_reference_does_not_show_the_body(task, reference):
    blind = task.replace(config=dataclasses.replace(task.config, window="reference"))
    state = blind.initial_state(jnp.int32(3), jax.random.PRNGKey(0))
    on_it = reference.at(jnp.int32(3))
    elsewhere = dataclasses.replace(on_it, qpos=on_it.qpos + 0.1, xpos=on_it.xpos + 0.2)
    np.testing.assert_array_equal(blind.window(state, on_it), blind.window(state, elsewhere))
    # on the reference both windows are the same
    np.testing.assert_allclose(blind.window(state, on_it), task.window(state, on_it), atol=1e-6)
    assert not np.allclose(task.window(state, on_it), task.window(state, elsewhere))
    with pytest.raises(InputError, match="window"):
        ImitationConfig(window="world")


def test_drift_over_the_floor_does_not_count_for_a_policy_that_cannot_see_it(task, reference):
    blind = task.replace(config=dataclasses.replace(task.config, window="reference"))
    state = blind.initial_state(jnp.int32(3), jax.random.PRNGKey(0))
    on_it = reference.at(state.frame)
    turn = jnp.array([np.cos(0.4), 0.0, 0.0, np.sin(0.4)])
    by = jnp.array([0.3, -0.2, 0.01])
    place = rotation.rotate(turn, on_it.qpos[:3]) + by
    qpos = jnp.concatenate([place, rotation.multiply(turn, on_it.qpos[3:7]), on_it.qpos[7:] + 0.1])
    turns = jnp.broadcast_to(turn, (len(on_it.xpos), 4))
    drifted = dataclasses.replace(on_it, qpos=qpos, xpos=rotation.rotate(turns, on_it.xpos) + by)
    back, up = blind.compared(state, drifted), jnp.array([0.0, 0.0, 0.01])
    np.testing.assert_allclose(back.qpos[:3], on_it.qpos[:3] + up, atol=1e-6)
    np.testing.assert_allclose(back.qpos[3:7], on_it.qpos[3:7], atol=1e-6)
    np.testing.assert_allclose(back.qpos[7:], on_it.qpos[7:] + 0.1, atol=1e-6)
    np.testing.assert_allclose(back.xpos, on_it.xpos + up, atol=1e-5)
    errors = blind.measure(state, drifted).metrics
    assert float(errors["root_position"]) == pytest.approx(0.01, abs=1e-5)
    assert float(errors["root_orientation"]) == pytest.approx(0.0, abs=1e-3)
    assert float(task.measure(state, drifted).metrics["root_position"]) > 0.3
