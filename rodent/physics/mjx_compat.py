"""Models that an implementation of MJX supports; to compare the engines, use the same model in both.

    model = stepped_model(scene.model, "jax")
    host, device = HostEngine(model, 8, 0.02), DeviceEngine(scene.model, 8, 0.02, Mjx("jax"))
    unknown_contacts(scene.model)          # pairs of geoms without contacts

MuJoCo Warp supports all features of the rat, so its model is that of the host. Features that the JAX
implementation (mujoco-mjx 3.17) does not support are replaced or omitted:

- the `discrete` integrator is replaced by `implicitfast`, and the physics timestep is divided until it is at
  most 5 ms, where the rat is stable;
- contacts between unsupported kinds of geoms, such as ellipsoid and box, are omitted. The default rat
  touches only the floor and loses none; with self-collision it loses some.
"""

import copy
import math
from typing import Literal

import mujoco
import numpy as np

from rodent.errors import InputError
from rodent.physics.mjx_parts import geom_pairs, has_collision_fn

Implementation = Literal["jax", "warp"]

_LONGEST_STEP = 0.005  # seconds; `implicitfast` is stable up to it, see BodyConfig.timestep
_BITS = 31  # of contype and conaffinity, without the sign


def stepped_model(model: mujoco.MjModel, implementation: Implementation) -> mujoco.MjModel:
    """A copy of the model, reduced to the features of the implementation.

    Raises:
        InputError: the remaining contacts need more than 31 bits.
    """
    model = copy.copy(model)
    # MJX never resets automatically, and Warp refuses this flag
    model.opt.disableflags &= ~int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    if implementation == "jax":
        if model.opt.integrator == mujoco.mjtIntegrator.mjINT_DISCRETE:
            model.opt.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
            model.opt.timestep /= math.ceil(model.opt.timestep / _LONGEST_STEP - 1e-9)
        if unknown_contacts(model):
            _keep_known_contacts(model)
    return model


def unknown_contacts(model: mujoco.MjModel) -> list[tuple[int, int]]:
    """Pairs of geoms that may touch, but have no collision function in MJX's JAX implementation."""
    kind = model.geom_type
    return [(int(a), int(b)) for a, b, _ in geom_pairs(model) if not _known(kind[a], kind[b])]


def _keep_known_contacts(model: mujoco.MjModel) -> None:
    """Disable contacts between unsupported pairs of kinds of geoms.

    Every bit of contype is replaced by one bit per kind of geom that has it; only geoms of kinds with a
    collision function for this kind have the bit in conaffinity.
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
    # MuJoCo first tests the bodies, whose bits are the union of those of their geoms
    for of_body, of_geom in ((model.body_contype, contype), (model.body_conaffinity, conaffinity)):
        of_body[:] = 0
        np.bitwise_or.at(of_body, model.geom_bodyid, of_geom)


def _known(kind: int, other: int) -> bool:
    return has_collision_fn(min(kind, other), max(kind, other))
