"""The host engine: same numbers as plain MuJoCo, at any thread count, and no spreading of NaN."""

import mujoco
import numpy as np
import pytest

from rodent.body import NU
from rodent.errors import InputError
from rodent.physics.host import HostEngine, bare_skeleton

JOINTS_OF_ALL_KINDS = """<mujoco><worldbody><body pos="0 0 1"><freejoint/><geom size=".1"/>
  <body pos=".1 .2 .3" quat="1 .2 0 .1"><joint name="a" axis="0 1 1" pos="0 .1 0" ref="20"/><joint name="b"
    axis="1 0 0"/><geom size=".1"/>
    <body pos="0 .1 0"><joint type="slide" axis="1 1 0" ref=".2"/><geom size=".1"/></body>
    <body pos="0 0 .2"><joint type="ball" pos=".1 0 0"/><geom size=".1"/></body>
  </body></body></worldbody></mujoco>"""


def _standing(body, n, rng):
    qpos = np.tile(body.model.qpos0, (n, 1))
    qpos[:, 2] = 0.01
    qpos[:, 7:] = rng.uniform(*(0.3 * body.joint_range.T), size=(n, 67))
    return qpos, np.zeros((n, 73)), rng.uniform(-0.2, 0.2, (n, NU))


def test_steps_are_those_of_mujoco(body, rng):
    qpos, qvel, act = _standing(body, 3, rng)
    ctrl = rng.uniform(-1, 1, (5, 3, NU))
    engine = HostEngine(body.model, 3, 0.02)
    engine.reset(np.arange(3), qpos, qvel, act)
    for u in ctrl:
        state = engine.step(u)
    for i in range(3):
        data = mujoco.MjData(body.model)
        data.qpos[:], data.qvel[:], data.act[:] = qpos[i], qvel[i], act[i]
        for u in ctrl:
            data.ctrl[:] = u[i]
            mujoco.mj_step(body.model, data, engine.substeps)
        mujoco.mj_step1(body.model, data)
        np.testing.assert_allclose(state.qpos[i], data.qpos, atol=1e-5)
        np.testing.assert_allclose(state.xpos[i], data.xpos, atol=1e-5)


def test_a_bare_skeleton_stands_like_its_body(body, rng):
    for model in (body.model, mujoco.MjModel.from_xml_string(JOINTS_OF_ALL_KINDS)):
        for bodies in (np.arange(model.nbody), np.array([model.nbody - 1, 2, 2])):
            skeleton = bare_skeleton(model, bodies)
            whole, bare = mujoco.MjData(model), mujoco.MjData(skeleton.model)
            for _ in range(5):
                whole.qpos[:] = rng.normal(size=model.nq)
                bare.qpos[:] = whole.qpos[skeleton.qpos]
                mujoco.mj_kinematics(model, whole)
                mujoco.mj_kinematics(skeleton.model, bare)
                np.testing.assert_array_equal(bare.xpos[skeleton.bodies], whole.xpos[bodies])


def test_a_skeleton_has_no_more_than_what_its_bodies_hang_on(body):
    skeleton = bare_skeleton(body.model, body.tracked_ids)
    tail = sum(body.model.body(i).name.startswith("vertebra_C") for i in range(body.model.nbody))
    assert 15 < skeleton.model.nbody < body.model.nbody - tail


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
    engine.reset(np.arange(2), qpos, qvel, act)
    wrench = np.zeros((2, 6))
    wrench[1, 2] = 2 * 9.81 * mujoco.mj_getTotalmass(body.model)
    still = np.zeros((2, NU))
    speeds = [engine.step(still, wrench).qvel[:, :3], engine.step(still).qvel[:, :3]]
    # twice its weight turns free fall into rising as fast; afterwards both fall alike
    assert speeds[0][0, 2] < 0 < speeds[0][1, 2]
    assert (speeds[1][:, 2] < speeds[0][:, 2] - 0.05).all()


def test_threads_do_not_change_a_bit(body, rng):
    start, ctrl = _standing(body, 7, rng), rng.uniform(-1, 1, (4, 7, NU))

    def run(threads: int) -> np.ndarray:
        engine = HostEngine(body.model, 7, 0.02, threads)
        engine.reset(np.arange(7), *start)
        for u in ctrl:
            engine.step(u)
        return engine.integration_state()

    np.testing.assert_array_equal(run(1), run(2))


def test_integration_state_continues_bit_identically(body, rng):
    start, ctrl = _standing(body, 2, rng), rng.uniform(-1, 1, (6, 2, NU))
    engine = HostEngine(body.model, 2, 0.02)
    engine.reset(np.arange(2), *start)
    for u in ctrl[:3]:
        engine.step(u)
    saved = engine.integration_state()
    for u in ctrl[3:]:
        engine.step(u)
    other = HostEngine(body.model, 2, 0.02)
    other.set_integration_state(saved)
    for u in ctrl[3:]:
        other.step(u)
    np.testing.assert_array_equal(engine.integration_state(), other.integration_state())


def test_a_broken_rat_stays_alone_is_counted_and_can_begin_anew(body, rng, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    qpos, qvel, act = _standing(body, 3, rng)
    engine = HostEngine(body.model, 3, 0.02)
    engine.reset(np.arange(3), qpos, qvel, act)
    engine.reset(np.array([1]), qpos[1:2], np.full((1, 73), 1e200), act[1:2])
    state = engine.step(np.zeros((3, NU)))
    state = engine.step(np.zeros((3, NU)))
    assert np.isfinite(state.qpos[[0, 2]]).all()
    assert np.isnan(state.qpos[1]).all()
    assert engine.diverged == 1
    (report,) = engine.take_divergences()
    assert report.rat == 1
    assert report.qvel.max() == 1e200
    engine.reset(np.array([1]), qpos[1:2], qvel[1:2], act[1:2])
    assert np.isfinite(engine.step(np.zeros((3, NU))).qpos).all()
    assert capfd.readouterr().err == ""
    assert not list(tmp_path.iterdir()), "MuJoCo wrote a log into the working folder"


def test_control_timestep_must_be_whole_steps(body):
    with pytest.raises(InputError, match="not a multiple of the physics timestep"):
        HostEngine(body.model, 1, 0.015)
