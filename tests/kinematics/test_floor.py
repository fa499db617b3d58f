"""How low the paws reach, against MuJoCo's own distances."""

import mujoco
import numpy as np
import pytest

from rodent.kinematics import forward
from rodent.kinematics.floor import downward_reach, floor_shift, lowest_paw

GEOMS = {
    "sphere": "0.3",
    "capsule": "0.1 0.4",
    "ellipsoid": "0.1 0.2 0.4",
    "cylinder": "0.2 0.3",
    "box": "0.1 0.2 0.4",
}


@pytest.mark.parametrize("kind", GEOMS)
def test_reach_is_the_distance_mujoco_finds(kind):
    model = mujoco.MjModel.from_xml_string(
        f"""<mujoco><worldbody>
          <geom type="plane" size="5 5 1"/>
          <body pos="0 0 2"><freejoint/><geom type="{kind}" size="{GEOMS[kind]}"/></body>
        </worldbody></mujoco>"""
    )
    data = mujoco.MjData(model)
    rng = np.random.default_rng(0)
    for _ in range(20):
        data.qpos[3:] = rng.normal(size=4)
        mujoco.mj_kinematics(model, data)
        vertical = data.geom_xmat[1].reshape(3, 3)[2]
        reach = downward_reach(model.geom_type[1:], model.geom_size[1:], vertical[None])
        distance = mujoco.mj_geomDistance(model, data, 0, 1, 10.0, None)
        assert data.geom_xpos[1, 2] - reach[0] == pytest.approx(distance, abs=1e-6)


def test_geoms_without_a_support_function_are_refused():
    mesh = np.array([int(mujoco.mjtGeom.mjGEOM_MESH)])
    with pytest.raises(NotImplementedError, match="mjGEOM_MESH"):
        downward_reach(mesh, np.ones((1, 3)), np.ones((1, 3)))


def test_lowest_paw_is_what_one_pose_at_a_time_gives(body, poses, monkeypatch):
    data = mujoco.MjData(body.model)
    plane = int(np.flatnonzero(body.model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE)[0])
    expected = []
    for qpos in poses:
        data.qpos[:] = qpos
        mujoco.mj_kinematics(body.model, data)
        distances = (
            mujoco.mj_geomDistance(body.model, data, plane, int(g), 1.0, None) for g in body.paw_geom_ids
        )
        expected.append(min(distances))
    np.testing.assert_allclose(lowest_paw(poses, body), expected, atol=1e-6)
    # blocks that do not divide the frames change nothing
    monkeypatch.setattr(forward, "BLOCK", 7)
    np.testing.assert_allclose(lowest_paw(poses, body), expected, atol=1e-6)


def test_the_shift_puts_the_median_frame_on_the_floor(body, poses):
    raised = poses.copy()
    raised[:, 2] += 0.017
    shift = floor_shift(raised, body)
    assert shift == pytest.approx(-0.017, abs=1e-9)
    raised[:, 2] += shift
    assert np.median(lowest_paw(raised, body)) == pytest.approx(0, abs=1e-12)


def test_a_jump_of_a_few_frames_does_not_move_the_floor(body, poses):
    standing = np.repeat(poses[:1], 40, axis=0)
    jumping = standing.copy()
    jumping[:8, 2] += 0.1
    assert floor_shift(jumping, body) == pytest.approx(floor_shift(standing, body), abs=1e-9)
