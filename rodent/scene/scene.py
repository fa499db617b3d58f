"""A compiled scene, with names and indices."""

import copy
import functools
import os
from collections.abc import Iterable
from typing import Any

import mujoco
import numpy as np

from rodent.errors import InputError, unknown
from rodent.scene.height_field import HeightField, height_field
from rodent.scene.roles import BodySpec
from rodent.scene_config import BodyKind, SceneConfig, as_scene_config

ARENA = "arena/"
"""Prefix of the names of an arena's elements."""
_SENSOR_SCALES = {int(mujoco.mjtSensor.mjSENS_ACCELEROMETER): 30.0, int(mujoco.mjtSensor.mjSENS_GYRO): 10.0}
_COUNTS = {"body": "nbody", "joint": "njnt", "actuator": "nu", "sensor": "nsensor"}


class Scene:
    """A compiled body in an arena, with its names and indices; compared by identity, see `make_scene`.

    Attributes:
        config: its configuration.
        model: the compiled model; treat it as read-only.
        roles: roles of the parts of the body.
        scale: size of the body relative to the original.
        proportions: sizes of groups of segments relative to the whole body.
        joint_names: hinges and slides in qpos order, qpos[7 + i] belonging to name i.
        actuator_names: actuators in ctrl order.
        transmission: actuator lengths per joint angle, shape (nu, joints).
        joint_range: lower and upper limits of the joints, radians, shape (joints, 2).
        ctrl_range: lower and upper limits of the controls, shape (nu, 2).
        nominal_force: nominal forces of the actuators, N or N m, shape (nu,).
    """

    def __init__(self, config: SceneConfig):
        self.config = config
        body = scene_body(config)
        self.roles, self.scale, self.proportions = body.roles, body.scale, body.proportions
        self.model = body.spec.compile()
        m = self.model
        self.joint_names = tuple(m.joint(i).name for i in range(1, m.njnt))
        self.actuator_names = tuple(m.actuator(i).name for i in range(m.nu))
        self.joint_range = m.jnt_range[1:].copy()
        unlimited = m.actuator_ctrllimited[:, None] == 0
        self.ctrl_range = np.where(unlimited, (-np.inf, np.inf), m.actuator_ctrlrange)
        self.transmission = _transmission(m)
        self.nominal_force = _nominal_force(m, body, self.actuator_names)

    def __repr__(self) -> str:
        m = self.model
        return f"Scene({self.config.describe()}: {m.nq} coordinates, {m.nu} actuators)"

    def body_ids(self, names: Iterable[str]) -> np.ndarray:
        """Indices into xpos of the named bodies, shape (n,)."""
        return self._ids(mujoco.mjtObj.mjOBJ_BODY, "body", names)

    def joint_ids(self, names: Iterable[str]) -> np.ndarray:
        """Indices of the named joints: their angle is qpos[7 + i], their velocity qvel[6 + i]."""
        return self._ids(mujoco.mjtObj.mjOBJ_JOINT, "joint", names) - 1

    def actuator_ids(self, names: Iterable[str]) -> np.ndarray:
        """Indices into ctrl of the named actuators, shape (n,)."""
        return self._ids(mujoco.mjtObj.mjOBJ_ACTUATOR, "actuator", names)

    def sensor_slice(self, name: str) -> slice:
        """Slice of the named sensor's values in sensordata."""
        (i,) = self._ids(mujoco.mjtObj.mjOBJ_SENSOR, "sensor", [name])
        start = int(self.model.sensor_adr[i])
        return slice(start, start + int(self.model.sensor_dim[i]))

    def sensor_rows(self, names: Iterable[str]) -> np.ndarray:
        """Indices into sensordata of all values of the named sensors, in that order."""
        return np.concatenate([np.zeros(0, int), *(np.r_[self.sensor_slice(name)] for name in names)])

    @functools.cached_property
    def tracked_ids(self) -> np.ndarray:
        """Indices of the tracked bodies, in the order of `roles.tracked`."""
        return self.body_ids(self.roles.tracked)

    @functools.cached_property
    def root_id(self) -> int:
        """Index of the root body."""
        return int(self.body_ids([self.roles.root])[0])

    @functools.cached_property
    def root_row(self) -> int:
        """Row of the root among the tracked bodies."""
        return self.roles.tracked.index(self.roles.root)

    @functools.cached_property
    def end_effector_rows(self) -> np.ndarray:
        """Rows of the end effectors among the tracked bodies, shape (n,)."""
        return np.array([self.roles.tracked.index(name) for name in self.roles.end_effectors], int)

    @functools.cached_property
    def touch_rows(self) -> np.ndarray:
        """Rows of the touch sensors in sensordata, shape (n,)."""
        return self.sensor_rows(self.roles.touch)

    @functools.cached_property
    def inertial_rows(self) -> np.ndarray:
        """Rows of accelerometer, gyroscope and velocimeter in sensordata, shape (n,)."""
        return self.sensor_rows(self.roles.inertial)

    @functools.cached_property
    def sensor_scale(self) -> np.ndarray:
        """Scale of tanh for each sensor, in the sensor's unit, shape (nsensordata,)."""
        kinds = self.model.sensor_type.tolist()
        return np.repeat([_SENSOR_SCALES.get(kind, 1.0) for kind in kinds], self.model.sensor_dim)

    @functools.cached_property
    def height_field(self) -> HeightField | None:
        """The arena's height field; None for an arena without."""
        return height_field(self.model)

    @functools.cached_property
    def paw_geom_ids(self) -> np.ndarray:
        """Indices of the geoms of the feet."""
        feet = set(self.body_ids(self.roles.feet).tolist())
        return np.flatnonzero([b in feet for b in self.model.geom_bodyid])

    @functools.cached_property
    def body_joints(self) -> int:
        """Number of the body's joints; those of the arena, such as a lever's, come after them."""
        return sum(not name.startswith(ARENA) for name in self.joint_names)

    @functools.cached_property
    def previewed_joints(self) -> np.ndarray:
        """Indices of the joints in the reference window, shape (n,)."""
        return np.flatnonzero([name not in self.roles.not_previewed for name in self.joint_names])

    @property
    def servos(self) -> bool:
        """Whether actuators are servos, which have a setpoint; otherwise they are torques."""
        affine = self.model.actuator_biastype == mujoco.mjtBias.mjBIAS_AFFINE
        return bool((affine & (self.model.actuator_biasprm[:, 1] < 0)).all())

    @property
    def activation_time(self) -> float:
        """Longest time constant of the actuators' activation, seconds; 0 without activation."""
        m = self.model
        return float(m.actuator_dynprm[m.actuator_dyntype != mujoco.mjtDyn.mjDYN_NONE, 0].max(initial=0.0))

    @functools.cached_property
    def rest_angles(self) -> np.ndarray:
        """Joint angles of the standing animal, rad, shape (joints,)."""
        m = self.model
        angles = m.qpos0[m.jnt_qposadr[1:]].copy()
        joints = {name: value for name, value in self.roles.posture.items() if name in self.joint_names}
        if joints:
            angles[self.joint_ids(joints)] = list(joints.values())
        for name, total in self.roles.posture.items():
            if name not in joints:
                angles += total * self.distribution(name)
        limited = m.jnt_limited[1:] != 0
        return np.where(limited, np.clip(angles, *self.joint_range.T), angles)

    def distribution(self, actuator: str) -> np.ndarray:
        """Angle of each joint for one radian of an actuator's tendon, rad, shape (joints,)."""
        (row,) = self.transmission[self.actuator_ids([actuator])]
        return row / row.sum()

    def setpoint_ctrl(self, qpos: np.ndarray) -> np.ndarray:
        """Controls for which the servos have zero force in the given poses.

        A servo's force is gain * ctrl + bias0 + bias1 * length, which is zero at the
        pose's length for ctrl = (-bias1 * length - bias0) / gain.

        Args:
            qpos: poses, metres and radians, shape (..., nq).

        Returns:
            controls, not clipped, shape (..., nu); zero for torque actuation.
        """
        gain = self.model.actuator_gainprm[:, 0]
        bias = self.model.actuator_biasprm
        length = qpos[..., 7:] @ self.transmission.T
        return (-bias[:, 1] * length - bias[:, 0]) / gain

    def _ids(self, kind: mujoco.mjtObj, word: str, names: Iterable[str]) -> np.ndarray:
        ids = []
        for name in names:
            i = mujoco.mj_name2id(self.model, kind, name)
            if i < 0:
                known = (
                    mujoco.mj_id2name(self.model, kind, k) for k in range(getattr(self.model, _COUNTS[word]))
                )
                raise unknown(word, name, [one for one in known if one], self.config.describe())
            ids.append(i)
        return np.array(ids, dtype=np.int32)


def make_scene(config: SceneConfig | BodyKind | None = None) -> Scene:
    """The scene of a configuration; equal configurations share one scene and the functions compiled for it.

    Args:
        config: of a scene; or of a body, which gets a floor; or None for the default rat.

    Raises:
        InputError: a file is missing or not MJCF, or the body is not supported.
    """
    if config is None:
        config = SceneConfig()
    config = as_scene_config(config)
    return _made(config, _written(config))


@functools.lru_cache(maxsize=32)
def _made(config: SceneConfig, written: tuple[int, ...]) -> Scene:
    return Scene(config)


def _written(config: SceneConfig) -> tuple[int, ...]:
    """Modification times of the files of a scene, so that edited files are read again."""
    paths = [getattr(part, "path", None) for part in (config.body, config.arena)]
    return tuple(os.stat(path).st_mtime_ns for path in paths if path is not None and os.path.isfile(path))


def scene_spec(config: SceneConfig | BodyKind) -> mujoco.MjSpec:
    """The body in its arena, as an editable specification; the arena's names begin with `arena/`."""
    return scene_body(config).spec


def scene_body(config: SceneConfig | BodyKind) -> BodySpec:
    """The body in its arena, see `scene_spec`, and the roles of its parts."""
    config = as_scene_config(config)
    body, arena = config.body.build(), config.arena.build()
    if arena is not None:
        body.spec.attach(arena, frame=body.spec.worldbody.add_frame(), prefix=ARENA)
    return body


def kinematic_model(model: mujoco.MjModel) -> mujoco.MjModel:
    """A copy for kinematics only, without contacts, whose detection would take most of the time."""
    model = copy.copy(model)
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT | mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
    return model


def _nominal_force(model: mujoco.MjModel, body: BodySpec, names: tuple[str, ...]) -> np.ndarray:
    """Nominal forces from the body's table; else the maximal forces of the actuators."""
    if body.nominal_force is not None:
        return np.array([body.nominal_force[name] for name in names])
    limited = np.abs(model.actuator_forcerange).max(1)
    reachable = np.abs(model.actuator_gainprm[:, 0]) * np.abs(model.actuator_ctrlrange).max(1)
    force = np.where(limited > 0, limited, reachable)
    if not (force > 0).all():
        name = names[int(np.argmin(force > 0))]
        raise InputError(
            f"actuator {name!r} has neither a forcerange nor a ctrlrange, so its strength is unknown; set "
            "one of them in the MJCF"
        )
    return force


def _transmission(model: mujoco.MjModel) -> np.ndarray:
    """Actuator length per joint angle, of joints and fixed tendons."""
    matrix: Any = np.zeros((model.nu, model.njnt - 1))
    for i, (kind, target) in enumerate(zip(model.actuator_trntype, model.actuator_trnid[:, 0], strict=True)):
        if kind == mujoco.mjtTrn.mjTRN_JOINT:
            matrix[i, target - 1] = 1.0
            continue
        start = model.tendon_adr[target]
        wraps = slice(start, start + model.tendon_num[target])
        if (
            kind != mujoco.mjtTrn.mjTRN_TENDON
            or (model.wrap_type[wraps] != mujoco.mjtWrap.mjWRAP_JOINT).any()
        ):
            raise InputError(
                f"actuator {model.actuator(i).name!r} acts on neither a joint nor a fixed tendon; only these "
                "are supported"
            )
        matrix[i, model.wrap_objid[wraps] - 1] = model.wrap_prm[wraps]
    return matrix * model.actuator_gear[:, :1]
