"""The CPU engine: `mujoco.batch.Batch`, threads over rats.

engine = HostEngine(body.model, num_envs=512, control_timestep=0.02, bodies=body.tracked_ids)
engine.reset(np.arange(512), qpos, qvel, act)
state = engine.step(ctrl)
"""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import mujoco
import numpy as np
from mujoco.batch import Batch, SimulationError

from rodent.errors import InputError
from rodent.physics.engine import PhysicsState

_POSITIONS, _VELOCITIES = (int(s) for s in (mujoco.mjtStage.mjSTAGE_POS, mujoco.mjtStage.mjSTAGE_VEL))
_SCALAR_JOINTS = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))
_WIDTHS = {
    int(mujoco.mjtJoint.mjJNT_FREE): 7,
    int(mujoco.mjtJoint.mjJNT_BALL): 4,
    **dict.fromkeys(_SCALAR_JOINTS, 1),
}
_HUGE = 1e10  # mjMAXVAL: what MuJoCo calls diverged
_REPORTED = 16  # divergences kept until they are taken


class Divergence(NamedTuple):
    """The last finite state of a rat whose physics broke, and what it was told to do then."""

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


class HostEngine:
    """Steps num_envs rats on a thread pool; results do not depend on the thread count.

    A rat whose state is no longer finite keeps its non-finite rows, which nobody else
    sees, until it is reset: whoever reads the state must treat such a rat as failed.

    Attributes:
        diverged: how many times a rat's state stopped being finite.

    Args:
        model: the compiled body.
        num_envs: number of rats.
        control_timestep: seconds that one control is held, a multiple of the model's timestep.
        threads: worker threads; 0 for one per core.
        bodies: indices of the bodies whose positions the state gives; None for all.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        num_envs: int,
        control_timestep: float,
        threads: int = 0,
        bodies: np.ndarray | None = None,
    ):
        self.substeps = count_substeps(control_timestep, model.opt.timestep)
        self.num_envs = num_envs
        # a diverging rat must be seen, not silently put back to the origin
        model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        self._batch = Batch(model, num_envs, threads)
        self._outputs = {
            name: self._batch.bind(name) for name in PhysicsState.__dataclass_fields__ if name != "xpos"
        }
        # a step leaves the bodies where its last substep began; where they are at its end takes
        # kinematics alone, of the bodies wanted: a quarter of what the whole model's would cost
        self._skeleton = bare_skeleton(model, np.arange(model.nbody) if bodies is None else bodies)
        self._kinematics = Batch(self._skeleton.model, num_envs, threads)
        self._pose, self._places = self._kinematics.bind("qpos"), self._kinematics.bind("xpos")
        self._pushed = self._batch.bind("xfrc_applied")
        self._trunk = model.body("torso").id
        self._warmstart = self._batch.bind("qacc_warmstart")
        self.diverged = 0
        self._divergences: list[Divergence] = []

    def reset(self, ids: np.ndarray, qpos: np.ndarray, qvel: np.ndarray, act: np.ndarray) -> None:
        """See `Engine.reset`."""
        state = self._outputs
        state["qpos"][ids], state["qvel"][ids], state["act"][ids] = qpos, qvel, act
        self._warmstart[ids] = 0.0

    def step(self, ctrl: np.ndarray, wrench: np.ndarray | None = None) -> PhysicsState:
        """See `Engine.step`. Positions and velocities are those after the step, sensors and forces
        those of its last substep.
        """
        self._pushed[:, self._trunk] = 0.0 if wrench is None else wrench
        before = {name: self._outputs[name].copy() for name in ("qpos", "qvel", "act")}
        self._batch.ctrl[:] = ctrl
        raised = np.zeros(0, np.int32)
        with _silenced():
            try:
                self._batch.step(nstep=self.substeps)
            except SimulationError as error:
                raised = error.ids
        self._mark_diverged(before, ctrl, raised)
        return self._state()

    def take_divergences(self) -> list[Divergence]:
        """The divergences since the last call; the first 16 of them."""
        taken, self._divergences = self._divergences, []
        return taken

    def forward(self, qpos: np.ndarray, qvel: np.ndarray) -> PhysicsState:
        """What the states look like before any step, at zero activation; shapes (num_envs, …)."""
        self.reset(np.arange(self.num_envs), qpos, qvel, np.zeros(self._outputs["act"].shape))
        self._batch.forward(stage=_VELOCITIES)
        return self._state()

    def integration_state(self) -> np.ndarray:
        """All that the next step depends on, float64, shape (num_envs, nstate)."""
        return self._batch.state.copy()

    def set_integration_state(self, rows: np.ndarray) -> None:
        """Continue bit-identically from rows that `integration_state` gave."""
        self._batch.state[:] = rows

    def _state(self) -> PhysicsState:
        """A copy of the present state, float32."""
        self._pose[:] = self._outputs["qpos"][:, self._skeleton.qpos]
        self._kinematics.forward(ids=np.flatnonzero(np.isfinite(self._pose).all(1)), stage=_POSITIONS)
        found = self._outputs | {"xpos": self._places[:, self._skeleton.bodies]}
        with np.errstate(over="ignore", invalid="ignore"):  # of a broken rat
            return PhysicsState(**{name: value.astype(np.float32) for name, value in found.items()})

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


class Skeleton(NamedTuple):
    """What places some bodies of another model.

    Attributes:
        model: those bodies and all that they hang on, with their joints and nothing else.
        qpos: indices of its qpos in that of the other model.
        bodies: indices of the bodies wanted in it, in the order they were asked for.
    """

    model: mujoco.MjModel
    qpos: np.ndarray
    bodies: np.ndarray


def bare_skeleton(model: mujoco.MjModel, bodies: np.ndarray) -> Skeleton:
    """The least model that gives the same xpos of the bodies, shape (k,), for less.

    Where geoms or sites are wanted too, `rodent.body.kinematic_model` keeps them.
    """
    spec = mujoco.MjSpec()
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
    spec.compiler.degree = False  # what a compiled model holds is in radians
    made, rows = {0: spec.worldbody}, [np.zeros(0, int)]
    for i in _with_ancestors(model, bodies):
        body = made[model.body_parentid[i]].add_body(
            pos=model.body_pos[i], quat=model.body_quat[i], mass=1.0, inertia=np.ones(3)
        )
        body.explicitinertial = True
        for j in model.body_jntadr[i] + np.arange(model.body_jntnum[i]):
            scalar, first = model.jnt_type[j] in _SCALAR_JOINTS, model.jnt_qposadr[j]
            rest = model.qpos0[first] if scalar else 0.0
            body.add_joint(
                type=int(model.jnt_type[j]), pos=model.jnt_pos[j], axis=model.jnt_axis[j], ref=rest
            )
            rows.append(first + np.arange(_WIDTHS[int(model.jnt_type[j])]))
        made[i] = body
    index = {body: k for k, body in enumerate(made)}
    return Skeleton(spec.compile(), np.concatenate(rows), np.array([index[int(i)] for i in bodies]))


def _with_ancestors(model: mujoco.MjModel, bodies: np.ndarray) -> list[int]:
    """The bodies and all that they hang on but the world, parents first."""
    kept: set[int] = set()
    for body in bodies:
        while body > 0 and body not in kept:
            kept.add(int(body))
            body = model.body_parentid[body]
    return sorted(kept)


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep MuJoCo from writing a line per broken rat to the terminal and to MUJOCO_LOG.TXT."""
    before = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda message: None)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(before)
