"""Worlds that differ between environments, drawn anew where episodes begin: what they do, on both engines."""

import copy

import jax
import mujoco
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.physics import Command, HostEngine
from rodent.physics.device import DeviceEngine, Mjx
from rodent.physics.mjx_compat import stepped_model
from tests.bodies import SMALL
from tests.physics.test_device import STEP, N, physics, standing


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return stepped_model(mujoco.MjModel.from_xml_path(str(SMALL)), "jax")


@pytest.fixture
def scales() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {name: rng.uniform(0.5, 2.0, N) for name in ("friction", "mass", "strength", "lag")}


def by_hand(model, scales, i) -> mujoco.MjModel:
    """The model of one environment."""
    own = copy.copy(model)
    own.geom_friction[:, 0] *= scales["friction"][i]
    own.body_mass[:] *= scales["mass"][i]
    own.body_inertia[:] *= scales["mass"][i]
    own.actuator_gainprm[:] *= scales["strength"][i]
    own.actuator_biasprm[:] *= scales["strength"][i]
    own.actuator_dynprm[:, 0] *= scales["lag"][i]
    mujoco.mj_setConst(own, mujoco.MjData(own))
    return own


def test_each_environment_has_a_world_of_its_own(model, scales, rng):
    """Against engines of one environment on models that were scaled by hand; half of them restart."""
    many = HostEngine(model, N, STEP)
    start, ctrl = standing(many, rng), rng.uniform(-1, 1, (5, N, model.nu))
    initial, restart = physics(many, *start), np.arange(N) % 2 == 0
    state = many.begin(initial, {name: np.ones(N) for name in scales})
    state = many.step(state, Command(ctrl[0], np.zeros(N, bool), initial, scales=scales))
    assert all((factors == 1).all() for factors in state.scales.values())
    state = many.step(state, Command(ctrl[1], restart, initial, scales=scales))
    for u in ctrl[2:]:
        state = many.step(state, Command(u, np.zeros(N, bool), initial, scales=scales))
    for i in (0, 2, 1):
        one = HostEngine(by_hand(model, scales, i) if restart[i] else model, 1, STEP)
        mine = jax.tree.map(lambda x, i=i: x[i : i + 1], initial)
        alone = one.begin(mine)
        for u in ctrl[1 if restart[i] else 0 :]:
            alone = one.step(alone, Command(u[i : i + 1], np.zeros(1, bool), mine))
        np.testing.assert_allclose(state.physics.qpos[i], alone.physics.qpos[0], atol=1e-6)
    for name, factors in scales.items():
        np.testing.assert_array_equal(state.scales[name], np.where(restart, factors, 1.0))


def test_a_state_put_back_brings_its_world(model, scales, rng):
    one, other = HostEngine(model, N, STEP), HostEngine(model, N, STEP)
    start, ctrl = standing(one, rng), rng.uniform(-1, 1, (N, model.nu))
    initial = physics(one, *start)
    kept = one.copy(one.begin(initial, scales))
    command = Command(ctrl, np.zeros(N, bool), initial)
    here, there = one.step(one.copy(kept), command), other.step(kept, command)
    np.testing.assert_array_equal(here.physics.qpos, there.physics.qpos)
    plain = other.step(other.begin(initial), command)
    assert np.abs(plain.physics.qvel - here.physics.qvel).max() > 1e-3


def test_the_device_agrees_with_the_host(model, scales, rng):
    host, device = HostEngine(model, N, STEP), DeviceEngine(model, N, STEP, Mjx("jax"))
    start, ctrl = standing(host, rng), rng.uniform(-1, 1, (10, N, model.nu))
    initial, begun = physics(host, *start), np.zeros(N, bool)
    there, here, step = host.begin(initial, scales), device.begin(initial, scales), jax.jit(device.step)
    for u in ctrl:
        command = Command(u.astype(np.float32), begun, initial, scales=scales)
        there, here = host.step(there, command), step(here, command)
    np.testing.assert_allclose(here.physics.qpos, there.physics.qpos, atol=1e-4)


def test_unknown_quantities_are_refused(model, rng):
    engine = HostEngine(model, N, STEP)
    with pytest.raises(InputError, match="unknown quantity of the world 'colour'"):
        engine.begin(physics(engine, *standing(engine, rng)), {"colour": np.ones(N)})
