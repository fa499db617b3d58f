"""The device engine on a small body, with every implementation that is here: it agrees with the host
on the same model, a broken rat stays alone, and what is left out of a model is what it cannot collide.
"""

from itertools import pairwise

import jax
import mujoco
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.physics import Command, HostEngine, PhysicsState
from rodent.physics.device import DeviceEngine, Mjx, warp_devices
from rodent.physics.mjx_compat import stepped_model, unknown_contacts
from rodent.physics.mjx_parts import WARP_INSTALLED, geom_pairs
from rodent.scene import make_scene
from tests.bodies import hopper

N, STEP = 8, 0.02  # rats, seconds per control step


@pytest.fixture(scope="module", params=["jax", "warp"])
def engine(request: pytest.FixtureRequest) -> DeviceEngine:
    if request.param == "warp" and not WARP_INSTALLED:
        pytest.skip("MuJoCo Warp is not installed: it comes with the extras cuda12 and cuda13")
    return DeviceEngine(hopper().model, N, STEP, Mjx(request.param))


@pytest.fixture(scope="module")
def step(engine):
    compiled, none = jax.jit(engine.step), np.zeros((N, 6), np.float32)

    def step(state, ctrl, wrench=none, restart=(False,) * N, initial=None):
        initial = state.physics if initial is None else initial
        return compiled(state, Command(np.asarray(ctrl, np.float32), np.array(restart), initial, wrench))

    return step


def standing(engine, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rats a little above the floor, tilted, moving."""
    m = engine.model
    qpos = np.tile(m.qpos0, (N, 1))
    qpos[:, 2] = rng.uniform(0.0, 0.02, N)
    qpos[:, 3:7] += rng.uniform(-0.1, 0.1, (N, 4))
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    qpos[:, 7:] = rng.uniform(-0.5, 0.5, (N, m.nq - 7))
    return qpos, rng.uniform(-0.3, 0.3, (N, m.nv)), rng.uniform(-0.5, 0.5, (N, m.na))


def physics(engine, qpos, qvel, act) -> PhysicsState:
    """The given states, all else nought."""
    m = engine.model
    sizes = {"xpos": (N, m.nbody, 3), "sensordata": (N, m.nsensordata), "actuator_force": (N, m.nu)}
    rest = {name: np.zeros(shape, np.float32) for name, shape in sizes.items()}
    states = {"qpos": qpos, "qvel": qvel, "act": act}
    return PhysicsState(**rest, **{k: np.asarray(v, np.float32) for k, v in states.items()})


def begun(engine, qpos, qvel, act):
    """The engine's state of bodies in these poses."""
    return engine.begin(physics(engine, qpos, qvel, act))


def test_it_agrees_with_the_host_on_the_same_model(engine, step, rng):
    """Over 20 control steps, falling to a stand: 1 μm, 1e-5 rad, 1e-3 m/s or rad/s and of sensors' units."""
    start, ctrl = standing(engine, rng), rng.uniform(-1, 1, (20, N, engine.model.nu))
    compare(HostEngine(engine.model, N, STEP), engine, step, start, ctrl)


def compare(host, engine, step, start, ctrls) -> None:
    """Both engines from the same states with the same controls, and with floor under them."""
    initial = physics(engine, *start)
    there, here = host.begin(initial), engine.begin(initial)
    touched = np.zeros(N, bool)
    for u in ctrls:
        there, here = host.step(there, Command(u, np.zeros(N, bool), initial)), step(here, u)
        wanted, found = there.physics, here.physics
        np.testing.assert_allclose(found.xpos, wanted.xpos, atol=1e-6)
        np.testing.assert_allclose(found.qpos, wanted.qpos, atol=1e-5)
        np.testing.assert_allclose(found.qvel, wanted.qvel, atol=1e-3)
        np.testing.assert_allclose(found.act, wanted.act, atol=1e-6)
        np.testing.assert_allclose(found.actuator_force, wanted.actuator_force, atol=1e-7)
        np.testing.assert_allclose(found.sensordata, wanted.sensordata, atol=1e-3)
        touched |= wanted.sensordata[:, 9:].any(1)
    assert touched.all(), "no rat met the floor: the contacts were not compared"


def test_positions_are_those_after_the_step(engine, step, rng):
    rats = step(begun(engine, *standing(engine, rng)), np.zeros((N, engine.model.nu)))
    data = mujoco.MjData(engine.model)
    for qpos, xpos in zip(rats.physics.qpos, rats.physics.xpos, strict=True):
        data.qpos[:] = qpos
        mujoco.mj_kinematics(engine.model, data)
        np.testing.assert_allclose(xpos, data.xpos, atol=1e-6)


def test_a_wrench_pushes_for_one_control_step(engine, step, rng):
    qpos, qvel, act = standing(engine, rng)
    qpos[:, 2] = 1.0
    wrench = np.zeros((N, 6), np.float32)
    wrench[1:, 2] = 2 * 9.81 * mujoco.mj_getTotalmass(engine.model)
    still = np.zeros((N, engine.model.nu), np.float32)
    first = step(begun(engine, qpos, 0 * qvel, act), still, wrench)
    then = step(first, still)
    # twice its weight turns free fall into rising as fast; afterwards all fall alike
    np.testing.assert_allclose(first.physics.qvel[:, 2] / (9.81 * STEP), [-1] + [1] * (N - 1), rtol=0.2)
    assert (then.physics.qvel[:, 2] < first.physics.qvel[:, 2] - 0.1).all()


def test_a_broken_rat_stays_alone_and_can_begin_anew(engine, step, rng):
    qpos, qvel, act = standing(engine, rng)
    ctrl = np.zeros((N, engine.model.nu))
    alone = step(step(begun(engine, qpos, qvel, act), ctrl), ctrl)
    fast = qvel.copy()
    fast[1] = 1e30
    rats = step(step(begun(engine, qpos, fast, act), ctrl), ctrl)
    others = np.arange(N) != 1
    for broken, sound in zip(jax.tree.leaves(rats), jax.tree.leaves(alone), strict=True):
        assert np.isnan(broken[1]).all()
        np.testing.assert_array_equal(broken[others], sound[others])
    again = step(rats, ctrl, restart=~others, initial=physics(engine, qpos, qvel, act))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(again))
    first = step(begun(engine, qpos, qvel, act), ctrl)
    np.testing.assert_array_equal(again.physics.qpos[1], first.physics.qpos[1])


def pairs(model: mujoco.MjModel) -> set[tuple[int, int]]:
    return {(int(a), int(b)) for a, b, _ in geom_pairs(model)}


def test_only_contacts_that_it_cannot_compute_are_left_out():
    model = make_scene(BodyConfig(self_collision=True)).model
    unknown = set(unknown_contacts(model))
    kinds = {tuple(sorted(mujoco.mjtGeom(model.geom_type[g]).name for g in pair)) for pair in unknown}
    assert kinds == {("mjGEOM_BOX", "mjGEOM_ELLIPSOID")}
    assert pairs(stepped_model(model, "jax")) == pairs(model) - unknown
    assert pairs(stepped_model(model, "warp")) == pairs(model)
    assert set(unknown_contacts(model)) == unknown, "the body's own model was changed"


def test_the_host_obeys_the_reduction_too():
    """Geoms in a row, each in its neighbours: MuJoCo finds all contacts, and afterwards the known ones."""
    kinds = ("box", "ellipsoid", "sphere", "box", "ellipsoid")
    bodies = "".join(
        f'<body pos="{0.1 * i} 0 0"><freejoint/><geom type="{kind}" size="0.06 0.06 0.06"/></body>'
        for i, kind in enumerate(kinds)
    )
    model = mujoco.MjModel.from_xml_string(f"<mujoco><worldbody>{bodies}</worldbody></mujoco>")

    def touching(model: mujoco.MjModel) -> set[tuple[int, int]]:
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        return {tuple(sorted(pair)) for pair in data.contact.geom.tolist()}

    assert touching(model) == set(pairwise(range(5)))
    assert touching(stepped_model(model, "jax")) == {(1, 2), (2, 3)}


def test_the_default_rat_loses_no_contact_and_its_integrator_is_replaced():
    body = make_scene(BodyConfig())
    assert not unknown_contacts(body.model)
    jax_model, warp_model = (stepped_model(body.model, which) for which in ("jax", "warp"))
    assert jax_model.opt.integrator == mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    assert jax_model.opt.timestep == pytest.approx(0.005)
    assert warp_model.opt.integrator == body.model.opt.integrator == mujoco.mjtIntegrator.mjINT_DISCRETE
    assert warp_model.opt.timestep == body.model.opt.timestep


def test_without_a_gpu_one_line_says_so():
    if jax.default_backend() != "cpu":
        pytest.skip("there is an accelerator here")
    with pytest.raises(InputError, match="JAX finds no NVIDIA GPU, only cpu"):
        warp_devices(8)


def test_the_number_of_environments_must_be_a_multiple_of_that_of_the_devices():
    with pytest.raises(InputError, match="there are 3 environments for 2 devices; expected a multiple of 2"):
        DeviceEngine(hopper().model, 3, STEP, Mjx("jax", tuple(jax.devices()[:1] * 2)))
