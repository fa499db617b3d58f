"""What interventions do to the activations of one site, for n environments at once.

    act = Affine.stacked("decoder/layer_0", column, rows, size, {})
    state = act.begin()
    values, state = act(values, state, now)

Acts are trees of arrays that lead with environments, so that every environment can have an intervention of
its own. A unit that an act does not concern keeps its bits.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

Rows = Mapping[str, np.ndarray]
"""Arrays of one environment by field of an act."""


class Now(NamedTuple):
    """The present step of n environments.

    Attributes:
        frame: control steps since the rollout began, shape (n,).
        is_first: whether an episode begins, shape (n,).
        active: whether the act's intervention is active, shape (n,).
    """

    frame: jax.Array
    is_first: jax.Array
    active: jax.Array


class Act(flax.struct.PyTreeNode):
    """Base of acts.

    Attributes:
        site: address of what is changed.
        column: index of the intervention among those of the environment, shape (n,); -1 for none.
    """

    site: str = flax.struct.field(pytree_node=False)
    column: jax.Array

    NEUTRAL: ClassVar[Mapping[str, Any]] = {}
    """The row, without its shape, of an environment without this act."""
    SHARED: ClassVar[tuple[str, ...]] = ()
    """Fields that all environments share: the longest that is given."""

    @classmethod
    def stacked(cls, site: str, column: np.ndarray, rows: Sequence[Rows | None]) -> Self:
        """The act of n environments.

        Args:
            site: address.
            column: see the class.
            rows: of each environment; None for one without this act.
        """
        given = [row for row in rows if row is not None]
        fields = {}
        for name, one in given[0].items():
            if name in cls.SHARED:
                fields[name] = jnp.asarray(max((row[name] for row in given), key=len))
                continue
            neutral = np.full_like(one, cls.NEUTRAL[name])
            fields[name] = jnp.asarray(np.stack([neutral if row is None else row[name] for row in rows]))
        return cls(site=site, column=jnp.asarray(column), **fields)

    def begin(self) -> Any:
        """The state before the first step; leaves lead with environments."""
        return ()

    def __call__(self, values: jax.Array, state: Any, now: Now) -> tuple[jax.Array, Any]:
        """Changed values, shape (n, units), and the next state."""
        raise NotImplementedError


class Affine(Act):
    """Multiply and add: also silence to a value (a gain of 0), and clamp.

    Attributes:
        gain, add: shape (n, units).
    """

    gain: jax.Array
    add: jax.Array

    NEUTRAL: ClassVar[Mapping[str, Any]] = {"gain": 1.0, "add": 0.0}

    def __call__(self, values: jax.Array, state: Any, now: Now) -> tuple[jax.Array, Any]:
        """See `Act`."""
        concerned = ((self.gain != 1) | (self.add != 0)) & now.active[:, None]
        changed = jnp.where(self.gain == 0, self.add, self.gain * values + self.add)
        return jnp.where(concerned, changed, values), state


class Resample(Act):
    """Replace by values drawn from the distribution of each unit, independently in every step.

    Attributes:
        chosen: whether a unit is replaced, shape (n, units).
        key: of the draws, shape (n, 2).
        table: values to draw from, shape (units, values); the same for all environments.
    """

    chosen: jax.Array
    key: jax.Array
    table: jax.Array

    NEUTRAL: ClassVar[Mapping[str, Any]] = {"chosen": False, "key": 0}
    SHARED: ClassVar[tuple[str, ...]] = ("table",)

    def __call__(self, values: jax.Array, state: Any, now: Now) -> tuple[jax.Array, Any]:
        """See `Act`."""
        size, count = self.table.shape
        draw = jax.vmap(lambda key: jax.random.randint(key, (size,), 0, count))(_keys(self.key, now.frame))
        drawn = self.table[jnp.arange(size), draw]
        return jnp.where(self.chosen & now.active[:, None], drawn, values), state


class Noisy(Act):
    """Add normal noise, white or AR(1).

    Attributes:
        sd: standard deviation, shape (n, units).
        correlation: from step to step, shape (n, 1); 0 for white noise.
        key: of the draws, shape (n, 2).
    """

    sd: jax.Array
    correlation: jax.Array
    key: jax.Array

    NEUTRAL: ClassVar[Mapping[str, Any]] = {"sd": 0.0, "correlation": 0.0, "key": 0}

    def begin(self) -> Any:
        """Noise of the step before, standard normal."""
        return jnp.zeros_like(self.sd)

    def __call__(self, values: jax.Array, state: Any, now: Now) -> tuple[jax.Array, Any]:
        """See `Act`."""
        size = self.sd.shape[1]
        new = jax.vmap(lambda key: jax.random.normal(key, (size,)))(_keys(self.key, now.frame))
        correlation = jnp.where(now.is_first[:, None], 0.0, self.correlation)
        noise = correlation * state + jnp.sqrt(1 - correlation**2) * new
        concerned = (self.sd != 0) & now.active[:, None]
        return jnp.where(concerned, values + self.sd * noise, values), noise


class Leaky(Act):
    """Follow the values with an exponential lag.

    Attributes:
        decay: what is left of the difference after a step, shape (n, units); 0 for no lag.
    """

    decay: jax.Array

    NEUTRAL: ClassVar[Mapping[str, Any]] = {"decay": 0.0}

    def begin(self) -> Any:
        """Values of the step before."""
        return jnp.zeros_like(self.decay)

    def __call__(self, values: jax.Array, state: Any, now: Now) -> tuple[jax.Array, Any]:
        """See `Act`."""
        concerned = (self.decay != 0) & (now.active & ~now.is_first)[:, None]
        found = jnp.where(concerned, values + self.decay * (state - values), values)
        return found, found


class Delayed(Act):
    """Delay values by control steps.

    Attributes:
        steps: how many, shape (n, units).
        memory: the largest of all environments, as a shape: (memory,).
    """

    steps: jax.Array
    memory: jax.Array

    NEUTRAL: ClassVar[Mapping[str, Any]] = {"steps": 0}
    SHARED: ClassVar[tuple[str, ...]] = ("memory",)

    def begin(self) -> Any:
        """Values of the last steps, the latest first, shape (memory, n, units)."""
        return jnp.zeros((len(self.memory), *self.steps.shape))

    def __call__(self, values: jax.Array, state: Any, now: Now) -> tuple[jax.Array, Any]:
        """See `Act`."""
        past = jnp.where(now.is_first[None, :, None], values[None], state)
        past = jnp.concatenate([values[None], past])
        late = jnp.take_along_axis(past, self.steps[None], axis=0)[0]
        concerned = (self.steps != 0) & now.active[:, None]
        return jnp.where(concerned, late, values), past[:-1]


def _keys(keys: jax.Array, frame: jax.Array) -> jax.Array:
    """The keys of a step, which do not depend on the place in the batch."""
    return jax.vmap(jax.random.fold_in)(keys, frame)
