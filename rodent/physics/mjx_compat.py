"""The model as an implementation of MJX can step it; to compare the engines, give it to both.

    model = stepped_model(body.model, "jax")
    host, device = HostEngine(model, 8, 0.02), DeviceEngine(body.model, 8, 0.02, Mjx("jax"))
    unknown_contacts(body.model)          # pairs of geoms that touch no more

MuJoCo Warp knows everything the rat is made of, so its model is the host's. What the JAX
implementation (mujoco-mjx 3.17) does not know is replaced or left out:

- the `discrete` integrator: it has `implicitfast` instead, and with that the physics timestep is
  divided until it is no more than 5 ms, where the rat is stable;
- contacts between kinds of geoms that it has no function for, such as ellipsoid and box. The
  default rat touches only the floor, and loses none; with self-collision it loses some.
"""

import copy
import math
from typing import Literal

import mujoco
import numpy as np

from rodent.errors import InputError
from rodent.physics.mjx_parts import geom_pairs, has_collision_fn

Implementation = Literal["jax", "warp"]

_LONGEST_STEP = 0.005  # seconds; what `implicitfast` bears, see BodyConfig.timestep
_BITS = 31  # of contype and conaffinity, the sign left alone


def stepped_model(model: mujoco.MjModel, implementation: Implementation) -> mujoco.MjModel:
    """A copy of the model, reduced to what the implementation knows.

    Raises:
        InputError: the contacts that are left cannot be told apart by 31 bits.
    """
    model = copy.copy(model)
    # no implementation of MJX resets by itself, and Warp refuses to be told not to
    model.opt.disableflags &= ~int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    if implementation == "jax":
        if model.opt.integrator == mujoco.mjtIntegrator.mjINT_DISCRETE:
            model.opt.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
            model.opt.timestep /= math.ceil(model.opt.timestep / _LONGEST_STEP - 1e-9)
        if unknown_contacts(model):
            _keep_known_contacts(model)
    return model


def unknown_contacts(model: mujoco.MjModel) -> list[tuple[int, int]]:
    """Pairs of geoms that may touch, and that MJX's JAX implementation cannot collide."""
    kind = model.geom_type
    return [(int(a), int(b)) for a, b, _ in geom_pairs(model) if not _known(kind[a], kind[b])]


def _keep_known_contacts(model: mujoco.MjModel) -> None:
    """Let only geoms of known pairs of kinds touch, of those that touched before.

    Every bit of contype is replaced by one per kind of geom that has it, and only geoms that this
    kind is known to collide with take it.
    """
    kinds = model.geom_type
    known = {kind: np.array([_known(kind, other) for other in kinds]) for kind in np.unique(kinds)}
    contype, conaffinity = np.zeros_like(model.geom_contype), np.zeros_like(model.geom_conaffinity)
    used = 0
    for bit in range(_BITS):
        gives, takes = model.geom_contype >> bit & 1 == 1, model.geom_conaffinity >> bit & 1 == 1
        for kind in np.unique(kinds[gives]):
            if not (takes & known[kind]).any():
                continue
            if used == _BITS:
                raise InputError(
                    "this body's contacts cannot be reduced to those that MJX's JAX implementation knows: "
                    f"more than {_BITS} bits of contype and kind of geom; use fewer bits"
                )
            contype[gives & (kinds == kind)] |= 1 << used
            conaffinity[takes & known[kind]] |= 1 << used
            used += 1
    model.geom_contype, model.geom_conaffinity = contype, conaffinity
    # MuJoCo first asks the bodies, whose bits are those of their geoms together
    for of_body, of_geom in ((model.body_contype, contype), (model.body_conaffinity, conaffinity)):
        of_body[:] = 0
        np.bitwise_or.at(of_body, model.geom_bodyid, of_geom)


def _known(kind: int, other: int) -> bool:
    return has_collision_fn(min(kind, other), max(kind, other))
