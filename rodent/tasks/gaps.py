"""Run along a track and cross its gaps.

task = GapsTaskConfig().build(make_scene(SceneConfig(arena=GapsConfig(width=(0.03, 0.06)))), None)
state = task.initial_state(jnp.int32(0), key)      # draws the platform where the animal begins
state.start                                        # m, m, rad
task.gaps                                          # where each gap begins and ends, m

A gap is met once a forepaw is beyond its near edge. It is crossed once all paws have been beyond its far edge
for a while without a break, none of them in a gap.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.sensing.proprioception import Observed, proprioception, sensed
from rodent.tasks.arena_settings import GapsTaskConfig
from rodent.tasks.locomotion import WalkingTask, effort, fall, heading, on_floor, sunk, tilt
from rodent.tasks.stance import standing_at
from rodent.tasks.task import PROPRIOCEPTION, Figure, Measure, Metric, Played

TRACK = "track"
_AHEAD, _SPEED, _CROSSED = 0.4, 0.25, 3.0  # weight of moving ahead, m/s that earns the most; for a gap
_TILT, _DIP, _DEPTH = 1.0, 1.0, 0.02  # costs where a fall begins, and of a paw in a gap, at this depth, m
_SEEN, _BEHIND = 0.5, 0.1  # metres: farthest edge that is seen; a gap is the next until it is so far behind
_CENTIMETRE = 0.01


class GapsState(NamedTuple):
    """Where one environment stands; G gaps.

    Attributes:
        step: control steps so far.
        start: x and y where the episode began, m, and direction, rad, shape (3,).
        ahead: x of the root at the last step, and at the step before, m, shape (2,).
        held: time for which all paws have been beyond each gap, s, shape (G,).
        met, crossed: gaps in front of the start that have been, shape (G,), bool.
        new: how many were crossed in the last step, shape ().
        sunk: whether the root has been below the ground, shape (), bool.
    """

    step: jax.Array
    start: jax.Array
    ahead: jax.Array
    held: jax.Array
    met: jax.Array
    crossed: jax.Array
    new: jax.Array
    sunk: jax.Array


class Gaps(WalkingTask[GapsState]):
    """The task of crossing gaps.

    Attributes:
        config: times and starts.
        gaps: where each gap begins and ends along x, m, shape (G, 2).
        starts_x: nearest and farthest x at which an episode can begin, by platform, m, shape (G, 2).
    """

    config: GapsTaskConfig = flax.struct.field(pytree_node=False)
    gaps: jax.Array
    starts_x: jax.Array

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Which gaps have been met and crossed, and whether the animal is below the ground."""
        sizes = tuple(f"{i}" for i in range(len(self.gaps)))
        return {
            "met": Metric("met", "1", 1.0, 0.0, parts=sizes),
            "crossed": Metric("crossed", "1", 1.0, 0.0, parts=sizes),
            "sunk": Metric("below_ground", "1", 1.0, 1.0),
        }

    def initial_state(self, start: jax.Array, key: jax.Array) -> GapsState:
        """Draws where the animal begins."""
        key_platform, key_place = jax.random.split(key)
        platform = jax.random.randint(key_platform, (), 0, len(self.starts_x))
        place = begins(self.config, self.starts_x[platform], jax.random.uniform(key_place, (3,)))
        x = on_floor(self.scene, standing_at(self.scene, place))[0]
        none = jnp.zeros(len(self.gaps), bool)
        no = jnp.zeros((), bool)
        return GapsState(
            jnp.int32(0), place, jnp.array([x, x]), jnp.zeros(len(none)), none, none, jnp.int32(0), no
        )

    def initial_physics(self, state: GapsState) -> PhysicsState:
        """Standing at the start."""
        return standing_at(self.scene, state.start)

    def observe(self, state: GapsState, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the body senses, and where it is on the track."""
        track = jnp.concatenate([part.values for part in self._track(physics).values()])
        return {PROPRIOCEPTION: proprioception(self.scene, physics, self.config.senses), TRACK: track}

    def observation_parts(self, state: GapsState, physics: PhysicsState) -> dict[str, dict[str, Observed]]:
        """See `Task.observation_parts`."""
        return {PROPRIOCEPTION: sensed(self.scene, physics, self.config.senses), TRACK: self._track(physics)}

    def update(self, state: GapsState, physics: PhysicsState) -> GapsState:
        """Notes which gaps are met and crossed."""
        paws = physics.xpos[self.scene.end_effector_rows[:-1]]
        near, far = self.gaps.T
        front = near > state.start[0]
        beyond = (paws[:, 0].min() > far) & (paws[:, 2] > 0).all() & (fall(physics.qpos[3:7]) <= 1)
        held = jnp.where(beyond, state.held + self.timestep, 0.0)
        # half a step less, so that sums of steps are not a matter of rounding
        landed = front & (held >= self.config.hold - 0.5 * self.timestep)
        return GapsState(
            step=state.step,
            start=state.start,
            ahead=jnp.array([on_floor(self.scene, physics)[0], state.ahead[0]]),
            held=held,
            met=state.met | (front & (paws[:, 0].max() > near)),
            crossed=state.crossed | landed,
            new=jnp.sum(landed & ~state.crossed, dtype=jnp.int32),
            sunk=state.sunk | (sunk(self.scene, physics) > 1),
        )

    def measure(self, state: GapsState, physics: PhysicsState) -> Measure:
        """Gaps met and crossed; a fall ends the episode, and so does a body below the platforms."""
        kept = {"met": state.met, "crossed": state.crossed, "sunk": state.sunk}
        metrics = {name: values.astype(jnp.float32) for name, values in kept.items()}
        return Measure(metrics, jnp.maximum(fall(physics.qpos[3:7]), sunk(self.scene, physics)))

    def reward(
        self,
        state: GapsState,
        physics: PhysicsState,
        measure: Measure,
        action: jax.Array,
        previous: jax.Array,
    ) -> dict[str, jax.Array]:
        """For moving along the track and for gaps crossed; costs of tilt, of paws in a gap, and of effort."""
        now, before = state.ahead
        depth = -physics.xpos[self.scene.end_effector_rows[:-1], 2] / _DEPTH
        return {
            "ahead": _AHEAD * jnp.clip((now - before) / (self.timestep * _SPEED), -1.0, 1.0),
            "crossed": _CROSSED * state.new,
            "tilt": -_TILT * tilt(physics.qpos[3:7]),
            "dip": -_DIP * jnp.mean(jnp.clip(depth, 0.0, 1.0)),
            **effort(action, previous),
        }

    def truncated(self, state: GapsState) -> jax.Array:
        """Once the last gap is crossed, or after the episode's time."""
        return super().truncated(state) | state.crossed[-1]

    def figures(self, played: Sequence[Played]) -> list[Figure]:
        """Gaps crossed of those met, in all and by size in centimetres; how many fell."""
        met, crossed = (
            np.array([one.metrics[name][~one.failed].max(0, initial=0.0) for one in played]).sum(0)
            for name in ("met", "crossed")
        )
        widths = np.diff(np.asarray(self.gaps), axis=1)[:, 0]
        size = np.floor(widths / _CENTIMETRE + 1e-6).astype(int)
        found = [Figure("gaps crossed per episode", float(crossed.sum() / len(played)))]
        if met.any():
            found.append(Figure("crossed of those met", float(crossed.sum() / met.sum())))
        for one in np.unique(size[met > 0]):
            share = crossed[size == one].sum() / met[size == one].sum()
            found.append(Figure(f"crossed of those met, {one} to {one + 1} cm", float(share)))
        below = np.array([one.metrics["sunk"][-1] > 0 for one in played])
        fell = np.array([one.failed.any() for one in played])
        return [
            *found,
            Figure("fell over", float((fell & ~below).mean())),
            Figure("fell off the track or through it", float(below.mean())),
        ]

    def _track(self, physics: PhysicsState) -> dict[str, Observed]:
        """The next two gaps, where each begins ahead of the root and how wide it is; side and heading."""
        x, side = on_floor(self.scene, physics)
        beyond = self.gaps[-1, 1] + _SEEN * jnp.array([[1.0, 1.0], [2.0, 2.0]])
        every = jnp.concatenate([self.gaps, beyond])
        next_gap = jnp.sum(self.gaps[:, 1] < x - _BEHIND)
        seen = {}
        for i, name in enumerate(("next", "second")):
            near, far = every[next_gap + i]
            edge = jnp.clip(near - x, -_SEEN, _SEEN)
            seen[name] = Observed(jnp.array([edge, far - near]), "m")
        return {
            **seen,
            "side": Observed(side[None], "m"),
            "heading": Observed(heading(physics.qpos[3:7]), "1"),
        }


def begins(config: GapsTaskConfig, limits: jax.Array, uniform: jax.Array) -> jax.Array:
    """Where an episode begins: x, y (m) and direction (rad), from three numbers in [0, 1), shape (3,).

    Args:
        config: how far from the middle line, and how far turned.
        limits: nearest and farthest x, m, shape (2,).
        uniform: shape (3,).
    """
    low, high = limits
    half = jnp.array([(high - low) / 2, config.start_side, config.start_turn])
    middle = jnp.array([(low + high) / 2, 0.0, 0.0])
    return middle + half * (2 * uniform - 1)
