"""The CPU engine: `mujoco.batch.Batch`, threads over environments.

engine = HostEngine(scene.model, num_envs=512, control_timestep=0.02, bodies=scene.tracked_ids)
state = engine.begin(physics)
state = engine.step(state, Command(ctrl, restart, initial))
state.physics.qpos
"""

import contextlib
import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import flax.struct
import jax
import mujoco
import numpy as np
from mujoco.batch import Batch

from rodent.errors import InputError
from rodent.physics.engine import Command, PhysicsState
from rodent.physics.fields import checked_fields, expand
from rodent.physics.scales import BatchScales
from rodent.physics.skeleton import bare_skeleton
from rodent.physics.substeps import Substeps
from rodent.scene.ground import GroundSensors

_POSITIONS, _VELOCITIES = (int(s) for s in (mujoco.mjtStage.mjSTAGE_POS, mujoco.mjtStage.mjSTAGE_VEL))
_HUGE = 1e10  # mjMAXVAL: MuJoCo's threshold of divergence
_REPORTED = 16  # most divergences that are stored until they are taken


class Divergence(NamedTuple):
    """The last finite state of an environment whose physics diverged, and its controls.

    Attributes:
        rat: index of the environment; the name is a key of the file diverged.jsonl.
        qpos, qvel, act: the state.
        ctrl: the controls of the step.
    """

    rat: int
    qpos: np.ndarray
    qvel: np.ndarray
    act: np.ndarray
    ctrl: np.ndarray


def first_with_mass(model: mujoco.MjModel) -> int:
    """Index of the first body with a mass: the default root of an animal."""
    return int(np.flatnonzero(model.body_mass > 0)[0])


def require_threads(threads: int) -> None:
    """Refuse an invalid number of threads.

    Raises:
        InputError: it is negative.
    """
    if threads < 0:
        raise InputError(f"threads is {threads}; it must not be negative (0: one per core)")


@flax.struct.dataclass
class HostState:
    """The full state of num_envs environments.

    Attributes:
        physics: the physics state that the task uses, float32.
        rows: MuJoCo's integration states, float64, shape (num_envs, nstate). In a state returned by `step`
            they are the engine's memory, which the next step overwrites; see `HostEngine.copy`.
        serial: number of the call that returned the state; identifies states whose rows were overwritten.
        scales: factors on the world's quantities, see `Command`; each (num_envs,).
        ground: mean forces of the ground on the paws and the rest during the step, N in the axes of the
            world, shape (num_envs, parts, 3); None before any step, and of engines that do not sense them.
    """

    physics: PhysicsState
    rows: np.ndarray
    serial: int
    scales: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    ground: np.ndarray | None = None


class HostEngine:
    """Steps num_envs environments on a thread pool; results do not depend on the number of threads.

    `step` invalidates its argument, like `jax.jit` with a donated argument, because copying the states of all
    environments twice per step would take a tenth of the time or more. An invalid state is refused; `copy`
    returns a state that stays valid.

    An environment whose state is not finite keeps its non-finite rows until it is reset. It does not affect
    other environments, and must be treated as failed.

    Attributes:
        model: the stepped model, a copy of the given model.
        diverged: number of divergences so far.

    Args:
        model: the compiled body; it is not changed.
        num_envs: number of environments.
        control_timestep: duration of a control step in seconds, a multiple of the model's timestep.
        threads: worker threads; 0 for one per core.
        bodies: indices of the bodies whose positions are in the state; None for all.
        root: index of the body that a command's wrench acts on; None for the first with a mass.
        fields: model fields that differ between environments, see `rodent.physics.fields`; `opt.timestep`
            among them.
        ground: sensors of the ground's forces, whose model is stepped in place of the given one; None
            not to sense them.

    Raises:
        InputError: the timesteps are not multiples, threads is negative, or fields cannot differ.
    """

    traceable = False

    def __init__(
        self,
        model: mujoco.MjModel,
        num_envs: int,
        control_timestep: float,
        threads: int = 0,
        bodies: np.ndarray | None = None,
        root: int | None = None,
        fields: Mapping[str, np.ndarray] = MappingProxyType({}),
        ground: GroundSensors | None = None,
    ):
        require_threads(threads)
        self.num_envs = num_envs
        self.model = copy.copy(model if ground is None else ground.model)
        # a divergence must be reported, not silently reset
        self.model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        own = checked_fields(self.model, num_envs, fields)
        timesteps = own.get("opt.timestep", np.full(num_envs, model.opt.timestep))
        self._substeps = Substeps(control_timestep, timesteps)
        self._batch = Batch(self.model, num_envs, threads)
        expand(self._batch, own)
        self._scales = BatchScales(self._batch, self.model, own)
        self._outputs = {
            name: self._batch.bind(name) for name in PhysicsState.__dataclass_fields__ if name != "xpos"
        }
        self._ground, self._sensed = ground, self._outputs["sensordata"]
        self._outputs["sensordata"] = self._sensed[:, : model.nsensordata]
        # after a step, xpos is that at the start of the last substep; positions at its end need only
        # kinematics of the chosen bodies, at a quarter of the cost for the whole model
        self._skeleton = bare_skeleton(model, np.arange(model.nbody) if bodies is None else bodies)
        self._kinematics = Batch(self._skeleton.model, num_envs, threads)
        expand(self._kinematics, self._skeleton.fields(own))
        self._pose, self._xpos = self._kinematics.bind("qpos"), self._kinematics.bind("xpos")
        self._pushed = self._batch.bind("xfrc_applied")
        self._root = first_with_mass(model) if root is None else root
        self._warmstart = self._batch.bind("qacc_warmstart")
        self._rows, self._initial_rows = self._batch.state, self._batch.state.copy()
        self._serial = 0
        self.diverged = 0
        self._divergences: list[Divergence] = []

    @property
    def substeps(self) -> np.ndarray:
        """Physics steps per control step of each environment, shape (num_envs,)."""
        return self._substeps.counts

    @property
    def threads(self) -> int:
        """Number of threads that step the environments."""
        return self._batch.nthread

    def begin(self, physics: PhysicsState, scales: Mapping[str, np.ndarray] | None = None) -> HostState:
        """See `Engine.begin`."""
        self._rows[:] = self._initial_rows
        all_envs, own = np.arange(self.num_envs), _factors(scales)
        self._put(all_envs, physics)
        self._scales.put(all_envs, own)
        return self._next(_single(physics), own)

    def step(self, state: HostState, command: Command) -> HostState:
        """See `Engine.step`.

        Raises:
            RuntimeError: an earlier call has invalidated the state.
        """
        self._take(state)
        begun, scales = np.flatnonzero(command.restart), state.scales
        self._put(begun, command.initial)
        if command.scales and len(begun):
            self._scales.put(begun, given := _factors(command.scales))
            scales = {name: np.where(command.restart, given[name], scales[name]) for name in scales}
        self._pushed[:, self._root] = 0.0 if command.wrench is None else command.wrench
        before = {name: self._outputs[name].copy() for name in ("qpos", "qvel", "act")}
        ctrl = np.asarray(command.ctrl)
        self._batch.ctrl[:] = ctrl
        active = None if command.active is None else np.asarray(command.active)
        forces, each = self._summed_forces()
        with _silenced():
            raised = self._substeps.step(self._batch, active, each)
        self._mark_diverged(before, ctrl, raised)
        if forces is not None:
            forces[np.isnan(self._outputs["qpos"]).any(1)] = np.nan
        return self._next(self._physics(active), scales, forces)

    def copy(self, state: HostState) -> HostState:
        """A copy of the state that stays valid: it can be stored, written to a file, and stepped again."""
        self._check(state)
        return dataclasses.replace(state, rows=np.array(state.rows))

    def forward(self, qpos: np.ndarray, qvel: np.ndarray) -> PhysicsState:
        """Physics states before any step, at zero activation; shapes (num_envs, …).

        It invalidates all states of this engine except copies.
        """
        state = self._outputs
        state["qpos"][:], state["qvel"][:], state["act"][:] = qpos, qvel, 0.0
        self._batch.forward(stage=_VELOCITIES)
        self._serial += 1
        return self._physics()

    def take_divergences(self) -> list[Divergence]:
        """The divergences since the last call; the first 16 of them."""
        taken, self._divergences = self._divergences, []
        return taken

    def _check(self, state: HostState) -> None:
        if state.rows is self._rows and state.serial != self._serial:
            raise RuntimeError(
                "a later call of the engine has invalidated this state; continue with the state that the "
                "call returned, or make a copy: engine.copy(state)"
            )

    def _take(self, state: HostState) -> None:
        """Set the environments to a state."""
        self._check(state)
        if state.rows is not self._rows:
            self._rows[:] = state.rows
            self._scales.put(np.arange(self.num_envs), state.scales)

    def _put(self, ids: np.ndarray, physics: PhysicsState) -> None:
        """Set environments to the states in the rows of `physics`."""
        if len(ids):
            for name in ("qpos", "qvel", "act"):
                self._outputs[name][ids] = np.asarray(getattr(physics, name))[ids]
            self._warmstart[ids] = 0.0

    def _summed_forces(self) -> tuple[np.ndarray | None, Callable[[np.ndarray | slice], None] | None]:
        """Mean forces of the ground in the step, and what adds those of a physics step to them."""
        if (ground := self._ground) is None:
            return None, None
        mean = np.zeros((self.num_envs, len(ground.parts), 3))

        def add(ids: np.ndarray | slice) -> None:
            with np.errstate(over="ignore", invalid="ignore"):  # of diverged environments
                mean[ids] += ground.forces(self._sensed[ids]) / self.substeps[ids, None, None]

        return mean, add

    def _next(
        self, physics: PhysicsState, scales: dict[str, np.ndarray], ground: np.ndarray | None = None
    ) -> HostState:
        self._serial += 1
        return HostState(physics, self._rows, self._serial, scales, ground)

    def _physics(self, active: np.ndarray | None = None) -> PhysicsState:
        """A copy of the current state, float32; positions of bodies are those of before where not active."""
        self._pose[:] = self._outputs["qpos"][:, self._skeleton.qpos]
        chosen = np.isfinite(self._pose).all(1)
        chosen = chosen if active is None else chosen & active
        self._kinematics.forward(ids=np.flatnonzero(chosen), stage=_POSITIONS)
        found = self._outputs | {"xpos": self._xpos[:, self._skeleton.bodies]}
        return _single(PhysicsState(**found))

    def _mark_diverged(self, before: dict[str, np.ndarray], ctrl: np.ndarray, raised: np.ndarray) -> None:
        """Set diverged environments to NaN, and store their states before the step."""
        finite = np.ones(self.num_envs, bool)
        for name in ("qpos", "qvel"):
            finite &= (np.abs(self._outputs[name]) < _HUGE).all(1)
        finite[raised] = False
        if finite.all():
            return
        self._outputs["qpos"][~finite] = np.nan
        # environments that had diverged before the step are not counted again
        new = np.flatnonzero(~finite & np.isfinite(before["qpos"]).all(1))
        self.diverged += len(new)
        for i in new[: _REPORTED - len(self._divergences)]:
            state = (before[name][i] for name in ("qpos", "qvel", "act"))
            self._divergences.append(Divergence(int(i), *state, np.array(ctrl[i])))


def _factors(scales: Mapping[str, np.ndarray] | None) -> dict[str, np.ndarray]:
    return {name: np.array(factors, float) for name, factors in (scales or {}).items()}


def _single(physics: PhysicsState) -> PhysicsState:
    """A copy in single precision, as numpy arrays."""
    with np.errstate(over="ignore", invalid="ignore"):  # of diverged environments
        return jax.tree.map(lambda x: np.array(x, np.float32), physics)


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Suppress MuJoCo's warnings of diverged environments on the terminal and in MUJOCO_LOG.TXT."""
    before = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda message: None)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(before)
