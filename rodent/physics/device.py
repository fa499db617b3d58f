"""The engine on an accelerator: MJX, as pure functions for `jax.jit` and `jax.lax.scan`.

    on_gpus = Mjx("warp", warp_devices(4096))
    engine = DeviceEngine(scene.model, 4096, 0.02, on_gpus, bodies=scene.tracked_ids)
    state = engine.begin(reference.start(frame))
    state = engine.step(state, Command(ctrl, restart, initial))
    state.physics                                       # the physics state that the task uses

`warp` is MuJoCo Warp, for NVIDIA GPUs. `jax` runs on all devices of JAX, with a reduced model
(`rodent.physics.mjx_compat`); compiling it for the whole rat takes more than eight minutes on two CPU cores.
Both compute in float32, the host in float64: with the same model they differ by less than 1 μm after 20
control steps, unless a rat starts with a paw exactly on the floor, where rounding decides whether it
touches. This was measured with `jax` on a CPU with a small body, and with `warp` on a CPU and on an H100 with
the rat; the H100 makes 395,000 control steps/s with 32,768 environments.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from rodent.errors import InputError
from rodent.physics.engine import Command, PhysicsState
from rodent.physics.fields import checked_fields, derived_fields
from rodent.physics.host import first_with_mass
from rodent.physics.mjx_compat import Implementation, stepped_model
from rodent.physics.mjx_parts import SOLVER_LIMITS, WARP_INSTALLED, mjx
from rodent.physics.scales import TracedScales
from rodent.physics.substeps import count_substeps

_ENVS = PartitionSpec("envs")


@flax.struct.dataclass
class DeviceState:
    """The full state of num_envs environments.

    Attributes:
        physics: the physics state that the task uses.
        warmstart: initial accelerations of the contact solver, shape (num_envs, nv).
        scales: factors on the world's quantities, see `Command`; each (num_envs,).
    """

    physics: PhysicsState
    warmstart: jax.Array
    scales: dict[str, jax.Array] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Mjx:
    """Settings of MJX."""

    implementation: Implementation
    """`warp` or `jax`."""
    devices: tuple[jax.Device, ...] | None = None
    """Devices of JAX; None for the first."""
    contacts: int = 96
    """Capacity for contacts per environment, shared by the environments of a device; MuJoCo Warp drops
    contacts beyond it. The JAX implementation has no such limit."""


class DeviceEngine:
    """Steps num_envs environments, sharded evenly over devices.

    An environment whose state is not finite is all NaN until it is reset. It is not stepped: a body at rest
    is stepped instead.

    Attributes:
        model: the stepped model, reduced to the features of the implementation.
        substeps: physics steps per control step.
        bodies: indices of the bodies whose positions are in the state.
        by_env: sharding of arrays that lead with environments.
        everywhere: sharding of replicated arrays.

    Args:
        model: the compiled body; it is not changed.
        num_envs: number of environments, a multiple of the number of devices.
        control_timestep: duration of a control step in seconds, a multiple of the physics timestep.
        by: settings of MJX.
        bodies: indices of the bodies whose positions are in the state; None for all.
        root: index of the body that a command's wrench acts on; None for the first with a mass.
        fields: model fields that differ between environments, see `rodent.physics.fields`; of `jax` only.

    Raises:
        InputError: timesteps or numbers are not multiples, `warp` is not installed, or fields cannot differ.
    """

    traceable = True

    def __init__(
        self,
        model: mujoco.MjModel,
        num_envs: int,
        control_timestep: float,
        by: Mjx,
        bodies: np.ndarray | None = None,
        root: int | None = None,
        fields: Mapping[str, np.ndarray] = MappingProxyType({}),
    ):
        implementation = by.implementation
        if implementation == "warp":
            _require_warp()
        devices = jax.devices()[:1] if by.devices is None else by.devices
        _require_even(num_envs, devices)
        self.model = stepped_model(model, implementation)
        self.num_envs = num_envs
        self.substeps = count_substeps(control_timestep, self.model.opt.timestep)
        self._mesh = Mesh(np.array(devices), ("envs",), axis_types=(AxisType.Auto,))
        self.by_env = NamedSharding(self._mesh, _ENVS)
        self.everywhere = NamedSharding(self._mesh, PartitionSpec())
        self._root = first_with_mass(model) if root is None else root
        self.bodies = np.arange(model.nbody) if bodies is None else bodies
        self._mjx_model = mjx.put_model(self.model, devices[0], implementation)
        capacity: dict[str, int] = {}
        if implementation == "warp":
            capacity = _warp_capacity(self.model, num_envs // len(devices), by.contacts)
            # the host's solver has the same limit of iterations, without a warning
            warnings = self._mjx_model.opt._impl.warn_overflow & ~SOLVER_LIMITS
            self._mjx_model = self._mjx_model.tree_replace({"opt._impl.warn_overflow": warnings})
        self._at_rest = mjx.make_data(self.model, devices[0], implementation, **capacity)
        self._warp, self._arrays = implementation == "warp", _array_fields(self._mjx_model)
        self._fields = self._own_fields(fields)
        self._scaled: TracedScales | None = None  # made when worlds first differ

    def begin(self, physics: PhysicsState, scales: Mapping[str, jax.Array] | None = None) -> DeviceState:
        """See `Engine.begin`.

        Raises:
            InputError: there are scales, which MuJoCo Warp does not take.
        """
        if scales and self._warp:
            raise InputError(
                f"MuJoCo Warp takes no model field that differs between environments, such as "
                f"{next(iter(scales))}; leave out --randomisation of the world, or train with --device cpu"
            )
        if scales and self._scaled is None:
            self._scaled = TracedScales(self.model, self._arrays)
        return DeviceState(physics, jnp.zeros_like(physics.qvel), dict(scales or {}))

    def step(self, state: DeviceState, command: Command) -> DeviceState:
        """See `Engine.step`; a pure function."""
        state = _restarted(state, command)
        wrench = command.wrench
        push = jnp.zeros((self.num_envs, 6)) if wrench is None else wrench
        step = jax.vmap(self._step_one)
        if self._mesh.size > 1:
            step = jax.shard_map(step, mesh=self._mesh, in_specs=_ENVS, out_specs=_ENVS, check_vma=False)
        return step(state, command.ctrl, push, self._fields)

    def _own_fields(self, fields: Mapping[str, np.ndarray]) -> dict[str, jax.Array]:
        """Values of the fields that differ between environments, and of derived fields."""
        own = checked_fields(self.model, self.num_envs, fields)
        if not own:
            return {}
        if "opt.timestep" in own:
            raise InputError(
                "opt.timestep cannot differ between environments on a device: all make the same substeps; "
                "use the host engine (--device cpu)"
            )
        if self._warp:
            raise InputError(
                f"model field {next(iter(own))} differs between environments, which MuJoCo Warp does not "
                "support; use the host engine or the implementation jax"
            )
        if static := [name for name in own if name not in self._arrays]:
            raise InputError(
                f"model field {static[0]} cannot differ between environments with the implementation jax, "
                "because it is a compile-time constant; use the host engine"
            )
        found = derived_fields(self.model, own)
        return {
            name: jnp.asarray(values, jnp.float32) for name, values in found.items() if name in self._arrays
        }

    def _step_one(
        self, state: DeviceState, ctrl: jax.Array, wrench: jax.Array, fields: dict[str, jax.Array]
    ) -> DeviceState:
        """`step` of one environment, leaves without a leading dimension."""
        model = self._mjx_model.tree_replace(fields) if fields else self._mjx_model
        if self._scaled is not None and state.scales:
            model = model.tree_replace(self._scaled.fields(state.scales))
        before = {name: getattr(state.physics, name) for name in ("qpos", "qvel", "act")}
        before["qacc_warmstart"] = state.warmstart
        valid = _finite(before)
        initial = {name: jnp.where(valid, x, getattr(self._at_rest, name)) for name, x in before.items()}
        push = self._at_rest.xfrc_applied.at[self._root].set(wrench)
        data = self._at_rest.replace(**initial, ctrl=ctrl, xfrc_applied=push)
        data = jax.lax.fori_loop(0, self.substeps, lambda _, d: mjx.step(model, d), data)
        # after a step, xpos is that at the start of the last substep
        xpos = mjx.kinematics(model, data).xpos[self.bodies]
        found: dict[str, Any] = {name: getattr(data, name) for name in PhysicsState.__dataclass_fields__}
        valid &= _finite({name: found[name] for name in ("qpos", "qvel", "act")})
        physics = PhysicsState(**found | {"xpos": xpos})
        physics, warmstart = jax.tree.map(
            lambda x: jnp.where(valid, x, jnp.nan), (physics, data.qacc_warmstart)
        )
        return DeviceState(physics, warmstart, state.scales)


def _restarted(state: DeviceState, command: Command) -> DeviceState:
    """The state after the resets of a command."""
    rows = command.restart[:, None]
    initial, physics = command.initial, state.physics
    physics = dataclasses.replace(
        physics,
        qpos=jnp.where(rows, initial.qpos, physics.qpos),
        qvel=jnp.where(rows, initial.qvel, physics.qvel),
        act=jnp.where(rows, initial.act, physics.act),
    )
    scales = state.scales
    if command.scales:
        scales = {
            name: jnp.where(command.restart, command.scales[name], factors)
            for name, factors in scales.items()
        }
    return DeviceState(physics, jnp.where(rows, 0.0, state.warmstart), scales)


def _array_fields(model: mjx.Model) -> set[str]:
    """Fields of MJX's model that are arrays and not compile-time constants; options as `opt.gravity`."""
    found = {field.name for field in dataclasses.fields(model) if field.type is jax.Array}
    return found | {f"opt.{field.name}" for field in dataclasses.fields(model.opt) if field.type is jax.Array}


def warp_devices(num_envs: int) -> tuple[jax.Device, ...]:
    """The GPUs of this machine, for MuJoCo Warp with num_envs environments.

    Raises:
        InputError: there is no GPU, Warp is not installed, or num_envs is not a multiple of their number.
    """
    try:
        devices = tuple(jax.devices("cuda"))
    except RuntimeError as error:
        raise InputError(
            f"JAX finds no NVIDIA GPU, only {jax.default_backend()}; `rodent doctor` shows what is missing"
        ) from error
    _require_warp()
    _require_even(num_envs, devices)
    return devices


def _require_even(num_envs: int, devices: Sequence[jax.Device]) -> None:
    if num_envs % len(devices):
        raise InputError(
            f"there are {num_envs} environments for {len(devices)} devices; expected a multiple of "
            f"{len(devices)}"
        )


def _require_warp() -> None:
    if not WARP_INSTALLED:
        raise InputError(
            "MuJoCo Warp is not installed; install it with make setup LOCK=cuda12, or LOCK=cuda13 "
            "(with pip: the extra cuda12 or cuda13)"
        )


def _finite(parts: dict[str, jax.Array]) -> jax.Array:
    """Whether no number is NaN or above MuJoCo's threshold of divergence."""
    return jnp.stack([(jnp.abs(x) < mujoco.mjMAXVAL).all() for x in parts.values()]).all()


def _warp_capacity(model: mujoco.MjModel, num_envs: int, contacts: int) -> dict[str, int]:
    """Capacity for contacts of all environments of a device, and for constraint rows of one.

    Equalities have up to 6 rows; a contact with a pyramidal cone has 2 (condim - 1), or 1 without friction.
    """
    limits = int(model.jnt_limited.sum() + model.tendon_limited.sum())
    frictions = np.count_nonzero(model.dof_frictionloss) + np.count_nonzero(model.tendon_frictionloss)
    each = max(1, 2 * (int(model.geom_condim.max()) - 1))
    return {
        "naconmax": num_envs * contacts,
        "njmax": limits + int(frictions) + 6 * model.neq + each * contacts,
    }
