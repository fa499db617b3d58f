"""The rat's body: dm_control's rat as a MuJoCo model, scaled, actuated and named.

    body = Body(BodyConfig(scale=0.9, actuation="position"))
    body.model                      # mujoco.MjModel with floor, nq 74, nu 38
    body.joint_names[:2]            # ('vertebra_1_extend', 'vertebra_2_bend')
    body.body_ids(["torso", "skull"])
    ctrl = body.setpoint_ctrl(qpos)  # controls whose servo setpoint is that pose

The MJCF is read from the installed dm_control package and edited with `mujoco.MjSpec`;
nothing of it is stored here. Its skin is put on by `rodent.render`.
"""

import copy
import functools
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import mujoco
import numpy as np

from rodent.assets import asset_path
from rodent.body_config import BodyConfig
from rodent.effort import usual_force
from rodent.errors import InputError, unknown

ROOT = "walker"  # the body that carries the free joint, as in dm_control
N_HINGES = 67
NQ, NV, NU = 74, 73, 38

TRACKED_BODIES = (
    *("torso", "pelvis", "skull"),
    *("upper_arm_L", "lower_arm_L", "hand_L", "upper_arm_R", "lower_arm_R", "hand_R"),
    *("upper_leg_L", "lower_leg_L", "foot_L", "upper_leg_R", "lower_leg_R", "foot_R"),
)
END_EFFECTORS = ("hand_L", "hand_R", "foot_L", "foot_R", "skull")
PAWS = ("hand_L", "finger_L", "hand_R", "finger_R", "foot_L", "toe_L", "foot_R", "toe_R")
INERTIAL_SENSORS = ("accelerometer", "gyro", "velocimeter")
_SENSOR_SCALES = {int(mujoco.mjtSensor.mjSENS_ACCELEROMETER): 30.0, int(mujoco.mjtSensor.mjSENS_GYRO): 10.0}
TOUCH_SENSORS = ("palm_L", "palm_R", "sole_L", "sole_R")


def in_tail(name: str) -> bool:
    """Whether a body or hinge is of the tail (the neck's vertebrae are named in lower case).

    >>> in_tail("vertebra_C6_bend"), in_tail("vertebra_cervical_1_bend"), in_tail("vertebra_6")
    (True, False, False)
    """
    return name.startswith("vertebra_C")


class Body:
    """A compiled rat on a floor, with its names and indices.

    Attributes:
        config: what it was built from.
        model: the compiled model; treat it as read-only.
        joint_names: the 67 hinges in qpos order, qpos[7 + i] belonging to name i.
        actuator_names: the 38 actuators in ctrl order.
        transmission: actuator lengths per hinge angle, shape (38, 67).
        joint_range: lower and upper limits of the hinges, radians, shape (67, 2).
        usual_force: what each actuator takes to follow a rat, newton metres, shape (38,).
    """

    def __init__(self, config: BodyConfig | None = None):
        self.config = config or BodyConfig()
        self.model = build_spec(self.config).compile()
        m = self.model
        self.joint_names = tuple(m.joint(i).name for i in range(1, m.njnt))
        self.actuator_names = tuple(m.actuator(i).name for i in range(m.nu))
        self.joint_range = m.jnt_range[1:].copy()
        self.transmission = _transmission(m)
        self.usual_force = usual_force(self.actuator_names, self.config.scale)

    def body_ids(self, names: Iterable[str]) -> np.ndarray:
        """Indices into xpos of the named bodies, shape (n,)."""
        return self._ids(mujoco.mjtObj.mjOBJ_BODY, "body", names)

    def joint_ids(self, names: Iterable[str]) -> np.ndarray:
        """Indices of the named hinges: their angle is qpos[7 + i], their velocity qvel[6 + i]."""
        return self._ids(mujoco.mjtObj.mjOBJ_JOINT, "joint", names) - 1

    def actuator_ids(self, names: Iterable[str]) -> np.ndarray:
        """Indices into ctrl of the named actuators, shape (n,)."""
        return self._ids(mujoco.mjtObj.mjOBJ_ACTUATOR, "actuator", names)

    def sensor_slice(self, name: str) -> slice:
        """Where the named sensor's values stand in sensordata."""
        (i,) = self._ids(mujoco.mjtObj.mjOBJ_SENSOR, "sensor", [name])
        start = int(self.model.sensor_adr[i])
        return slice(start, start + int(self.model.sensor_dim[i]))

    def sensor_rows(self, names: Iterable[str]) -> np.ndarray:
        """Indices into sensordata of all values of the named sensors, in that order."""
        return np.concatenate([np.r_[self.sensor_slice(name)] for name in names])

    @functools.cached_property
    def tracked_ids(self) -> np.ndarray:
        """Body indices of the 15 tracked bodies, in the order of `TRACKED_BODIES`."""
        return self.body_ids(TRACKED_BODIES)

    @property
    def servos(self) -> bool:
        """Whether actuators are servos, which have a setpoint; otherwise they are torques."""
        return self.config.actuation == "position"

    @functools.cached_property
    def root_row(self) -> int:
        """Row of the root, the torso, among the tracked bodies."""
        return TRACKED_BODIES.index("torso")

    @functools.cached_property
    def end_effector_rows(self) -> np.ndarray:
        """Rows of the end effectors among the tracked bodies, shape (n,)."""
        return np.array([TRACKED_BODIES.index(name) for name in END_EFFECTORS])

    @functools.cached_property
    def touch_rows(self) -> np.ndarray:
        """Rows of the touch sensors in sensordata, shape (n,)."""
        return self.sensor_rows(TOUCH_SENSORS)

    @functools.cached_property
    def inertial_rows(self) -> np.ndarray:
        """Rows of accelerometer, gyroscope and velocimeter in sensordata, shape (n,)."""
        return self.sensor_rows(INERTIAL_SENSORS)

    @functools.cached_property
    def sensor_scale(self) -> np.ndarray:
        """Reading of each sensor that tanh is scaled by, in the sensor's unit, shape (nsensordata,)."""
        kinds = self.model.sensor_type.tolist()
        return np.repeat([_SENSOR_SCALES.get(kind, 1.0) for kind in kinds], self.model.sensor_dim)

    @functools.cached_property
    def paw_geom_ids(self) -> np.ndarray:
        """Indices of the geoms of hands, fingers, feet and toes."""
        paws = set(self.body_ids(PAWS).tolist())
        return np.flatnonzero([b in paws for b in self.model.geom_bodyid])

    def setpoint_ctrl(self, qpos: np.ndarray) -> np.ndarray:
        """Controls at which the servos rest at the given poses.

        A servo's force is gain * ctrl + bias0 + bias1 * length, which is zero at the
        pose's length for ctrl = (-bias1 * length - bias0) / gain.

        Args:
            qpos: poses, metres and radians, shape (..., 74).

        Returns:
            controls, not clipped to [-1, 1], shape (..., 38); zero for torque actuation.
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
                count = {"body": "nbody", "joint": "njnt", "actuator": "nu", "sensor": "nsensor"}[word]
                known = (mujoco.mj_id2name(self.model, kind, k) for k in range(getattr(self.model, count)))
                raise unknown(word, name, known, "the rat's body")
            ids.append(i)
        return np.array(ids, dtype=np.int32)


def kinematic_model(model: mujoco.MjModel) -> mujoco.MjModel:
    """A copy for which only kinematics is wanted: looking for contacts would cost more than all the rest."""
    model = copy.copy(model)
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT | mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
    return model


def build_spec(config: BodyConfig, arena: str = "floor") -> mujoco.MjSpec:
    """The rat standing in an arena, as an editable specification.

    Args:
        config: which rat.
        arena: name of an MJCF file in assets/arenas; its elements are prefixed `arena/`.
    """
    spec = rat_spec(config)
    surroundings = mujoco.MjSpec.from_file(str(asset_path("arenas", f"{arena}.xml")))
    spec.attach(surroundings, frame=spec.worldbody.add_frame(), prefix="arena/")
    return spec


def rat_spec(config: BodyConfig) -> mujoco.MjSpec:
    """The rat alone, as an editable specification.

    The free joint sits on a body of its own at the walker's origin and the torso is
    its child, displaced: clips hold the pose of this origin.
    """
    spec = mujoco.MjSpec.from_string(_wrapped_mjcf())
    spec.option.timestep = config.timestep
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_DISCRETE
    # the implicit servos' own solve needs up to a dozen of these; Newton ends sooner. What the
    # tolerance leaves undone is 1e-4 rad after 100 ms, far less than the timestep does, and saves
    # 15 % of the time against 1e-6
    spec.option.iterations, spec.option.ls_iterations, spec.option.tolerance = 20, 10, 1e-4
    _scale(spec, config.scale)
    _actuate(spec, config)
    _set_contacts(spec, config)
    return spec


def _wrapped_mjcf() -> str:
    """dm_control's rodent.xml with a free joint, without its sizes, skin and light."""
    root = ElementTree.parse(mjcf_path()).getroot()
    for tag in ("size", "asset"):
        for element in root.findall(tag):
            root.remove(element)
    world = root.find("worldbody")
    torso = root.find("worldbody/body[@name='torso']")
    assert world is not None and torso is not None, "rodent.xml has no torso"
    for light in torso.findall("light"):
        torso.remove(light)
    world.remove(torso)
    walker = ElementTree.SubElement(world, "body", name=ROOT)
    ElementTree.SubElement(walker, "freejoint", name="root")
    walker.append(torso)
    return ElementTree.tostring(root, encoding="unicode")


def mjcf_path() -> Path:
    """dm_control's rodent.xml, found without importing dm_control (which takes seconds)."""
    found = importlib.util.find_spec("dm_control")
    if found is None or not found.submodule_search_locations:
        raise InputError("the package dm_control is not installed: pip install dm-control")
    return Path(found.submodule_search_locations[0], "locomotion/walkers/assets/rodent.xml")


def _scale(rat: mujoco.MjSpec, s: float) -> None:
    """Scale uniformly, as an animal of the same material would be.

    Lengths go with s; masses (same density) with s^3 and inertias with s^5, armature
    included. Torques of muscle and tissue are a stress times an area times a lever, so
    with stress and modulus kept, strength, stiffness and damping all go with s^3
    (geometric similarity; Biewener, Animal Locomotion, 2003, chapter 1).
    """
    for body in rat.bodies:
        body.pos = body.pos * s
    for geom in rat.geoms:
        geom.pos, geom.size = geom.pos * s, geom.size * s
    for site in rat.sites:
        site.pos, site.size = site.pos * s, site.size * s
    for camera in rat.cameras:
        camera.pos = camera.pos * s
    for joint in rat.joints:
        joint.pos = joint.pos * s
        joint.stiffness = joint.stiffness * s**3
        joint.damping = joint.damping * s**3
        joint.armature = joint.armature * s**5
    for actuator in rat.actuators:
        actuator.gainprm = actuator.gainprm * s**3
        actuator.biasprm = actuator.biasprm * s**3
        actuator.forcerange = actuator.forcerange * s**3


def _actuate(rat: mujoco.MjSpec, config: BodyConfig) -> None:
    for actuator in rat.actuators:
        actuator.forcerange = actuator.forcerange * config.strength
        actuator.forcelimited = int(config.force_limits)
        actuator.dynprm[0] = config.activation_time
        if config.actuation == "position":
            actuator.gainprm = actuator.gainprm * config.strength
            actuator.biasprm = actuator.biasprm * config.strength
        else:
            actuator.gainprm[0] = actuator.forcerange[1]
            actuator.biastype = mujoco.mjtBias.mjBIAS_NONE
            actuator.biasprm[:] = 0


def _set_contacts(rat: mujoco.MjSpec, config: BodyConfig) -> None:
    """The floor has contype 1; a geom touches it with conaffinity bit 1, itself with bit 2."""
    for geom in rat.geoms:
        tail = in_tail(geom.parent.name)
        itself = config.self_collision and geom.contype and not tail
        geom.contype = 2 if itself else 0
        geom.conaffinity = (0 if tail and not config.tail_contact else 1) | (2 if itself else 0)


def _transmission(model: mujoco.MjModel) -> np.ndarray:
    """Actuator length per hinge angle: every transmission of the rat is linear."""
    matrix = np.zeros((model.nu, model.njnt - 1))
    for i, (kind, target) in enumerate(zip(model.actuator_trntype, model.actuator_trnid[:, 0], strict=True)):
        if kind == mujoco.mjtTrn.mjTRN_JOINT:
            matrix[i, target - 1] = 1.0
            continue
        start = model.tendon_adr[target]
        wraps = slice(start, start + model.tendon_num[target])
        matrix[i, model.wrap_objid[wraps] - 1] = model.wrap_prm[wraps]
    return matrix * model.actuator_gear[:, :1]
