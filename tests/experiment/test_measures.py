"""Outcomes from frames that are known: errors over all frames, gait, work."""

import dataclasses
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest

from rodent.experiment.gait import Gait
from rodent.experiment.measures import Measures
from rodent.physics.engine import PhysicsState
from rodent.registration.ground import paw_heights
from rodent.tasks.metrics import tracking_metrics
from rodent.tasks.settings import ImitationLimits

DT = 0.02


def physics(scene, n):
    model = scene.model
    sizes = (model.nq, model.nv, model.na, (len(scene.tracked_ids), 3), model.nsensordata, model.nu)
    return PhysicsState(*(np.zeros((n, *np.atleast_1d(size)), np.float32) for size in sizes))


def test_frames_after_a_failure_count_with_the_worst_value(body):
    metrics = tracking_metrics(ImitationLimits(), body.roles.end_effectors)
    task = SimpleNamespace(scene=body, timestep=DT, metrics=metrics)
    measures = Measures(task, np.array([4, 4, 0, 2]))
    state = physics(body, 4)
    for index in range(4):
        kept = {
            "failed": np.array([False, index >= 1, False, False]),
            "metrics": {
                "root_position": np.full(4, 0.01),
                "end_effector": np.tile([0.01, 0.03, 0, 0, 0], (4, 1)),
            },
            "activity": {"layer": np.full(4, float(index))},
            "changed": np.full(4, 10 * (index + 1)),
            "active": np.array([index >= 2, index >= 1, True, index >= 0]),
        }
        alive = measures.add(kept, state)
        measures.add_step(state)
    assert alive.tolist() == [True, False, False, False]
    found = measures.values()
    assert found["frames_tracked"].tolist() == [4, 1, 0, 2]
    assert found["success"].tolist() == [True, False, True, True]
    np.testing.assert_allclose(found["root_error"][[0, 1, 3]], [0.01, (0.01 + 3 * 0.05) / 4, 0.01])
    np.testing.assert_allclose(found["end_effector_error"][[0, 1]], [0.008, (0.008 + 3 * 0.05) / 4])
    assert np.isnan(found["joint_error"]).all()
    np.testing.assert_allclose(found["activity:layer"][[0, 1, 3]], [1.5, 0.0, 0.5])
    assert found["changed_values"].tolist() == [40, 10, 0, 20]
    assert found["onset"].tolist() == [2, -1, -1, 0]


def test_speed_strides_and_sliding_of_a_planted_gait(body):
    """The rat stands for 5 frames and is lifted for 5, 0.1 m on. It slides by 1 mm a frame."""
    gait = Gait(body, 2, DT)
    pose = body.model.qpos0.copy()
    pose[2] -= paw_heights(pose[None], body).min()
    place = 0.0
    for frame in range(40):
        state = physics(body, 2)
        stands = frame % 10 < 5
        place += 0.001 if stands and frame % 10 else 0.02 if not stands or frame else 0.0
        state.qpos[:] = pose
        state.qpos[:, 0] = place
        state.qpos[:, 2] += 0.0 if stands else 0.02
        state.qvel[:, :2] = (0.3, 0.4)
        gait.add(state, np.array([True, False]))
    found = gait.values()
    np.testing.assert_allclose(found["speed"][0], 0.5, rtol=1e-6)
    np.testing.assert_allclose(found["stride_length"][0], 4 * 0.001 + 6 * 0.02, rtol=1e-5)
    np.testing.assert_allclose(found["stance_sliding"][0], 0.001 / DT, rtol=1e-3)
    assert np.isnan([found[name][1] for name in ("speed", "stride_length", "stance_sliding")]).all()


def test_work_is_force_times_the_speed_of_muscles_that_mujoco_has(body, rng):
    model, data = body.model, mujoco.MjData(body.model)
    data.qpos[7:] = 0.1 * rng.normal(size=model.nq - 7)
    data.qvel[:] = rng.normal(size=model.nv)
    mujoco.mj_forward(model, data)
    state = physics(body, 1)
    force = rng.normal(size=model.nu)
    state = dataclasses.replace(state, qvel=data.qvel[None].copy(), actuator_force=force[None])
    gait = Gait(body, 1, DT)
    gait.add_step(state, np.array([True]))
    expected = np.abs(force * data.actuator_velocity).sum() * DT
    assert gait.values()["energy"][0] == pytest.approx(expected, rel=1e-6)
