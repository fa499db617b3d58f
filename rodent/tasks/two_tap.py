"""Touch an orb twice with a fore paw, 0.8 s apart.

    task = TwoTapConfig().build(scene, None)
    state = task.initial_state(jnp.int32(0), key)
    state.targets                                       # (orbs, 3) metres

dm_control has this task for its rodent (`dm_control.locomotion.tasks.reach.TwoTouch`); Merel et al. 2020,
"Deep neuroethology of a virtual rodent", train a policy on it. Interval, tolerance, waiting time and height
of the orb are as there. An orb is no body: a paw is at it, or not.
"""

from collections.abc import Sequence

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.tasks.pair_settings import TwoTapConfig
from rodent.tasks.pairs import ROUNDING, PairState, PairTask
from rodent.tasks.stance import standing
from rodent.tasks.task import Figure, Played

_ORBS = 16  # of an episode; then they come again
_LEFT = 1.5  # times the radius at which a touch ends
_BAR = 0.5


class TwoTap(PairTask):
    """The task of touching an orb twice.

    Attributes:
        config: times and places.
    """

    config: TwoTapConfig = flax.struct.field(pytree_node=False)

    def pressed(self, state: PairState, physics: PhysicsState) -> jax.Array:
        """Touched by a fore paw, which has not left it since, bool."""
        radius = self.config.radius * jnp.where(state.pair.down, _LEFT, 1.0)
        return self.paw_distance(state, physics) <= radius

    def targets(self, key: jax.Array) -> jax.Array:
        """Orbs around the start."""
        config = self.config
        low, high = jnp.array([config.distance, config.direction]).T
        distance, angle = (low + (high - low) * jax.random.uniform(key, (_ORBS, 2))).T
        here = np.asarray(standing(self.scene).xpos[self.scene.root_row, :2])
        places = jnp.stack([distance * jnp.cos(angle), distance * jnp.sin(angle)], axis=1) + here
        return jnp.concatenate([places, jnp.full((_ORBS, 1), config.height)], axis=1)

    def credit(self, interval: jax.Array) -> jax.Array:
        """All within the tolerance, nothing beyond it."""
        off = jnp.abs(interval - self.config.interval)
        return (off < self.config.tolerance + ROUNDING).astype(jnp.float32)

    def figures(self, played: Sequence[Played]) -> list[Figure]:
        """Share of rewarded pairs among the trials with a first touch; 0 without any."""
        kept = [{name: one.metrics[name][~one.failed] for name in ("rewarded", "ended")} for one in played]
        begun = sum(float(one["ended"].sum()) for one in kept)
        rewarded = sum(float(one["rewarded"].sum()) for one in kept)
        return [Figure("rewarded pairs", rewarded / begun if begun else 0.0, _BAR, "least")]
