"""What interventions do to the weights of one layer, in some of n environments at once.

Sums of weighted inputs are computed again with what is left of the weights, where any of a unit has changed;
so nothing passes through a connection that is cut, and sums of other units keep their bits.

`Severed` cuts all connections between two sets of units. Every environment costs two vectors, and all share
one matrix product. `Reweighed` scales every weight: every environment has a matrix of its own, and costs a
product of it with a vector.
"""

from typing import Any, ClassVar

import flax.struct
import jax
import jax.numpy as jnp

from rodent.intervention.acts import Act, Now
from rodent.policy.taps import Inputs

_STEP = 64  # of numbers of rows
_AT_ONCE = 16  # environments whose weights a processor scales at once


class WeightAct(Act):
    """Base of acts on weights."""

    def left(self, active: jax.Array, inputs: Inputs) -> jax.Array:
        """Fraction of each weight that is left in all environments, shape (n, inputs, units).

        Args:
            active: see `Act.applied`.
            inputs: of the layer.
        """
        on = active.at[self.envs, self.column].get(mode="clip")[:, None, None]
        factors = jnp.where(on, self.factors(inputs), 1.0)
        every = jnp.ones((len(inputs.x), *inputs.kernel.shape))
        return every.at[self.envs].set(factors, mode="drop")

    def factors(self, inputs: Inputs) -> jax.Array:
        """On each weight of the act's environments, shape (m, inputs, units)."""
        raise NotImplementedError

    def _after_others(self, alone: jax.Array, now: Now) -> jax.Array:
        """Sums without biases, also in environments where earlier acts have changed the weights.

        Args:
            alone: of environments where none has, shape (m, units).
            now: the present step.
        """
        if now.left is None:
            return alone
        given = _given(now)
        x, left = (one.at[self.envs].get(mode="clip") for one in (given.x, now.left))
        found = _products(x, left * self.factors(given), given.kernel)
        # the bits of an environment must not depend on what others have
        return jnp.where((left == 1).all((1, 2))[:, None], alone, found)


class Severed(WeightAct):
    """Cut all connections from some inputs to some units.

    Attributes:
        inputs: whether an input is cut, shape (n, inputs).
        units: from which units, shape (n, units).
    """

    inputs: jax.Array
    units: jax.Array

    NEUTRAL: ClassVar = {"inputs": False, "units": False}
    EVERY: ClassVar = True

    def factors(self, inputs: Inputs) -> jax.Array:
        """See `WeightAct`."""
        return 1.0 - (self.inputs[:, :, None] & self.units[:, None, :])

    def __call__(self, values: jax.Array, state: Any, now: Now) -> tuple[jax.Array, Any]:
        """See `Act`."""
        given = _given(now)
        found = jnp.where(self.inputs, 0.0, given.x) @ given.kernel
        found = self._after_others(found, now)
        return jnp.where(self.units & now.active[:, None], found + given.bias, values), state


class Reweighed(WeightAct):
    """Scale each weight of some inputs.

    Attributes:
        factor: on the weights, shape (m, stop - start, units); numbers, or bool: whether one is kept.
        units: whether any weight of a unit is scaled, shape (m, units).
        start, stop: the inputs.
    """

    factor: jax.Array
    units: jax.Array
    start: int = flax.struct.field(pytree_node=False)
    stop: int = flax.struct.field(pytree_node=False)

    NEUTRAL: ClassVar = {"factor": True, "units": False}

    @classmethod
    def padded(cls, count: int) -> int:
        """See `Act.padded`; finer, because rows are large."""
        return super().padded(count) if count < _STEP else -(-count // _STEP) * _STEP

    def factors(self, inputs: Inputs) -> jax.Array:
        """See `WeightAct`."""
        every = jnp.ones((len(self.envs), *inputs.kernel.shape))
        return every.at[:, self.start : self.stop].set(self.factor)

    def __call__(self, values: jax.Array, state: Any, now: Now) -> tuple[jax.Array, Any]:
        """See `Act`."""
        given, chosen = _given(now), slice(self.start, self.stop)
        x = given.x[:, chosen].at[self.envs].get(mode="clip")
        found = _products(x, self.factor, given.kernel[chosen])
        if self.stop - self.start < len(given.kernel):
            # the other inputs have common weights
            rest = given.x.at[:, chosen].set(0.0) @ given.kernel
            found = found + rest.at[self.envs].get(mode="clip")
        found = self._after_others(found, now)
        return jnp.where(self.units & now.active[:, None], found + given.bias, values), state


def _given(now: Now) -> Inputs:
    if now.inputs is None:
        raise ValueError("acts on weights need the inputs of the layer")
    return now.inputs


def _products(x: jax.Array, factors: jax.Array, kernel: jax.Array) -> jax.Array:
    """Products of inputs (m, inputs) with weights that are scaled by factors (m, inputs, units)."""

    def in_groups(x: jax.Array, factors: jax.Array) -> jax.Array:
        # all scaled weights together do not fit into the cache of a processor
        return jax.lax.map(lambda one: one[0] @ (one[1] * kernel), (x, factors), batch_size=_AT_ONCE)

    def together(x: jax.Array, factors: jax.Array) -> jax.Array:
        return jnp.einsum("mi,miu->mu", x, factors * kernel)

    return jax.lax.platform_dependent(x, factors, cpu=in_groups, default=together)
