"""Press a lever twice, 700 ms apart: a skill of timing (Kawai et al. 2015, doi:10.1016/j.neuron.2015.03.024).

    scene = make_scene(SceneConfig(arena=LeverArenaConfig()))
    task = LeverConfig().build(scene, None)

The lever is a pad on a spring in front of the right fore paw. It is pressed when it passes a depth while a
fore paw is at it.
"""

from collections.abc import Sequence

import flax.struct
import jax
import jax.numpy as jnp

from rodent.errors import InputError
from rodent.physics.engine import PhysicsState
from rodent.scene import Scene
from rodent.scene.lever import LEVER, PAD
from rodent.scene.scene import ARENA
from rodent.tasks.pair_settings import LeverConfig
from rodent.tasks.pairs import PairState, PairTask, intervals
from rodent.tasks.task import Figure, Played

_JOINT = f"{ARENA}{LEVER}"
_SCALE = 0.15  # seconds that an interval is off at which its reward has fallen to 1/e
_ERROR, _CV, _PAIRS = 0.07, 0.2, 1.0  # bars: s, 1, pairs per episode


def require_lever(scene: Scene, press: float) -> None:
    """Refuse a scene without a lever, or with one that cannot be pressed so deep.

    Raises:
        InputError: it is so.
    """
    if _JOINT not in scene.joint_names:
        raise InputError(
            f"the task lever needs a lever, and {scene.config.describe()} has none: --arena lever"
        )
    travel = -float(scene.joint_range[scene.joint_names.index(_JOINT), 0])
    if not press < travel:
        raise InputError(f"task press is {press:g} m, and the lever slides {travel:g} m; expected less")


class Lever(PairTask):
    """The task of pressing a lever twice.

    Attributes:
        config: times and depths.
    """

    config: LeverConfig = flax.struct.field(pytree_node=False)

    def pressed(self, state: PairState, physics: PhysicsState) -> jax.Array:
        """Pressed by a fore paw, and not released since, bool."""
        (joint,) = self.scene.joint_ids([_JOINT])
        depth = -physics.qpos[7 + joint]
        by_paw = self.paw_distance(state, physics) <= self.config.reach
        begins = (depth >= self.config.press) & by_paw
        return jnp.where(state.pair.down, depth >= 0.5 * self.config.press, begins)

    def targets(self, key: jax.Array) -> jax.Array:
        """The top of the pad at rest."""
        model = self.scene.model
        body, geom = model.body(_JOINT), model.geom(f"{ARENA}{PAD}")
        x, y, z = body.pos.tolist()
        return jnp.array([[x, y, z + geom.size[2]]], jnp.float32)

    def credit(self, interval: jax.Array) -> jax.Array:
        """Closeness of the interval."""
        return jnp.exp(-jnp.square((interval - self.config.interval) / _SCALE))

    def figures(self, played: Sequence[Played]) -> list[Figure]:
        """Error of the mean interval, its coefficient of variation, and pairs per episode.

        With fewer than two pairs the error is the whole interval, and the coefficient of variation 1.
        """
        found = intervals([one.metrics for one in played], [~one.failed for one in played])
        enough = len(found) > 1
        mean = float(found.mean()) if enough else 0.0
        return [
            Figure("error_of_mean_interval_s", abs(mean - self.config.interval), _ERROR, "most"),
            Figure("cv_of_interval", float(found.std(ddof=1)) / mean if enough else 1.0, _CV, "most"),
            Figure("pairs_per_episode", len(found) / len(played), _PAIRS, "least"),
        ]
