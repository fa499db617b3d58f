"""What interventions do to the activations of one site, in some of n environments at once.

    act = Affine.stacked("decoder/layer_0", 512, {3: (0, {"gain": gain, "add": add})})
    state = act.begin()
    values, state, changed = act.applied(values, state, now)

Acts are trees of arrays that lead with the environments that have them, so that every environment can have an
intervention of its own, and pays for no other. What an act does not concern keeps its bits.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.policy.taps import Inputs

Rows = Mapping[str, Any]
"""Arrays of one environment by field of an act; those that environments share may be trees."""


class Now(NamedTuple):
    """The present step of some environments.

    Attributes:
        frame: control steps since the rollout began, shape (n,).
        is_first: whether an episode begins, shape (n,).
        active: whether the act's intervention is active, shape (n,); of each intervention of an environment,
            shape (n, columns), for `Act.applied`.
        inputs: of all environments, for acts on weights.
        left: fraction of each weight that earlier acts leave, of all environments, shape (n, inputs, units);
            None for all.
    """

    frame: jax.Array
    is_first: jax.Array
    active: jax.Array
    inputs: Inputs | None = None
    left: jax.Array | None = None


class Act(flax.struct.PyTreeNode):
    """Base of acts; arrays lead with m environments.

    Attributes:
        site: address of what is changed.
        envs: indices of the environments, shape (m,). To compile fewer programs, m is rounded up, see
            `padded`, to the number of all environments at most; indices beyond these are padding.
        column: index of the intervention among those of the environment, shape (m,).
    """

    site: str = flax.struct.field(pytree_node=False)
    envs: jax.Array
    column: jax.Array

    NEUTRAL: ClassVar[Mapping[str, Any]] = {}
    """The row, without its shape, of an environment that is not changed."""
    SHARED: ClassVar[tuple[str, ...]] = ()
    """Fields that all environments share: the longest that is given."""
    EVERY: ClassVar[bool] = False
    """Whether all environments have a row, because matrix products of few rows are rounded differently."""

    @classmethod
    def stacked(
        cls,
        site: str,
        n: int,
        rows: Mapping[int, tuple[int, Rows]],
        static: Mapping[str, Any] = MappingProxyType({}),
    ) -> Self:
        """The act of some of n environments.

        Args:
            site: address.
            n: number of all environments.
            rows: column of the intervention and arrays, by environment.
            static: fields that are constants of the compiled program.
        """
        padded = n if cls.EVERY else cls.padded(len(rows))
        envs = list(rows) if padded < n else list(range(n))
        beyond = [n] * (padded - len(rows)) if padded < n else []
        given = [row for _, row in rows.values()]
        fields = {}
        for name, one in given[0].items():
            if name in cls.SHARED:
                fields[name] = jax.tree.map(jnp.asarray, max((row[name] for row in given), key=len))
                continue
            neutral = np.full_like(one, cls.NEUTRAL[name])
            stacked = [rows[env][1][name] if env in rows else neutral for env in (*envs, *beyond)]
            fields[name] = jnp.asarray(np.stack(stacked))
        column = [rows[env][0] if env in rows else 0 for env in (*envs, *beyond)]
        return cls(
            site=site,
            envs=jnp.array([*envs, *beyond], jnp.int32),
            column=jnp.array(column, jnp.int32),
            **fields,
            **static,
        )

    @classmethod
    def padded(cls, count: int) -> int:
        """How many rows a number of environments has, with padding."""
        return 1 << (count - 1).bit_length()

    def begin(self) -> Any:
        """The state before the first step."""
        return ()

    def applied(self, values: jax.Array, state: Any, now: Now) -> tuple[jax.Array, Any, jax.Array]:
        """The values of all environments after the act.

        Args:
            values: of the site, shape (n, units).
            state: of the step before.
            now: of all environments.

        Returns:
            the values, the next state, and how many values were changed, shape (n, columns).
        """
        frame, is_first = (x.at[self.envs].get(mode="clip") for x in (now.frame, now.is_first))
        active = now.active.at[self.envs, self.column].get(mode="clip")
        before = values if len(self.envs) == len(values) else values.at[self.envs].get(mode="clip")
        after, state = self(before, state, Now(frame, is_first, active, now.inputs, now.left))
        counts = ((after != before) & jnp.isfinite(before)).sum(1, dtype=jnp.int32)
        changed = jnp.zeros(now.active.shape, jnp.int32).at[self.envs, self.column].add(counts, mode="drop")
        if len(self.envs) == len(values):
            return after, state, changed
        return values.at[self.envs].set(after, mode="drop"), state, changed

    def __call__(self, values: jax.Array, state: Any, now: Now) -> tuple[jax.Array, Any]:
        """Changed values of the m environments, shape (m, units), and the next state."""
        raise NotImplementedError


class Affine(Act):
    """Multiply and add: also silence to a value (a gain of 0), and clamp.

    Attributes:
        gain, add: shape (m, units).
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
        chosen: whether a unit is replaced, shape (m, units).
        key: of the draws, shape (m, 2).
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
        draw = jax.vmap(lambda key: jax.random.uniform(key, (size,)))(_keys(self.key, now.frame))
        drawn = self.table[jnp.arange(size), (count * draw).astype(int)]
        return jnp.where(self.chosen & now.active[:, None], drawn, values), state


class Noisy(Act):
    """Add normal noise, white or AR(1).

    Attributes:
        sd: standard deviation, shape (m, units).
        correlation: from step to step, shape (m, 1); 0 for white noise.
        key: of the draws, shape (m, 2).
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
        decay: what is left of the difference after a step, shape (m, units); 0 for no lag.
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
        steps: how many, shape (m, units).
        memory: the largest of all environments, as a shape: (memory,).
    """

    steps: jax.Array
    memory: jax.Array

    NEUTRAL: ClassVar[Mapping[str, Any]] = {"steps": 0}
    SHARED: ClassVar[tuple[str, ...]] = ("memory",)

    def begin(self) -> Any:
        """Values of the last steps, the latest first, shape (memory, m, units)."""
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
