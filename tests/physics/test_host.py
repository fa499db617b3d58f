"""The host engine: same numbers as plain MuJoCo, at any thread count, and no spreading of NaN."""

import dataclasses

import mujoco
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.physics.engine import Command, PhysicsState
from rodent.physics.host import HostEngine
from tests.bodies import SMALL

NU = 38


def _standing(body, n, rng):
    qpos = np.tile(body.model.qpos0, (n, 1))
    qpos[:, 2] = 0.01
    qpos[:, 7:] = rng.uniform(*(0.3 * body.joint_range.T), size=(n, 67))
    return qpos, np.zeros((n, 73)), rng.uniform(-0.2, 0.2, (n, NU))


def _begun(engine, qpos, qvel, act):
    """The engine's state of bodies in these poses."""
    return engine.begin(dataclasses.replace(engine.forward(qpos, qvel), qpos=qpos, qvel=qvel, act=act))


def _command(engine, ctrl, wrench=None):
    """Controls for bodies of which none begins anew."""
    initial = PhysicsState(*[None] * len(PhysicsState.__dataclass_fields__))
    return Command(ctrl, np.zeros(engine.num_envs, bool), initial, wrench)


def _held(engine, state, ctrls):
    """The state after these controls, step by step."""
    for ctrl in ctrls:
        state = engine.step(state, _command(engine, ctrl))
    return state


def test_steps_are_those_of_mujoco(body, rng):
    qpos, qvel, act = _standing(body, 3, rng)
    ctrl = rng.uniform(-1, 1, (5, 3, NU))
    engine = HostEngine(body.model, 3, 0.02)
    state = _held(engine, _begun(engine, qpos, qvel, act), ctrl).physics
    for i in range(3):
        data = mujoco.MjData(body.model)
        data.qpos[:], data.qvel[:], data.act[:] = qpos[i], qvel[i], act[i]
        for u in ctrl:
            data.ctrl[:] = u[i]
            mujoco.mj_step(body.model, data, int(engine.substeps[0]))
        mujoco.mj_step1(body.model, data)
        np.testing.assert_allclose(state.qpos[i], data.qpos, atol=1e-5)
        np.testing.assert_allclose(state.xpos[i], data.xpos, atol=1e-5)


def test_the_model_that_is_given_is_left_as_it_is(rng):
    model = mujoco.MjModel.from_xml_path(str(SMALL))
    flags = model.opt.disableflags
    engine = HostEngine(model, 1, 0.02, fields={"geom_friction": 2 * model.geom_friction[None]})
    assert model.opt.disableflags == flags != engine.model.opt.disableflags
    assert engine.model is not model


def test_positions_are_those_of_the_bodies_asked_for(body, rng):
    wanted = np.array([5, 2])
    qpos, qvel, _ = _standing(body, 3, rng)
    some, all_of_them = (
        HostEngine(body.model, 3, 0.02, bodies=bodies).forward(qpos, qvel).xpos for bodies in (wanted, None)
    )
    np.testing.assert_array_equal(some, all_of_them[:, wanted])


def test_a_wrench_pushes_for_one_control_step(body, rng):
    qpos, qvel, act = _standing(body, 2, rng)
    qpos[:, 2] = 1.0
    engine = HostEngine(body.model, 2, 0.02)
    wrench = np.zeros((2, 6))
    wrench[1, 2] = 2 * 9.81 * mujoco.mj_getTotalmass(body.model)
    still = np.zeros((2, NU))
    pushed = engine.step(_begun(engine, qpos, qvel, act), _command(engine, still, wrench))
    first = pushed.physics.qvel[:, :3]
    then = engine.step(pushed, _command(engine, still)).physics.qvel[:, :3]
    # twice its weight turns free fall into rising as fast; afterwards both fall alike
    assert first[0, 2] < 0 < first[1, 2]
    assert (then[:, 2] < first[:, 2] - 0.05).all()


def test_threads_do_not_change_a_bit(body, rng):
    start, ctrl = _standing(body, 7, rng), rng.uniform(-1, 1, (4, 7, NU))

    def run(threads: int) -> np.ndarray:
        engine = HostEngine(body.model, 7, 0.02, threads)
        assert engine.threads == threads
        return _held(engine, _begun(engine, *start), ctrl).rows.copy()

    np.testing.assert_array_equal(run(1), run(2))


def test_a_copy_is_gone_on_from_to_the_bit_as_often_as_one_likes(body, rng):
    start, ctrl = _standing(body, 2, rng), rng.uniform(-1, 1, (6, 2, NU))
    engine = HostEngine(body.model, 2, 0.02)
    state = _held(engine, _begun(engine, *start), ctrl[:3])
    kept = engine.copy(state)
    straight = _held(engine, state, ctrl[3:]).rows.copy()
    for other in (engine, HostEngine(body.model, 2, 0.02), engine):
        np.testing.assert_array_equal(_held(other, kept, ctrl[3:]).rows, straight)


def test_an_invalidated_state_is_refused(body, rng):
    engine = HostEngine(body.model, 1, 0.02)
    first = _begun(engine, *_standing(body, 1, rng))
    command = _command(engine, np.zeros((1, NU)))
    second = engine.step(first, command)
    for act in (lambda: engine.step(first, command), lambda: engine.copy(first)):
        with pytest.raises(
            RuntimeError, match=r"a later call of the engine has invalidated this state.*engine.copy"
        ):
            act()
    engine.forward(*_standing(body, 1, rng)[:2])
    with pytest.raises(RuntimeError, match="has invalidated this state"):
        engine.step(second, command)


def test_what_is_done_does_not_depend_on_what_was_done_before(body, rng):
    """An engine that has run gives the bits that a new one gives."""
    start, ctrl = _standing(body, 2, rng), rng.uniform(-1, 1, (3, 2, NU))
    used = HostEngine(body.model, 2, 0.02)
    used.step(_begun(used, *_standing(body, 2, rng)), _command(used, ctrl[0], np.ones((2, 6))))
    new = HostEngine(body.model, 2, 0.02)
    runs = [_held(engine, _begun(engine, *start), ctrl) for engine in (used, new)]
    np.testing.assert_array_equal(runs[0].rows, runs[1].rows)


def test_a_restarted_environment_begins_where_it_is_told_and_the_others_go_on(body, rng):
    first, other = _standing(body, 3, rng), _standing(body, 3, rng)
    ctrl, engine = rng.uniform(-1, 1, (2, 3, NU)), HostEngine(body.model, 3, 0.02)
    straight = _held(engine, _begun(engine, *first), ctrl).physics.qpos
    anew = _held(engine, _begun(engine, *other), ctrl[1:]).physics.qpos
    state = _held(engine, _begun(engine, *first), ctrl[:1])
    initial = dataclasses.replace(state.physics, qpos=other[0], qvel=other[1], act=other[2])
    mixed = engine.step(state, Command(ctrl[1], np.array([False, True, False]), initial)).physics.qpos
    np.testing.assert_array_equal(mixed[[0, 2]], straight[[0, 2]])
    np.testing.assert_array_equal(mixed[1], anew[1])


def test_a_broken_rat_stays_alone_is_counted_and_can_begin_anew(body, rng, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    qpos, qvel, act = _standing(body, 3, rng)
    engine = HostEngine(body.model, 3, 0.02)
    fast, still = qvel.copy(), np.zeros((3, NU))
    fast[1] = 1e200
    initial = dataclasses.replace(engine.forward(qpos, qvel), qpos=qpos, qvel=fast, act=act)
    state = _held(engine, engine.begin(initial), [still, still])
    assert np.isfinite(state.physics.qpos[[0, 2]]).all()
    assert np.isnan(state.physics.qpos[1]).all()
    assert engine.diverged == 1
    (report,) = engine.take_divergences()
    assert report.rat == 1
    assert report.qvel.max() == 1e200
    initial = dataclasses.replace(state.physics, qpos=qpos, qvel=qvel, act=act)
    again = engine.step(state, Command(still, np.array([False, True, False]), initial))
    assert np.isfinite(again.physics.qpos).all()
    assert capfd.readouterr().err == ""
    assert not list(tmp_path.iterdir()), "MuJoCo wrote a log into the working folder"


def test_control_timestep_must_be_whole_steps(body):
    with pytest.raises(InputError, match="not a multiple of the physics timestep"):
        HostEngine(body.model, 1, 0.015)
