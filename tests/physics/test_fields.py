"""Model fields that differ between environments: what they do, on both engines, and what is refused."""

import copy

import jax
import mujoco
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.physics import Command, HostEngine
from rodent.physics.device import DeviceEngine, Mjx
from rodent.physics.fields import checked_fields, derived_fields
from rodent.physics.mjx_compat import stepped_model
from tests.bodies import SMALL
from tests.physics.test_device import STEP, N, compare, physics, standing


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return stepped_model(mujoco.MjModel.from_xml_path(str(SMALL)), "jax")


@pytest.fixture
def fields(model) -> dict[str, np.ndarray]:
    """Friction, masses, gains and gravity of N environments, each its own."""
    rng = np.random.default_rng(1)
    times = rng.uniform(0.5, 2.0, (4, N))
    return {
        "geom_friction": model.geom_friction * times[0][:, None, None],
        "body_mass": model.body_mass * times[1][:, None],
        "actuator_gainprm": model.actuator_gainprm * times[2][:, None, None],
        "opt.gravity": model.opt.gravity * times[3][:, None],
    }


def test_each_environment_moves_as_its_own_model_would(model, fields, rng):
    """Against an engine of one environment on a model of which the fields were set by hand."""
    fields |= {"body_pos": model.body_pos * rng.uniform(0.9, 1.1, (N, 1, 1))}
    many = HostEngine(model, N, STEP, fields=fields)
    start, ctrl = standing(many, rng), rng.uniform(-1, 1, (5, N, model.nu))
    state = many.begin(physics(many, *start))
    for u in ctrl:
        state = many.step(state, Command(u, np.zeros(N, bool), state.physics))
    for i in (0, N - 1):
        own = copy.copy(model)
        for name, values in fields.items():
            owner, _, short = name.rpartition(".")
            getattr(own.opt if owner else own, short)[:] = values[i]
        mujoco.mj_setConst(own, mujoco.MjData(own))
        one = HostEngine(own, 1, STEP)
        initial = jax.tree.map(lambda x, i=i: x[i : i + 1], physics(many, *start))
        alone = one.begin(initial)
        for u in ctrl:
            alone = one.step(alone, Command(u[i : i + 1], np.zeros(1, bool), initial))
        np.testing.assert_array_equal(state.physics.qpos[i], alone.physics.qpos[0])
        np.testing.assert_array_equal(state.physics.xpos[i], alone.physics.xpos[0])
    # and they do make a difference
    assert np.ptp(state.physics.act[:, 0]) > 0.1


def test_the_device_agrees_with_the_host(model, fields, rng):
    engine = DeviceEngine(model, N, STEP, Mjx("jax"), fields=fields)
    start, ctrl = standing(engine, rng), rng.uniform(-1, 1, (20, N, model.nu))
    compiled, none = jax.jit(engine.step), np.zeros(N, bool)
    compare(
        HostEngine(engine.model, N, STEP, fields=fields),
        engine,
        lambda state, u: compiled(state, Command(u.astype(np.float32), none, state.physics)),
        start,
        ctrl,
    )


def test_what_follows_from_a_field_follows(model):
    heavy = model.body_mass * np.array([1.0, 3.0])[:, None]
    found = derived_fields(model, checked_fields(model, 2, {"body_mass": heavy}))
    np.testing.assert_allclose(found["body_subtreemass"][1], 3 * found["body_subtreemass"][0], rtol=1e-12)
    assert (found["body_invweight0"][1] <= found["body_invweight0"][0]).all()


def test_a_field_that_nothing_follows_from_is_the_only_one(model):
    friction = np.tile(model.geom_friction, (2, 1, 1))
    assert derived_fields(model, {"geom_friction": friction}).keys() == {"geom_friction"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"geom_fricton": 1.0}, "unknown model field 'geom_fricton'; did you mean 'geom_friction'"),
        (
            {"geom_type": np.zeros((N, 9), int)},
            "geom_type cannot differ between environments: it does not contain real numbers",
        ),
        ({"opt.timestep": np.full(N, 0.003)}, r"0.02 s is not a multiple of the physics timestep 0.003 s"),
        (
            {"body_mass": np.ones(6)},
            r"body_mass has shape \(6,\); expected \(8, 6\), with environments first",
        ),
        ({"body_mass": np.full((N, 6), np.nan)}, "body_mass has values that are not finite numbers"),
    ],
)
def test_what_cannot_differ_is_refused(model, fields, message):
    with pytest.raises(InputError, match=message):
        HostEngine(model, N, STEP, fields=fields)


def test_environments_with_other_time_steps_are_those_of_other_engines(model, rng):
    steps = np.resize([STEP / 2, STEP / 5, STEP], N)
    mixed = HostEngine(model, N, STEP, fields={"opt.timestep": steps})
    np.testing.assert_array_equal(mixed.substeps, np.resize([2, 5, 1], N))
    start, ctrl = standing(mixed, rng), rng.uniform(-1, 1, (10, N, model.nu))
    found = _played(mixed, start, ctrl)
    for step in np.unique(steps):
        other = copy.copy(model)
        other.opt.timestep = step
        alone = _played(HostEngine(other, N, STEP), start, ctrl)
        np.testing.assert_array_equal(found[steps == step], alone[steps == step])


def _played(engine, start, ctrl) -> np.ndarray:
    state, none = engine.begin(physics(engine, *start)), np.zeros(N, bool)
    for u in ctrl:
        state = engine.step(state, Command(u, none, state.physics))
    return np.asarray(state.physics.qpos)


def test_warp_refuses_fields_that_differ(model, monkeypatch):
    engine = DeviceEngine(model, N, STEP, Mjx("jax"))
    with pytest.raises(InputError, match=r"opt.timestep cannot differ.*the same substeps"):
        engine._own_fields({"opt.timestep": np.full(N, 0.01)})
    with pytest.raises(
        InputError,
        match=r"site_size cannot differ.*implementation jax, because it is a compile-time constant",
    ):
        engine._own_fields({"site_size": np.tile(model.site_size, (N, 1, 1))})
    monkeypatch.setattr(engine, "_warp", True)
    with pytest.raises(
        InputError, match="model field body_mass differs between environments, which MuJoCo Warp does not"
    ):
        engine._own_fields({"body_mass": np.tile(model.body_mass, (N, 1))})
