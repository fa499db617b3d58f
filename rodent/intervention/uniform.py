"""Plans of one form, which share a compiled program, so that one can take the place of another at once.

    one = uniform(planned([[parsed("silence decoder/layer_0 to zero")]], prepared, task), prepared.sites)
    other = uniform(planned([[parsed("gain action by 0.5")]], prepared, task), prepared.sites)
    form_of(one) == form_of(other)          # True

A program is compiled for the sites and kinds of a plan. With a neutral act at every site, plans that silence,
clamp, stimulate or multiply differ in numbers alone. Neutral acts change no bit.
"""

import dataclasses
from collections.abc import Hashable

import jax
import jax.numpy as jnp
import numpy as np

from rodent.intervention.acts import Act, Affine
from rodent.intervention.plan import Plan
from rodent.intervention.schedule import Schedule, Times
from rodent.intervention.sites import Sites

COLUMNS = 4
"""Interventions of a rat, up to which plans have one form."""


def form_of(plan: Plan) -> Hashable:
    """What a program is compiled for: the structure of a plan, and the shapes of its arrays."""
    leaves, tree = jax.tree.flatten(plan)
    return tree, tuple((x.shape, str(x.dtype)) for x in leaves)


def uniform(plan: Plan, sites: Sites) -> Plan:
    """A plan that does the same, with an act at every site and columns for several interventions.

    Plans with several acts at a site, or acts that do more than multiply and add, are returned as they are:
    they have forms of their own.

    Args:
        plan: in which all environments have the same interventions.
        sites: of the agent and the task.
    """
    given = {act.site: act for act in plan.acts}
    if len(given) < len(plan.acts) or any(type(act) is not Affine for act in plan.acts):
        return plan
    n = len(plan.frames)
    acts = tuple(given.get(site) or _neutral(site, size, n) for site, size in sites.sizes.items())
    more = max(0, COLUMNS - plan.changed.shape[1])
    times = Times._make(
        jnp.pad(values, ((0, 0), (0, more)), constant_values=default)
        for values, default in zip(plan.schedule.times, Times(), strict=True)
    )
    return dataclasses.replace(
        plan,
        acts=acts,
        schedule=Schedule(times),
        places=tuple(sites.places.items()),
        changed=jnp.pad(plan.changed, ((0, 0), (0, more))),
    )


def _neutral(site: str, size: int, n: int) -> Act:
    rows = {"gain": np.ones(size, np.float32), "add": np.zeros(size, np.float32)}
    return Affine.stacked(site, n, dict.fromkeys(range(n), (0, rows)))
