"""dm_control's rat as an editable specification: scaled, actuated, and with the roles of its parts.

The MJCF is read from the installed dm_control package and edited with `mujoco.MjSpec`; it is not stored here.
`rodent.render` adds the skin.
"""

import importlib.util
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import mujoco

from rodent.errors import InputError
from rodent.scene.nominal_force import nominal_forces
from rodent.scene.roles import BodySpec, Roles

if TYPE_CHECKING:
    from rodent.body_config import BodyConfig

WALKER = "walker"  # the body that carries the free joint, as in dm_control
PAWS = ("hand_L", "finger_L", "hand_R", "finger_R", "foot_L", "toe_L", "foot_R", "toe_R")
"""Bodies that the rat stands on."""
_LIMBS = ("upper_arm_{}", "lower_arm_{}", "hand_{}"), ("upper_leg_{}", "lower_leg_{}", "foot_{}")
_POSTURE = {
    "mandible": -0.29,
    **{f"scapula_{side}_abduct": -0.2 for side in "LR"},
    **{f"shoulder_{side}": 0.45 for side in "LR"},
    **{f"shoulder_sup_{side}": 0.4 for side in "LR"},
    **{f"elbow_{side}": -0.25 for side in "LR"},
    **{f"wrist_{side}": 0.5 for side in "LR"},
    **{f"hip_{side}_abduct": -0.15 for side in "LR"},
    **{f"hip_{side}_extend": 0.05 for side in "LR"},
    **{f"knee_{side}": 0.1 for side in "LR"},
    **{f"ankle_{side}": 0.15 for side in "LR"},
    "atlas": 0.75,
    # whole segments of the spine: the sum over their vertebrae
    "lumbar_extend": -0.05,
    "cervical_extend": 1.15,
    "caudal_extend": 0.22,
}
PITCH = 0.07
"""Pitch of the torso of a standing rat, nose up, radians."""


def in_tail(name: str) -> bool:
    """Whether a body or hinge belongs to the tail (names of vertebrae of the neck are in lower case).

    >>> in_tail("vertebra_C6_bend"), in_tail("vertebra_cervical_1_bend"), in_tail("vertebra_6")
    (True, False, False)
    """
    return name.startswith("vertebra_C")


def rat_body(config: "BodyConfig") -> BodySpec:
    """The rat, and the roles of its parts; its neutral posture was chosen manually."""
    spec = rat_spec(config)
    limbs = tuple(part.format(side) for limb in _LIMBS for side in "LR" for part in limb)
    roles = Roles(
        root="torso",
        tracked=("torso", "pelvis", "skull", *limbs),
        end_effectors=("hand_L", "hand_R", "foot_L", "foot_R", "skull"),
        feet=PAWS,
        touch=("palm_L", "palm_R", "sole_L", "sole_R"),
        inertial=("accelerometer", "gyro", "velocimeter"),
        # the reference window needs no tail: its servos follow their setpoints
        not_previewed=tuple(joint.name for joint in spec.joints if in_tail(joint.name)),
        posture=MappingProxyType(_POSTURE),
        pitch=PITCH,
    )
    sizes = {actuator.name: _moved_size(spec, actuator, config) for actuator in spec.actuators}
    return BodySpec(spec, roles, config.scale, nominal_forces(sizes), config.proportions)


def rat_spec(config: "BodyConfig") -> mujoco.MjSpec:
    """The rat alone, as an editable specification.

    The free joint belongs to a separate body at the walker's origin, and the torso is its displaced child:
    clips contain the pose of this origin.
    """
    spec = mujoco.MjSpec.from_string(_wrapped_mjcf())
    spec.option.timestep = config.timestep
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_DISCRETE
    # the solver of the implicit servos needs up to a dozen iterations; Newton needs fewer. The tolerance
    # causes an error of 1e-4 rad after 100 ms, far less than that of the timestep, and takes 15 % less time
    # than 1e-6
    spec.option.iterations, spec.option.ls_iterations, spec.option.tolerance = 20, 10, 1e-4
    _scale(spec, config)
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
    walker = ElementTree.SubElement(world, "body", name=WALKER)
    ElementTree.SubElement(walker, "freejoint", name="root")
    walker.append(torso)
    return ElementTree.tostring(root, encoding="unicode")


def mjcf_path() -> Path:
    """dm_control's rodent.xml, found without importing dm_control (which takes seconds)."""
    found = importlib.util.find_spec("dm_control")
    if found is None or not found.submodule_search_locations:
        raise InputError("the package dm_control is not installed: pip install dm-control")
    return Path(found.submodule_search_locations[0], "locomotion/walkers/assets/rodent.xml")


def _scale(rat: mujoco.MjSpec, config: "BodyConfig") -> None:
    """Scale every segment, as an animal of the same material would be.

    Lengths go with the size s of a segment; masses (same density) with s^3 and inertias with s^5, armature
    included. Torques of muscle and tissue are a stress times an area times a lever, so
    with stress and modulus kept, strength, stiffness and damping all go with s^3
    (geometric similarity; Biewener, Animal Locomotion, 2003, chapter 1).
    """
    for body in rat.bodies:
        s = segment_size(body.name, config)
        for part in (*body.geoms, *body.sites):
            part.pos, part.size = part.pos * s, part.size * s
        for part in (*body.cameras, *body.bodies):  # where a segment begins is a place on the one above
            part.pos = part.pos * s
        for joint in body.joints:
            joint.pos = joint.pos * s
            joint.stiffness = joint.stiffness * s**3
            joint.damping = joint.damping * s**3
            joint.armature = joint.armature * s**5
    for actuator in rat.actuators:
        s = _moved_size(rat, actuator, config)
        actuator.gainprm = actuator.gainprm * s**3
        actuator.biasprm = actuator.biasprm * s**3
        actuator.forcerange = actuator.forcerange * s**3


def segment_size(body: str, config: "BodyConfig") -> float:
    """Size of a body's segment relative to dm_control's rat."""
    if in_tail(body):
        group = "tail"
    elif body in ("skull", "jaw"):
        group = "head"
    elif body.endswith(("_L", "_R")):
        group = "limbs"
    else:
        group = "trunk"
    return config.scale * getattr(config.proportions, group)


def _moved_size(rat: mujoco.MjSpec, actuator: mujoco.MjsActuator, config: "BodyConfig") -> float:
    """Size of the segment that an actuator moves; tendons bend the trunk and the tail."""
    if actuator.trntype == mujoco.mjtTrn.mjTRN_TENDON:
        tail = actuator.target.startswith("caudal")
        return config.scale * (config.proportions.tail if tail else config.proportions.trunk)
    return segment_size(rat.joint(actuator.target).parent.name, config)


def _actuate(rat: mujoco.MjSpec, config: "BodyConfig") -> None:
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


def _set_contacts(rat: mujoco.MjSpec, config: "BodyConfig") -> None:
    """The floor has contype 1; a geom touches it with conaffinity bit 1, itself with bit 2."""
    for geom in rat.geoms:
        tail = in_tail(geom.parent.name)
        itself = config.self_collision and geom.contype and not tail
        geom.contype = 2 if itself else 0
        geom.conaffinity = (0 if tail and not config.tail_contact else 1) | (2 if itself else 0)
