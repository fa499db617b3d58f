"""The body against dm_control's own rat, its scaling laws, and what it stands on."""

import mujoco
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.scene import Scene, make_scene

NQ, NV, NU = 74, 73, 38
TRACKED_BODIES = make_scene().roles.tracked


@pytest.fixture(scope="module")
def full_size() -> Scene:
    return make_scene(BodyConfig(scale=1.0, strength=1.0))


@pytest.fixture(scope="module")
def original() -> mujoco.MjModel:
    """dm_control's rat on a free joint, as its own tools compile it."""
    from dm_control.locomotion.arenas import floors
    from dm_control.locomotion.walkers import rodent

    arena, rat = floors.Floor(), rodent.Rat()
    frame = arena.attach(rat)
    frame.add("freejoint")
    # dm_control's own Physics does not know MuJoCo 4's fields
    root = arena.mjcf_model
    return mujoco.MjModel.from_xml_string(root.to_xml_string(), assets=root.get_assets())


def _own_names(model: mujoco.MjModel, kind: str, count: int) -> list[str]:
    return [getattr(model, kind)(i).name.rpartition("/")[2] for i in range(count)]


def test_sizes_are_those_of_the_rat(body):
    m = body.model
    assert (m.nq, m.nv, m.nu, m.nsensordata) == (NQ, NV, NU, 16)
    assert len(body.joint_names) == 67
    assert len(body.actuator_names) == 38
    assert len(body.tracked_ids) == len(TRACKED_BODIES) == 15


def test_masses_and_joint_order_are_dm_controls(full_size, original):
    ours = full_size.model
    names = [ours.body(i).name for i in range(1, ours.nbody)]
    theirs = {original.body(i).name.rpartition("/")[2]: i for i in range(original.nbody)}
    for name in names[1:]:
        i, j = ours.body(name).id, theirs[name]
        assert ours.body_mass[i] == pytest.approx(original.body_mass[j], rel=1e-9), name
        assert ours.body_inertia[i] == pytest.approx(original.body_inertia[j], rel=1e-6), name
    assert list(full_size.joint_names) == _own_names(original, "joint", original.njnt)[1:]
    assert list(full_size.actuator_names) == _own_names(original, "actuator", original.nu)
    np.testing.assert_allclose(ours.actuator_gainprm, original.actuator_gainprm, rtol=1e-12)
    np.testing.assert_allclose(ours.dof_damping[6:], original.dof_damping[6:], rtol=1e-12)


def test_forward_kinematics_are_dm_controls(full_size, original, rng):
    ours, theirs = mujoco.MjData(full_size.model), mujoco.MjData(original)
    for _ in range(20):
        qpos = np.r_[rng.normal(size=3), rng.normal(size=4), rng.uniform(*full_size.joint_range.T)]
        qpos[3:7] /= np.linalg.norm(qpos[3:7])
        ours.qpos[:] = theirs.qpos[:] = qpos
        mujoco.mj_kinematics(full_size.model, ours)
        mujoco.mj_kinematics(original, theirs)
        for name in TRACKED_BODIES:
            np.testing.assert_allclose(ours.body(name).xpos, theirs.body(f"walker/{name}").xpos, atol=1e-9)


@pytest.mark.parametrize("scale", [0.5, 0.9, 1.7])
def test_scaling_follows_its_laws(full_size, scale):
    large, small = full_size.model, make_scene(BodyConfig(scale=scale, strength=1.0)).model
    np.testing.assert_allclose(small.body_pos, scale * large.body_pos, atol=1e-12)
    np.testing.assert_allclose(small.body_mass, scale**3 * large.body_mass, rtol=1e-9)
    np.testing.assert_allclose(small.body_inertia, scale**5 * large.body_inertia, rtol=1e-6)
    np.testing.assert_allclose(small.dof_armature[6:], scale**5 * large.dof_armature[6:], rtol=1e-9)
    np.testing.assert_allclose(small.jnt_stiffness, scale**3 * large.jnt_stiffness, rtol=1e-9)
    np.testing.assert_allclose(
        small.actuator_gainprm[:, 0], scale**3 * large.actuator_gainprm[:, 0], rtol=1e-9
    )


def test_setpoint_makes_servos_rest(body, rng):
    data = mujoco.MjData(body.model)
    data.qpos[7:] = rng.uniform(*body.joint_range.T)
    data.qpos[3] = 1.0
    data.act[:] = body.setpoint_ctrl(data.qpos)
    mujoco.mj_forward(body.model, data)
    np.testing.assert_allclose(data.actuator_length, body.transmission @ data.qpos[7:], atol=1e-12)
    np.testing.assert_allclose(data.actuator_force, 0.0, atol=1e-9)


def test_torque_is_control_times_maximum():
    body = make_scene(BodyConfig(actuation="torque"))
    data = mujoco.MjData(body.model)
    data.act[:] = np.linspace(-1, 1, NU)
    mujoco.mj_forward(body.model, data)
    np.testing.assert_allclose(
        data.actuator_force, np.linspace(-1, 1, NU) * body.model.actuator_forcerange[:, 1]
    )


def test_force_limits_hold():
    limited = make_scene(BodyConfig(force_limits=True))
    data = mujoco.MjData(limited.model)
    data.act[:] = 10.0
    mujoco.mj_forward(limited.model, data)
    assert (data.actuator_force <= limited.model.actuator_forcerange[:, 1] + 1e-12).all()


def test_strength_multiplies_servos(body):
    strong = make_scene(BodyConfig(strength=2 * body.config.body.strength))
    np.testing.assert_allclose(strong.model.actuator_gainprm[:, 0], 2 * body.model.actuator_gainprm[:, 0])
    np.testing.assert_allclose(strong.model.actuator_biasprm, 2 * body.model.actuator_biasprm)


@pytest.mark.parametrize("roll", [0.0, 1.5, 3.1], ids=["upright", "on its side", "on its back"])
def test_a_fallen_rat_lies_on_the_floor(body, roll):
    data = mujoco.MjData(body.model)
    data.qpos[:7] = [0, 0, 0.15, np.cos(roll / 2), np.sin(roll / 2), 0, 0]
    data.act[:] = data.ctrl[:] = body.setpoint_ctrl(data.qpos)
    for _ in range(300):
        mujoco.mj_step(body.model, data)
    trunk = [data.body(name).xpos[2] for name in ("torso", "pelvis", "skull")]
    assert min(trunk) > 0.003, f"sank into the floor: {trunk}"
    assert max(trunk) < 0.09, f"floats: {trunk}"
    assert np.abs(data.qvel[:6]).max() < 0.5


def test_tail_and_self_collision_are_optional(body):
    def touching(config: BodyConfig) -> set[str]:
        m = make_scene(config).model
        return {m.geom(i).name for i in range(m.ngeom) if m.geom_conaffinity[i] & 1}

    tail = {name for name in touching(BodyConfig(tail_contact=True)) if name.startswith("vertebra_C")}
    assert len(tail) == 30
    assert touching(BodyConfig()) == touching(BodyConfig(tail_contact=True)) - tail - {"arena/floor"} | (
        touching(BodyConfig()) & {"arena/floor"}
    )
    assert not (body.model.geom_contype[1:] & 2).any()
    assert (make_scene(BodyConfig(self_collision=True)).model.geom_contype & 2).any()


def test_unknown_names_list_the_known_ones(body):
    with pytest.raises(InputError, match=r"unknown body 'scull'.*did you mean 'skull'"):
        body.body_ids(["scull"])
    with pytest.raises(InputError, match=r"unknown joint 'knee'.*knee_L"):
        body.joint_ids(["knee"])
    with pytest.raises(InputError, match="unknown actuator"):
        body.actuator_ids(["hip"])
    with pytest.raises(InputError, match="unknown sensor"):
        body.sensor_slice("nose")


@pytest.mark.parametrize(
    ("field", "value"),
    [("scale", 0.0), ("scale", 90.0), ("strength", -1.0), ("activation_time", 0.0), ("timestep", 1.0)],
)
def test_senseless_bodies_are_refused(field, value):
    with pytest.raises(InputError, match=field):
        BodyConfig(**{field: value})


def test_unknown_actuation_and_arena_are_refused():
    with pytest.raises(InputError, match="unknown actuation 'muscle'"):
        BodyConfig(actuation="muscle")
