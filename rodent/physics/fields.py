"""Model fields that differ between environments: friction, masses, gains and so on.

    fields = {"geom_friction": friction}      # (num_envs, ngeom, 3)
    HostEngine(model, num_envs, 0.02, fields=fields)

Fields are those of `mujoco.MjModel` that hold real numbers, MjOption's as `opt.gravity`. What the model
derives from them, such as the mass of a subtree, follows. Names and indices, which the task has of the one
model, stay the same for all.
"""

from collections.abc import Mapping

import mujoco
import numpy as np
from mujoco.batch import MODEL_FIELDS, Batch

from rodent.errors import InputError, unknown

MOVES_BODIES = ("body_pos", "body_quat", "jnt_pos", "jnt_axis", "qpos0")
"""Fields that decide where bodies are in a pose."""
_SHARED = {"opt.timestep": "all environments make the same substeps"}


def checked_fields(
    model: mujoco.MjModel, num_envs: int, fields: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The fields as arrays, refused where they cannot differ between environments.

    Args:
        model: the one that they belong to.
        num_envs: number of environments.
        fields: values by name, shape (num_envs, …) with what the model's field has in it.

    Raises:
        InputError: no such field, one that cannot differ, or values of another shape or not finite.
    """
    found = {}
    for name, given in fields.items():
        if name not in MODEL_FIELDS:
            raise unknown("model field", name, sorted(_real(model)))
        if name in _SHARED or name not in _real(model):
            why = _SHARED.get(name, "it holds no real numbers but what the model is made of")
            raise InputError(f"model field {name} cannot differ between environments: {why}")
        values, one = np.asarray(given), field_of(model, name)
        if values.shape != (num_envs, *one.shape):
            raise InputError(
                f"model field {name} has shape {values.shape}; {(num_envs, *one.shape)} is expected, with "
                "environments first"
            )
        if values.dtype.kind not in "fiu" or not np.isfinite(values).all():
            raise InputError(f"model field {name} has values that are not finite numbers")
        found[name] = values.astype(one.dtype)
    return found


def field_of(model: mujoco.MjModel, name: str) -> np.ndarray:
    """The model's own value of a field."""
    owner, _, short = name.rpartition(".")
    return np.asarray(getattr(model.opt if owner else model, short))


def expand(batch: Batch, fields: Mapping[str, np.ndarray]) -> None:
    """Give the simulations of a batch values of their own, and what follows from them."""
    for name, values in fields.items():
        batch.expand(name)[...] = values
    if any(name.startswith("opt.") or name in mujoco.MjModel._setconst_inputs for name in fields):
        batch.set_const()


def derived_fields(model: mujoco.MjModel, fields: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The fields and all others that follow from them, each (num_envs, …)."""
    num_envs = len(next(iter(fields.values())))
    batch = Batch(model, num_envs, 1)
    expand(batch, fields)
    found = {name: batch.expanded(name) for name in MODEL_FIELDS}
    return {name: np.array(values) for name, values in found.items() if values is not None}


def _real(model: mujoco.MjModel) -> set[str]:
    """Fields that hold real numbers and are not empty."""
    return {
        name
        for name in MODEL_FIELDS
        if (value := field_of(model, name)).dtype.kind == "f" and value.size and not name.startswith("key_")
    }
