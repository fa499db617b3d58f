"""Model fields that differ between environments: friction, masses, gains and so on.

    fields = {"geom_friction": friction}      # (num_envs, ngeom, 3)
    HostEngine(model, num_envs, 0.02, fields=fields)

Fields are those of `mujoco.MjModel` with real numbers; those of MjOption are named like `opt.gravity`.
Derived fields, such as the mass of a subtree, are updated. Names and indices are the same for all
environments.
"""

from collections.abc import Mapping

import mujoco
import numpy as np
from mujoco.batch import MODEL_FIELDS, Batch

from rodent.errors import InputError, unknown

MOVES_BODIES = ("body_pos", "body_quat", "jnt_pos", "jnt_axis", "qpos0")
"""Fields that determine the positions of bodies in a pose."""


def checked_fields(
    model: mujoco.MjModel, num_envs: int, fields: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The fields as arrays, after checking that they can differ between environments.

    Args:
        model: the model.
        num_envs: number of environments.
        fields: values by name, shape (num_envs, *shape of the model's field).

    Raises:
        InputError: a field is unknown or cannot differ, or values have another shape or are not finite.
    """
    found = {}
    for name, given in fields.items():
        if name not in MODEL_FIELDS:
            raise unknown("model field", name, sorted(_real(model)))
        if name not in _real(model):
            raise InputError(
                f"model field {name} cannot differ between environments: it does not contain real numbers, "
                "but defines the structure of the model"
            )
        values, one = np.asarray(given), field_of(model, name)
        if values.shape != (num_envs, *one.shape):
            raise InputError(
                f"model field {name} has shape {values.shape}; expected {(num_envs, *one.shape)}, with "
                "environments first"
            )
        if values.dtype.kind not in "fiu" or not np.isfinite(values).all():
            raise InputError(f"model field {name} has values that are not finite numbers")
        found[name] = values.astype(one.dtype)
    return found


def field_of(model: mujoco.MjModel, name: str) -> np.ndarray:
    """The value of a field in the model."""
    owner, _, short = name.rpartition(".")
    return np.asarray(getattr(model.opt if owner else model, short))


def expand(batch: Batch, fields: Mapping[str, np.ndarray]) -> None:
    """Set fields that differ between the simulations of a batch, and update derived fields."""
    for name, values in fields.items():
        batch.expand(name)[...] = values
    if any(name.startswith("opt.") or name in mujoco.MjModel._setconst_inputs for name in fields):
        batch.set_const()


def derived_fields(model: mujoco.MjModel, fields: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The fields and all derived fields, each (num_envs, …)."""
    num_envs = len(next(iter(fields.values())))
    batch = Batch(model, num_envs, 1)
    expand(batch, fields)
    found = {name: batch.expanded(name) for name in MODEL_FIELDS}
    return {name: np.array(values) for name, values in found.items() if values is not None}


def _real(model: mujoco.MjModel) -> set[str]:
    """Fields with real numbers that are not empty."""
    return {
        name
        for name in MODEL_FIELDS
        if (value := field_of(model, name)).dtype.kind == "f" and value.size and not name.startswith("key_")
    }
