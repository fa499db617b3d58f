"""A floor with a lever, as an editable specification."""

import mujoco
import numpy as np

from rodent.scene.arenas import floor

LEVER = "lever"
"""Name of the lever's body and joint; in a scene it has the prefix of arenas."""
PAD = "pad"
"""Name of the lever's geom."""
_SIZE, _MASS = (0.014, 0.018, 0.002), 0.005  # half sizes of the pad, metres; kg


def lever(position: tuple[float, float], height: float, travel: float, force: float) -> mujoco.MjSpec:
    """A floor with a lever: a pad that slides down where it is pressed, and back up by a spring.

    Args:
        position: of the centre of the pad on the floor, metres; the body starts at the origin and faces x.
        height: of the top of the pad at rest, metres.
        travel: how far it slides down, metres.
        force: of the spring at the end of the travel, newtons.
    """
    spec = floor()
    body = spec.worldbody.add_body(name=LEVER, pos=[*position, height - _SIZE[2]], gravcomp=1.0)
    stiffness = force / travel
    body.add_joint(
        name=LEVER,
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=[0.0, 0.0, 1.0],
        limited=True,
        range=[-travel, 0.0],
        stiffness=stiffness,
        damping=2 * np.sqrt(stiffness * _MASS),  # critical, so that it does not swing
    )
    body.add_geom(
        name=PAD,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=list(_SIZE),
        mass=_MASS,
        rgba=[0.75, 0.25, 0.2, 1.0],
        contype=1,
        conaffinity=0,
    )
    return spec
