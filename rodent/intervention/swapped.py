"""A module of another policy in place of one's own: what it is resolved to, and what it does in a step."""

from collections.abc import Mapping
from typing import Any, ClassVar

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.errors import InputError, unknown
from rodent.intervention.acts import Act, Now
from rodent.intervention.alignment import Alignment, AlignmentKey, unaligned
from rodent.intervention.preparation import Donor, Effect, Place, Preparation
from rodent.intervention.structure import Swap
from rodent.policy.connections import Source, connections
from rodent.policy.layers import weights_name
from rodent.policy.modules import DECODER, ENCODER, Alone, Module, entrance, module_of
from rodent.policy.policy import LIMIT, Normalizer

_OBSERVATION = "observation/"
_ACTION = "decoder/action_mean"


class Swapped(Act):
    """Replace the output of a module by that of a module of another policy.

    Attributes:
        chosen: which units are replaced, shape (n, units).
        params: of the other module.
        to_matrix, to_shift: from the input of the own module to that of the other.
        limit: of the other module's inputs.
        back_matrix, back_shift: from the output of the other module to that of the own.
        alone: what computes the other module.
        entrance: address of the weights whose inputs are those of the own module.
        donor: digest of the other policy and how it is aligned, which tells acts apart.
    """

    chosen: jax.Array
    params: Any
    to_matrix: jax.Array
    to_shift: jax.Array
    limit: jax.Array
    back_matrix: jax.Array
    back_shift: jax.Array
    alone: Alone = flax.struct.field(pytree_node=False)
    entrance: str = flax.struct.field(pytree_node=False)
    donor: str = flax.struct.field(pytree_node=False)

    NEUTRAL: ClassVar[Mapping[str, Any]] = {"chosen": False}
    SHARED: ClassVar[tuple[str, ...]] = (
        "params",
        "to_matrix",
        "to_shift",
        "limit",
        "back_matrix",
        "back_shift",
    )
    EVERY: ClassVar[bool] = True

    def begin(self) -> Any:
        """The memory of the other module."""
        return self.alone.initial_memory(len(self.chosen))

    def __call__(self, values: jax.Array, state: Any, now: Now) -> tuple[jax.Array, Any]:
        """See `Act`."""
        if now.inputs is None:
            raise ValueError("a swapped module needs the inputs of its entrance")
        memory = jax.tree.map(lambda x: jnp.where(now.is_first[:, None], 0.0, x), state)
        # columns beyond are the hidden state of an LSTM
        x = now.inputs.x[:, : len(self.to_matrix)] @ self.to_matrix + self.to_shift
        outputs, memory = self.alone(self.params, jnp.clip(x, -self.limit, self.limit), memory)
        found = outputs[self.site] @ self.back_matrix + self.back_shift
        return jnp.where(self.chosen & now.active[:, None], found, values), memory


def swapped(one: Swap, prepared: Preparation, number: int) -> list[Effect]:
    """The acts of a swap: one for each output of the module.

    Raises:
        InputError: the other policy has no such module or was not loaded, or sizes differ without alignment.
    """
    if one.policy not in prepared.donors:
        raise InputError(f"the policy {one.policy} of a swap is not among the donors of the preparation")
    donor, own = prepared.donors[one.policy], prepared.sites.sources
    first = entrance(own, one.site)
    if first not in own:
        raise unknown("module", one.site, [ENCODER, DECODER, *own], "this policy")
    module = module_of(donor.policy.network_config, donor.policy.params, one.site)
    there, limit = _to_donor(one, donor, own[first], _inputs(one, donor, prepared))
    outputs = {DECODER: (_ACTION,), ENCODER: ("latent/mean", "latent/logvar")}
    if one.align != "none":
        # the log variances of another space are none of this one
        outputs[ENCODER] = ("latent/mean",)
    found = []
    for site in outputs.get(one.site, (one.site,)):
        place = Place(site, one, prepared, number)
        back = _fitted(one, donor, site, _size(module, site, len(limit)), place.size)
        rows = {
            "chosen": place.full(0.0, 1.0) != 0,
            "params": module.params,
            "to_matrix": there.matrix.astype(np.float32),
            "to_shift": there.shift.astype(np.float32),
            "limit": limit.astype(np.float32),
            "back_matrix": back.matrix.astype(np.float32),
            "back_shift": back.shift.astype(np.float32),
        }
        static = {
            "alone": module.alone,
            "entrance": weights_name(first),
            "donor": f"{donor.policy.digest()} {one.align}",
        }
        found.append(Effect(Swapped, site, rows, tuple(static.items())))
    return found


def _inputs(one: Swap, donor: Donor, prepared: Preparation) -> list[Source]:
    """The sources of the other module, without the hidden state of an LSTM."""
    theirs = connections(donor.policy.agent, prepared.sites.places)
    first = entrance(theirs, one.site)
    return [source for source in theirs[first] if source.site != first]


def _size(module: Module, site: str, inputs: int) -> int:
    """Number of units of an output of a module."""
    x, memory = jnp.zeros((1, inputs)), module.alone.initial_memory(1)
    return jax.eval_shape(module.alone, module.params, x, memory)[0][site].shape[1]


def _to_donor(
    one: Swap, donor: Donor, own: tuple[Source, ...], theirs: list[Source]
) -> tuple[Alignment, np.ndarray]:
    """The map from the input of the own module to that of the other, and limits of the latter.

    Each part of the observation is normalised as the other policy has learnt it; layers are aligned.
    """
    sources = {source.site: source for source in own}
    used = [sources[source.site] for source in theirs if source.site in sources]
    size = max(source.end for source in theirs)
    matrix, shift = np.zeros((max((here.end for here in used), default=0), size)), np.zeros(size)
    limit = np.full(size, np.inf)
    for source in theirs:
        if source.site not in sources:
            raise InputError(
                f"{one.site} of {one.policy} has the input {source.site}, and that of this policy has not; "
                f"it has {', '.join(sources)}"
            )
        here, columns = sources[source.site], slice(source.begin, source.end)
        if source.site.startswith(_OBSERVATION):
            part = _renormalised(donor, source.site)
            limit[columns] = LIMIT
        else:
            part = _fitted(
                one, donor, source.site, here.end - here.begin, source.end - source.begin, back=False
            )
        matrix[here.begin : here.end, columns], shift[columns] = part
    return Alignment(matrix, shift), limit


def _renormalised(donor: Donor, site: str) -> Alignment:
    """The map from a part of the observation as one policy normalises it to as the other does."""
    group, begin, end = donor.places[site]

    def own(normalizer: Normalizer) -> tuple[np.ndarray, np.ndarray]:
        mean, std = (np.asarray(x[group][begin:end], float) for x in (normalizer.mean, normalizer.std))
        return mean, std

    (mean, std), (their_mean, their_std) = own(donor.normalizer), own(donor.policy.normalizer)
    return Alignment(np.diag(std / their_std), (mean - their_mean) / their_std)


def _fitted(one: Swap, donor: Donor, site: str, units: int, needed: int, *, back: bool = True) -> Alignment:
    """The map between the units of a layer in both policies; actions mean the same in both."""
    if site == _ACTION:
        return Alignment(donor.action_factor * np.eye(units), np.zeros(units))
    if one.align == "none" or not site:
        if units != needed:
            own, theirs = (needed, units) if back else (units, needed)
            raise InputError(
                f"{site} has {own} units in this policy and {theirs} in {one.policy}; align their spaces: "
                "align procrustes, or align regression"
            )
        return unaligned(units)
    return donor.alignments[AlignmentKey(site, one.align, not back)]
