"""The CPU engine: `mujoco.batch.Batch`, threads over environments.

engine = HostEngine(scene.model, num_envs=512, control_timestep=0.02, bodies=scene.tracked_ids)
state = engine.begin(physics)
state = engine.step(state, Command(ctrl, restart, initial))
state.physics.qpos
"""

import contextlib
import copy
import dataclasses
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import flax.struct
import jax
import mujoco
import numpy as np
from mujoco.batch import Batch, SimulationError

from rodent.errors import InputError
from rodent.physics.engine import Command, PhysicsState
from rodent.physics.fields import checked_fields, expand
from rodent.physics.scales import BatchScales
from rodent.physics.skeleton import bare_skeleton

_POSITIONS, _VELOCITIES = (int(s) for s in (mujoco.mjtStage.mjSTAGE_POS, mujoco.mjtStage.mjSTAGE_VEL))
_HUGE = 1e10  # mjMAXVAL: what MuJoCo calls diverged
_REPORTED = 16  # divergences kept until they are taken


class Divergence(NamedTuple):
    """The last finite state of an environment whose physics broke, and what it was told to do then.

    Attributes:
        rat: which environment, as it is called in the file diverged.jsonl.
        qpos, qvel, act: the state.
        ctrl: the controls of the step.
    """

    rat: int
    qpos: np.ndarray
    qvel: np.ndarray
    act: np.ndarray
    ctrl: np.ndarray


def count_substeps(control_timestep: float, physics_timestep: float) -> int:
    """Physics steps per control step; both in seconds.

    Raises:
        InputError: the one is no multiple of the other.
    """
    ratio = control_timestep / physics_timestep
    substeps = round(ratio)
    if substeps < 1 or abs(ratio - substeps) > 1e-6:
        raise InputError(
            f"the control timestep {control_timestep:g} s is not a multiple of the physics timestep "
            f"{physics_timestep:g} s; choose a body timestep that divides it, or resample the clips"
        )
    return substeps


def first_with_mass(model: mujoco.MjModel) -> int:
    """Index of the first body that has a mass: an animal's root, unless something else is known."""
    return int(np.flatnonzero(model.body_mass > 0)[0])


def require_threads(threads: int) -> None:
    """Refuse a number of threads that physics cannot be stepped on.

    Raises:
        InputError: it is negative.
    """
    if threads < 0:
        raise InputError(f"threads is {threads}; it must not be negative (0: one per core)")


@flax.struct.dataclass
class HostState:
    """All that the next step of num_envs environments depends on.

    Attributes:
        physics: what the task sees, float32.
        rows: MuJoCo's integration states, float64, shape (num_envs, nstate). Of a state that `step` returned
            they are the engine's own memory, which its next step writes over; see `HostEngine.copy`.
        serial: number of the call that made the state: how the engine knows one whose rows are gone.
        scales: factors on the world's quantities, see `Command`; each (num_envs,).
    """

    physics: PhysicsState
    rows: np.ndarray
    serial: int
    scales: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)


class HostEngine:
    """Steps num_envs environments on a thread pool; results do not depend on the thread count.

    `step` uses up the state that it is given, as `jax.jit` does a donated argument: copying the states of
    all environments twice a step would cost a tenth of the time and more. A state used up is refused, and
    `copy` makes one that is never used up.

    An environment whose state is no longer finite keeps its non-finite rows, which no other sees, until it
    is restarted: whoever reads the state must treat it as failed.

    Attributes:
        model: what is stepped, a copy of the model that was given.
        substeps: physics steps per control step.
        diverged: how many times an environment's state stopped being finite.

    Args:
        model: the compiled body; it is left as it is.
        num_envs: number of environments.
        control_timestep: seconds that one control is held, a multiple of the model's timestep.
        threads: worker threads; 0 for one per core.
        bodies: indices of the bodies whose positions the state gives; None for all.
        root: index of the body that a command's wrench pushes; None for the first that has a mass.
        fields: model fields that differ between environments, see `rodent.physics.fields`.

    Raises:
        InputError: timesteps that do not divide, a negative number of threads, or fields that cannot differ.
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
    ):
        self.substeps = count_substeps(control_timestep, model.opt.timestep)
        require_threads(threads)
        self.num_envs = num_envs
        self.model = copy.copy(model)
        # an environment that diverges must be seen, not silently put back to the origin
        self.model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        own = checked_fields(self.model, num_envs, fields)
        self._batch = Batch(self.model, num_envs, threads)
        expand(self._batch, own)
        self._scales = BatchScales(self._batch, self.model, own)
        self._outputs = {
            name: self._batch.bind(name) for name in PhysicsState.__dataclass_fields__ if name != "xpos"
        }
        # a step leaves the bodies where its last substep began; where they are at its end takes
        # kinematics alone, of the chosen bodies: a quarter of what the whole model's would cost
        self._skeleton = bare_skeleton(model, np.arange(model.nbody) if bodies is None else bodies)
        self._kinematics = Batch(self._skeleton.model, num_envs, threads)
        expand(self._kinematics, self._skeleton.fields(own))
        self._pose, self._places = self._kinematics.bind("qpos"), self._kinematics.bind("xpos")
        self._pushed = self._batch.bind("xfrc_applied")
        self._root = first_with_mass(model) if root is None else root
        self._warmstart = self._batch.bind("qacc_warmstart")
        self._rows, self._fresh = self._batch.state, self._batch.state.copy()
        self._serial = 0
        self.diverged = 0
        self._divergences: list[Divergence] = []

    @property
    def threads(self) -> int:
        """Threads that step the environments."""
        return self._batch.nthread

    def begin(self, physics: PhysicsState, scales: Mapping[str, np.ndarray] | None = None) -> HostState:
        """See `Engine.begin`."""
        self._rows[:] = self._fresh
        everyone, own = np.arange(self.num_envs), _factors(scales)
        self._put(everyone, physics)
        self._scales.put(everyone, own)
        return self._next(_single(physics), own)

    def step(self, state: HostState, command: Command) -> HostState:
        """See `Engine.step`.

        Raises:
            RuntimeError: the state was used up by an earlier call.
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
        raised = np.zeros(0, np.int32)
        with _silenced():
            try:
                self._batch.step(nstep=self.substeps)
            except SimulationError as error:
                raised = error.ids
        self._mark_diverged(before, ctrl, raised)
        return self._next(self._physics(), scales)

    def copy(self, state: HostState) -> HostState:
        """The same state in memory of its own: it can be kept, written to a file, and stepped many times."""
        self._check(state)
        return dataclasses.replace(state, rows=np.array(state.rows))

    def forward(self, qpos: np.ndarray, qvel: np.ndarray) -> PhysicsState:
        """What the states look like before any step, at zero activation; shapes (num_envs, …).

        It uses up every state of this engine, but for copies.
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
                "this state was used up by a later call of the engine; go on with the state that the call "
                "returned, or keep a copy: engine.copy(state)"
            )

    def _take(self, state: HostState) -> None:
        """Have the environments in a state."""
        self._check(state)
        if state.rows is not self._rows:
            self._rows[:] = state.rows
            self._scales.put(np.arange(self.num_envs), state.scales)

    def _put(self, ids: np.ndarray, physics: PhysicsState) -> None:
        """Put environments into the states that the rows of `physics` say."""
        if len(ids):
            for name in ("qpos", "qvel", "act"):
                self._outputs[name][ids] = np.asarray(getattr(physics, name))[ids]
            self._warmstart[ids] = 0.0

    def _next(self, physics: PhysicsState, scales: dict[str, np.ndarray]) -> HostState:
        self._serial += 1
        return HostState(physics, self._rows, self._serial, scales)

    def _physics(self) -> PhysicsState:
        """A copy of the present state, float32."""
        self._pose[:] = self._outputs["qpos"][:, self._skeleton.qpos]
        self._kinematics.forward(ids=np.flatnonzero(np.isfinite(self._pose).all(1)), stage=_POSITIONS)
        found = self._outputs | {"xpos": self._places[:, self._skeleton.bodies]}
        return _single(PhysicsState(**found))

    def _mark_diverged(self, before: dict[str, np.ndarray], ctrl: np.ndarray, raised: np.ndarray) -> None:
        """Give rats whose physics broke a state of NaN, and keep what they came from."""
        sound = np.ones(self.num_envs, bool)
        for name in ("qpos", "qvel"):
            sound &= (np.abs(self._outputs[name]) < _HUGE).all(1)
        sound[raised] = False
        if sound.all():
            return
        self._outputs["qpos"][~sound] = np.nan
        # a rat that was broken before the step is not broken anew
        fresh = np.flatnonzero(~sound & np.isfinite(before["qpos"]).all(1))
        self.diverged += len(fresh)
        for i in fresh[: _REPORTED - len(self._divergences)]:
            state = (before[name][i] for name in ("qpos", "qvel", "act"))
            self._divergences.append(Divergence(int(i), *state, np.array(ctrl[i])))


def _factors(scales: Mapping[str, np.ndarray] | None) -> dict[str, np.ndarray]:
    return {name: np.array(factors, float) for name, factors in (scales or {}).items()}


def _single(physics: PhysicsState) -> PhysicsState:
    """A copy in single precision, as numpy arrays."""
    with np.errstate(over="ignore", invalid="ignore"):  # of an environment that broke
        return jax.tree.map(lambda x: np.array(x, np.float32), physics)


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep MuJoCo from writing a line per broken rat to the terminal and to MUJOCO_LOG.TXT."""
    before = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda message: None)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(before)
