"""Interventions on the body, as factors on fields of the model of every environment.

factors, counts = body_factors(given, scene)
engine = HostEngine(model, n, timestep, fields=model_fields(model, factors))
"""

from collections.abc import Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from rodent.intervention.body_kinds import OnBody
from rodent.intervention.sites import matching
from rodent.intervention.spec import Intervention
from rodent.physics.scales import scaled_fields
from rodent.scene import Scene

_QUANTITIES = {"actuator": "strength", "body": "mass"}
"""Of `rodent.physics.scales`, by what a site begins with."""


def body_factors(
    given: Sequence[Sequence[Intervention]], scene: Scene
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Factors on actuators and bodies, and how many of these each intervention changes.

    Args:
        given: the interventions of n environments.
        scene: with the body.

    Returns:
        factors by `actuator` and `body`, each (n, elements), only of those that any intervention changes;
        numbers of changed elements, shape (n, columns).

    Raises:
        InputError: there is no such actuator or body.
    """
    model = scene.model
    names = {
        "actuator": [f"actuator/{name}" for name in scene.actuator_names],
        "body": [f"body/{model.body(i).name}" for i in range(1, model.nbody)],
    }
    first = {"actuator": 0, "body": 1}  # the world has no mass
    found: dict[str, np.ndarray] = {}
    counts = np.zeros((len(given), max(map(len, given))), np.int32)
    for i, row in enumerate(given):
        for column, one in enumerate(row):
            if not isinstance(one, OnBody):
                continue
            family = one.site.partition("/")[0]
            chosen = [
                first[family] + names[family].index(name)
                for name in matching(one.site, names[family], family, "this body")
            ]
            size = len(names[family]) + first[family]
            factors = found.setdefault(family, np.ones((len(given), size)))
            factors[i, chosen] *= one.factor
            counts[i, column] = len(chosen) if one.factor != 1 else 0
    return found, counts


def model_fields(model: mujoco.MjModel, factors: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Model fields of n environments for an engine, see `rodent.physics.fields`.

    Args:
        model: the model.
        factors: of `Plan.body`.
    """
    found: dict[str, np.ndarray] = {}
    for family, given in factors.items():
        found |= scaled_fields(model, _QUANTITIES[family], np.asarray(given, float))
    return found
