"""The task: observations relative to the body, rewards that peak on the reference, failures as defined."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent import rotation
from rodent.errors import InputError
from rodent.synthesis.stance import stance_clips
from rodent.tasks.imitation import COST_TERMS, TRACKING_TERMS, Imitation
from rodent.tasks.metrics import failed, finite, tracking_error
from rodent.tasks.reference import build_reference, control_timestep
from rodent.tasks.settings import ImitationConfig


@pytest.fixture(scope="module")
def reference(body):
    return build_reference(stance_clips(body), body)


@pytest.fixture(scope="module")
def task(body):
    return Imitation(body, ImitationConfig(), 0.02)


def _moved(state, by):
    """The rats displaced by (x, y, z) metres."""
    by = jnp.asarray(by, jnp.float32)
    return dataclasses.replace(state, qpos=state.qpos.at[:, :3].add(by), xpos=state.xpos + by)


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

    here = task.observe(reference.at(frame), reference, frame)
    there_reference = dataclasses.replace(reference, state=turned(reference.state))
    there = task.observe(there_reference.at(frame), there_reference, frame)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)


def test_preview_of_the_present_is_nothing(task, reference):
    """Seen from a rat that already is where the clip ends, the future is the present pose."""
    frame = reference.last
    view = np.asarray(task.preview(reference.at(frame), reference, frame)).reshape(2, 5, -1)
    identity = [1, 0, 0, 0, 1, 0]
    np.testing.assert_allclose(view[..., :6], np.broadcast_to(identity, (2, 5, 6)), atol=1e-5)
    np.testing.assert_allclose(view[..., 6:9], 0, atol=1e-6)  # the torso itself
    np.testing.assert_allclose(view[..., 51:], 0, atol=1e-6)  # joints


def test_rewards_peak_on_the_reference(task, reference):
    frame = jnp.array([5, 90])
    wanted = reference.at(frame)
    still = jnp.zeros((2, 38))
    state = dataclasses.replace(wanted, actuator_force=jnp.zeros((2, 38)))
    terms = task.rewards(state, wanted, task.error(state, wanted), still, still)
    assert set(terms) == set(TRACKING_TERMS) | set(COST_TERMS)
    for name, term in TRACKING_TERMS.items():
        np.testing.assert_allclose(terms[name], term.weight, rtol=1e-5, err_msg=name)
    for name in COST_TERMS:
        np.testing.assert_allclose(terms[name], 0.0, atol=1e-7, err_msg=name)
    away = _moved(state, (TRACKING_TERMS["root_position"].scale, 0, 0))
    worse = task.rewards(away, wanted, task.error(away, wanted), still + 1, still)
    assert (worse["root_position"] < terms["root_position"]).all()
    np.testing.assert_allclose(
        worse["root_position"], TRACKING_TERMS["root_position"].weight / np.e, rtol=1e-3
    )
    np.testing.assert_allclose(worse["control"], -COST_TERMS["control"].weight, rtol=1e-4)


def test_tracking_error_is_in_metres_and_radians(body, task, reference):
    frame = jnp.array([5])
    wanted = reference.at(frame)
    error = tracking_error(_moved(wanted, (0.03, 0.04, 0)), wanted)
    assert float(error.root_position[0]) == pytest.approx(0.05, rel=1e-4)
    assert float(error.body_position[0]) == pytest.approx(0.05, rel=1e-4)
    np.testing.assert_allclose(error.end_effector, 0.05, rtol=1e-3)
    bent = dataclasses.replace(wanted, qpos=wanted.qpos.at[:, 7:].add(0.1))
    assert float(task.error(bent, wanted).joint_angle[0]) == pytest.approx(0.1, rel=1e-4)


@pytest.mark.parametrize(
    ("millimetres", "lost"),
    [(0, False), (49, False), (51, True)],
)
def test_failure_is_fifty_millimetres(task, reference, millimetres, lost):
    wanted = reference.at(jnp.array([5]))
    state = _moved(wanted, (millimetres / 1000, 0, 0))
    assert bool(task.failed(state, task.error(state, wanted))[0]) is lost


def test_failure_is_sixty_degrees(task, reference):
    wanted = reference.at(jnp.array([5]))
    for degrees, lost in ((59, False), (61, True)):
        half = np.deg2rad(degrees) / 2
        turn = rotation.multiply(wanted.qpos[:, 3:7], jnp.array([[np.cos(half), np.sin(half), 0, 0]]))
        turned = dataclasses.replace(wanted, qpos=wanted.qpos.at[:, 3:7].set(turn))
        assert bool(failed(turned, task.error(turned, wanted))[0]) is lost


def test_a_state_that_is_not_finite_has_failed(task, reference):
    wanted = reference.at(jnp.array([5, 6]))
    state = dataclasses.replace(wanted, qvel=wanted.qvel.at[1, 30].set(jnp.nan))
    np.testing.assert_array_equal(finite(state), [True, False])
    np.testing.assert_array_equal(task.failed(state, task.error(state, wanted)), [False, True])


def test_doing_nothing_commands_a_coming_pose(body, task, reference):
    """The next frame's, and 40 ms more: the lag of the muscles' filter."""
    ctrl = task.ctrl(jnp.zeros((1, 38)), reference, jnp.array([10]))
    np.testing.assert_allclose(ctrl[0], reference.setpoint[13], atol=1e-6)
    assert float(jnp.abs(task.ctrl(jnp.full((1, 38), 100.0), reference, jnp.array([10]))).max()) == 1.0


def test_clips_of_two_rates_are_refused(body):
    clips = stance_clips(body)
    mixed = dataclasses.replace(clips, clips=(clips[0], dataclasses.replace(clips[1], fps=30.0)))
    with pytest.raises(InputError, match=r"different frame rates \(30, 50 Hz\).*--resample"):
        control_timestep(mixed)


@pytest.mark.parametrize(("field", "value"), [("horizon", 0), ("action_scale", 0.0), ("failure_factor", 2.0)])
def test_senseless_tasks_are_refused(field, value):
    with pytest.raises(InputError, match=field):
        ImitationConfig(**{field: value})


def test_observing_compiles_once(task, reference):
    count = 0

    def observe(state, frame):
        nonlocal count
        count += 1
        return task.observe(state, reference, frame)

    jitted = jax.jit(observe)
    for i in range(3):
        frame = jnp.array([i, i + 60])
        jitted(reference.at(frame), frame)
    assert count == 1
