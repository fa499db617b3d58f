"""Quantities of the world as factors on the model's own values, by environment.

    scales = {"friction": factors, "mass": factors}       # each of shape (num_envs,)
    state = engine.begin(physics, scales)
    state = engine.step(state, Command(ctrl, restart, initial, scales=scales))   # of those that restart

What the model derives from masses follows.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from mujoco.batch import Batch

from rodent.errors import unknown


class _Scaled(NamedTuple):
    """A model field that a quantity scales.

    Attributes:
        field: its name.
        column: of the field, if only one is scaled.
    """

    field: str
    column: int | None = None


QUANTITIES: Mapping[str, tuple[_Scaled, ...]] = {
    "friction": (_Scaled("geom_friction", column=0),),
    "mass": (_Scaled("body_mass"), _Scaled("body_inertia")),
    "strength": (_Scaled("actuator_gainprm"), _Scaled("actuator_biasprm")),
    "lag": (_Scaled("actuator_dynprm", column=0),),
}
"""The fields that each quantity scales: sliding friction of geoms; masses and inertias; what actuators make
of a control; the time constant of their activation."""
_FROM_MASS = ("body_subtreemass", "body_invweight0", "dof_invweight0", "tendon_invweight0", "dof_M0")
_GRID = np.geomspace(0.05, 20.0, 193)  # factors on the mass at which what follows from it is tabulated


class BatchScales:
    """The scaled fields of a batch, which takes memory for a quantity when it is first scaled.

    Args:
        batch: of simulations.
        model: that they are of.
        own: values of fields that differ between environments already, each (num_envs, …).
    """

    def __init__(self, batch: Batch, model: mujoco.MjModel, own: Mapping[str, np.ndarray]):
        self._batch, self._model, self._own = batch, model, own
        self._live: dict[str, np.ndarray] = {}
        self._seen: set[str] = set()

    def put(self, ids: np.ndarray, scales: Mapping[str, np.ndarray]) -> None:
        """Scale the fields of some environments.

        Args:
            ids: which.
            scales: factors by quantity, of all environments, each (num_envs,). Quantities that were scaled
                before and are not among them are the model's own again.
        """
        if not len(ids):
            return
        scales = {name: np.ones(self._batch.nsim) for name in self._seen} | dict(scales)
        self._seen |= scales.keys()
        for quantity, factors in scales.items():
            for one in _of(quantity):
                if one.field not in self._live:
                    self._live[one.field] = self._batch.expand(one.field)
                base = np.asarray(getattr(self._model, one.field))
                factor = np.reshape(np.asarray(factors, float)[ids], (-1, *[1] * base.ndim))
                if one.field in self._own:
                    base = self._own[one.field][ids]
                self._live[one.field][ids] = _scaled(np, one, base, factor)
        if "mass" in scales:
            self._batch.set_const(ids)


class TracedScales:
    """The scaled fields of one environment's model, inside a compiled program.

    What follows from the masses is interpolated between factors at which MuJoCo computed it.

    Args:
        model: the model.
        arrays: names of its fields that can be replaced.
    """

    def __init__(self, model: mujoco.MjModel, arrays: Collection[str]):
        self._base = {
            one.field: jnp.asarray(getattr(model, one.field), jnp.float32)
            for scaled in QUANTITIES.values()
            for one in scaled
        }
        batch = Batch(model, len(_GRID), 1)
        live = BatchScales(batch, model, {})
        live.put(np.arange(len(_GRID)), {"mass": _GRID})
        found = {name: batch.expanded(name) for name in _FROM_MASS if name in arrays}
        self._table = {name: jnp.asarray(v, jnp.float32) for name, v in found.items() if v is not None}

    def fields(self, scales: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
        """The fields that factors change; each factor is a number."""
        found = {
            one.field: _scaled(jnp, one, self._base[one.field], factor)
            for quantity, factor in scales.items()
            for one in _of(quantity)
        }
        if "mass" not in scales:
            return found
        place = jnp.interp(jnp.log(scales["mass"]), np.log(_GRID), np.arange(len(_GRID), dtype=float))
        low = jnp.clip(place.astype(int), 0, len(_GRID) - 2)
        part = place - low
        return found | {
            name: (1 - part) * table[low] + part * table[low + 1] for name, table in self._table.items()
        }


def scaled_fields(model: mujoco.MjModel, quantity: str, factors: np.ndarray) -> dict[str, np.ndarray]:
    """The fields that factors of n environments change, each (n, …).

    Args:
        model: the model.
        quantity: one of `QUANTITIES`.
        factors: shape (n, elements), of each of the geoms, bodies or actuators.
    """
    found = {}
    for one in _of(quantity):
        base = np.asarray(getattr(model, one.field))
        found[one.field] = _scaled(np, one, base, factors.reshape(*factors.shape, *[1] * (base.ndim - 1)))
    return found


def _of(quantity: str) -> tuple[_Scaled, ...]:
    if quantity not in QUANTITIES:
        raise unknown("quantity of the world", quantity, QUANTITIES)
    return QUANTITIES[quantity]


def _scaled(xp: Any, one: _Scaled, base: Any, factor: Any) -> Any:
    """A field times a factor that broadcasts against it."""
    scaled = base * factor
    if one.column is None:
        return scaled
    return xp.where(np.arange(base.shape[-1]) == one.column, scaled, base)
