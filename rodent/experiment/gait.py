"""Measures of gait in rollouts, frame by frame: speed, stride length, sliding of paws, work of muscles.

    gait = Gait(scene, num_envs, timestep)
    gait.add(physics, counted)                # a frame of all environments
    gait.add_step(physics, counted)           # after the step: forces that acted in it
    gait.values()["stride_length"]            # shape (num_envs,)

A paw stands while its lowest point is within 3 mm of the floor; a stride is from one touchdown of a paw to
the next. Touch sensors would miss toes: only palms and soles have any. See docs/pages/metrics.md.
"""

import mujoco
import numpy as np

from rodent.kinematics.paws import PAW_NAMES, STANDING, Paws
from rodent.physics.engine import PhysicsState
from rodent.scene import Scene

SWING = 2
"""Fewest frames that a paw is off the floor between two strides."""


class Gait:
    """Sums over the frames of num_envs rollouts.

    Args:
        scene: names and indices.
        num_envs: number of rollouts.
        timestep: of control, s.
    """

    def __init__(self, scene: Scene, num_envs: int, timestep: float):
        self._timestep = timestep
        self._paws = Paws(scene) if Paws.are_of(scene) else None
        self._batch = self._paws.batch(num_envs) if self._paws else None
        self._muscles = _muscle_lengths(scene)
        shape = num_envs, len(PAW_NAMES)
        self._frames, self._speed, self._work = (np.zeros(num_envs) for _ in range(3))
        self._stood, self._slid = np.zeros(num_envs), np.zeros(num_envs)
        self._strides, self._distance = np.zeros(num_envs), np.zeros(num_envs)
        self._stands, self._swing = np.zeros(shape, bool), np.zeros(shape, int)
        self._place, self._touchdown = np.full((*shape, 2), np.nan), np.full((*shape, 2), np.nan)

    def add(self, physics: PhysicsState, counted: np.ndarray) -> None:
        """A frame.

        Args:
            physics: before a step.
            counted: rollouts of which it counts, shape (num_envs,).
        """
        self._frames += counted
        velocity = np.where(counted[:, None], physics.qvel[:, :2], 0.0).astype(float)
        self._speed += _length(velocity)
        if self._paws is None:
            return
        state = self._paws.state_of(self._batch, physics.qpos.astype(float))
        stands, place = (state.lowest < STANDING) & counted[:, None], state.contact[..., :2]
        both = stands & self._stands
        self._slid += np.where(both, _length(place - self._place), 0.0).sum(1)
        self._stood += both.sum(1)
        touchdown = stands & (self._swing >= SWING)
        stride = touchdown & np.isfinite(self._touchdown[..., 0])
        self._distance += np.where(stride, _length(place - self._touchdown), 0.0).sum(1)
        self._strides += stride.sum(1)
        self._touchdown = np.where(touchdown[..., None], place, self._touchdown)
        self._swing = np.where(stands, 0, self._swing + 1)
        self._stands, self._place = stands, place

    def add_step(self, physics: PhysicsState, counted: np.ndarray) -> None:
        """The muscles' work in a step, from the state after it."""
        if self._muscles is None:
            return
        dofs, arms = self._muscles
        speed = (physics.qvel[:, dofs].astype(float) * arms).sum(-1)
        power = np.abs(physics.actuator_force.astype(float) * speed).sum(1)
        self._work += np.where(counted, power * self._timestep, 0.0)

    def values(self) -> dict[str, np.ndarray]:
        """Speed (m/s), stride length (m), sliding of standing paws (m/s) and energy (J), each (num_envs,).

        NaN where there was no frame, no stride or no standing paw, where the body has no paws, or where
        moment arms are not fixed.
        """
        with np.errstate(invalid="ignore"):
            return {
                "speed": self._speed / self._frames,
                "stride_length": self._distance / self._strides,
                "stance_sliding": self._slid / self._stood / self._timestep,
                "energy": np.full(len(self._work), np.nan) if self._muscles is None else self._work,
            }


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(vectors).sum(-1))


def _muscle_lengths(scene: Scene) -> tuple[np.ndarray, np.ndarray] | None:
    """Degrees of freedom of each actuator, and its moment arms on them, shapes (nu, most).

    None if moment arms depend on the pose: then the speed of a muscle is not known from velocities alone.
    """
    model = scene.model
    joints = (int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtTrn.mjTRN_TENDON))
    if not all(int(kind) in joints for kind in model.actuator_trntype):
        return None
    if not (model.wrap_type == int(mujoco.mjtWrap.mjWRAP_JOINT)).all():
        return None
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    moment = np.zeros((model.nu, model.nv))
    mujoco.mju_sparse2dense(
        moment, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
    )
    most = max(1, int((moment != 0).sum(1).max(initial=0)))
    dofs = np.argsort(moment == 0, axis=1, kind="stable")[:, :most]
    return dofs, np.take_along_axis(moment, dofs, 1)
