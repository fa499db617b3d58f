"""Damage to weights that stays: a policy whose parameters are those that interventions leave.

    prepared = Preparation(Sites.of(policy.agent, task), policy.params, task.timestep)
    patient = damaged(policy, [parsed("cut latent/sample -> decoder/layer_0 by 30%")], prepared)
    save_policy(patient, folder)

What it does is what the policy does under the interventions. Weights that are cut are exactly 0, by which
training knows them: it keeps them 0 with `--ppo.optimizer.keep-zeros`.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from rodent.errors import InputError
from rodent.intervention.effects import effects
from rodent.intervention.language import stored
from rodent.intervention.preparation import Preparation
from rodent.intervention.spec import Intervention
from rodent.intervention.weight_acts import WeightAct
from rodent.policy.connections import kernel_of, with_kernel
from rodent.policy.policy import Policy
from rodent.policy.taps import Inputs


def damaged(policy: Policy, given: Sequence[Intervention], prepared: Preparation) -> Policy:
    """A policy with damaged weights.

    Args:
        policy: the policy.
        given: cuts and damage to weights, without times.
        prepared: of the policy.

    Raises:
        InputError: an intervention is not on weights, or is limited in time, or damages nothing.
    """
    params: Mapping[str, Any] = policy.params
    for one in given:
        if not one.on_weights:
            raise InputError(f"'{one}' does not damage weights; expected cut, or degrade of weights")
        times = {name: word for word, name in Intervention.WORDS.items() if name != "seed"}
        limited = [word for name, word in times.items() if getattr(one, name) is not None]
        if limited:
            raise InputError(f"'{one}' is limited in time, and damage stays; leave out {limited[0]!r}")
        for effect in effects(one, prepared):
            layer = effect.site.removesuffix(".weights")
            kernel = kernel_of(params, layer)
            act = effect.act.stacked(effect.site, 1, {0: (0, effect.rows)}, dict(effect.static))
            found = kernel * _factors(act, kernel)
            if (found == kernel).all():
                raise InputError(f"'{one}' changes no weight of {layer}")
            params = with_kernel(params, layer, found)
    provenance = {**policy.provenance, "damage": [stored(one) for one in given], "damage_to": policy.digest()}
    return dataclasses.replace(policy, params=params, provenance=provenance)


def _factors(act: Any, kernel: np.ndarray) -> np.ndarray:
    """On every weight of a layer."""
    assert isinstance(act, WeightAct)
    size = kernel.shape
    inputs = Inputs(jnp.zeros((1, size[0])), jnp.asarray(kernel), jnp.zeros(size[1]))
    return np.asarray(act.factors(inputs), kernel.dtype)[0]
