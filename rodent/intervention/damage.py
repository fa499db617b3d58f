"""Damage to weights that stays: a policy whose parameters are those that interventions leave.

    prepared = Preparation(Sites.of(policy.agent, task), policy.params, task.timestep)
    patient = damaged(policy, [parsed("cut latent/sample -> decoder/layer_0 by 30%")], prepared)
    save_policy(patient, folder)

What it does is what the policy does under the interventions. Weights that are cut are exactly 0, by which
training knows them: it keeps them 0 with `--ppo.optimizer.keep-zeros`.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict

from rodent.errors import InputError
from rodent.intervention.effects import effects
from rodent.intervention.language import from_table, stored
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
    before = policy.provenance
    provenance = {
        **before,
        "damage": [*before.get("damage", ()), *map(stored, given)],
        "damage_to": before.get("damage_to", policy.digest()),
    }
    return dataclasses.replace(policy, params=params, provenance=provenance)


class LostWeights(NamedTuple):
    """What damage did to the weights of a layer.

    Attributes:
        weights: how many there are.
        cut: how many are 0 that were not.
        changed: how many others have changed.
    """

    weights: int
    cut: int
    changed: int


def lost_weights(policy: Policy, patient: Policy) -> dict[str, LostWeights]:
    """What damage did to a policy, by layer; layers without damage are left out."""
    found = {}
    before, after = (flatten_dict(dict(one.params), sep="/") for one in (policy, patient))
    for name in before:
        old, new = np.asarray(before[name]), np.asarray(after[name])
        if (old != new).any():
            cut = int(((new == 0) & (old != 0)).sum())
            layer = name.removeprefix("policy/").removesuffix("/kernel")
            found[layer] = LostWeights(old.size, cut, int((old != new).sum()) - cut)
    return found


def damage_card(name: str, source: str, policy: Policy, patient: Policy, note: str = "") -> str:
    """The card of a damaged policy, Markdown.

    Args:
        name: of the damaged policy.
        source: name of the policy.
        policy, patient: before and after the damage.
        note: text of the author.
    """
    acts = "\n".join(f"- `{from_table(one)}`" for one in patient.provenance["damage"])
    lost = (
        f"| {layer} | {n.weights} | {n.cut} | {n.changed} |"
        for layer, n in lost_weights(policy, patient).items()
    )
    train = f"rodent train --clips gaits --out runs/recovery --start-from {name} --ppo.optimizer.keep-zeros"
    return (
        "\n\n".join(
            [
                f"# {name}",
                *([note] if note else []),
                f"The policy {source} ({policy.digest()}) with damaged weights ({patient.digest()}):",
                acts,
                "\n".join(["| layer | weights | cut | changed |", "|---|---|---|---|", *lost]),
                f"To retrain it while what was cut stays cut: `{train}`",
                "",
            ]
        ).rstrip()
        + "\n"
    )


def _factors(act: Any, kernel: np.ndarray) -> np.ndarray:
    """On every weight of a layer."""
    assert isinstance(act, WeightAct)
    size = kernel.shape
    inputs = Inputs(jnp.zeros((1, size[0])), jnp.asarray(kernel), jnp.zeros(size[1]))
    return np.asarray(act.factors(inputs), kernel.dtype)[0]
