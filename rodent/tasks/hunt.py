"""What tasks of collecting targets share, in an open field or in a maze; see `rodent.tasks.targets`.

Two points walk beside the animal in every episode, see `rodent.tasks.targets.Pursuer`: an oracle, which goes
to the nearest of the same targets, and a stroller, which goes to places drawn at random in the field and
reaches targets only where it passes them. Their targets per minute are what those of the animal are compared
with.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.recording.channels import Channel
from rodent.tasks.locomotion import WalkingTask, effort, fall, on_floor, tilt
from rodent.tasks.targets import Field, Pursuer, pursued, scattered, visited, ways
from rodent.tasks.task import Figure, Measure, Metric, Played

TARGETS = "targets"
_CLOSER, _SPEED = 0.4, 0.25  # weight of the reward; m/s that earns the most: faster, rats fall
_REACHED, _TILT = 1.0, 2.0  # reward for a target, cost where a fall begins
_NO_FALL = 0.9  # bar, where there is one for the targets
S = TypeVar("S")


class Hunt(WalkingTask[S]):
    """Base of tasks of collecting targets.

    Their states are named tuples with these fields:

    - `step`: control steps so far.
    - `targets`: of the animal.
    - `distance`: of the root from each target along the shortest way, m, shape (n,).
    - `closer`: how much closer to the target that was nearest the last step has led, m, shape ().
    - `oracle`: the point that goes to the nearest of the same targets.
    - `stroller`: the point that goes to random places.
    - `passed`: the same targets, as the stroller passes them.
    """

    bar: ClassVar[float | None] = None
    """What the share of the oracle's targets should be at least."""

    @property
    def field(self) -> Field:
        """Where targets appear."""
        raise NotImplementedError

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Targets that are reached per time, by the animal and by the points that it is compared with."""
        return {
            "targets": Metric("targets_per_min", "1/s", 60.0, 0.0),
            "oracle": Metric("oracle_per_min", "1/s", 60.0, 0.0, past_failure=True),
            "stroller": Metric("random_per_min", "1/s", 60.0, 0.0, past_failure=True),
        }

    def begun(self, key: jax.Array, here: jax.Array, heading: jax.Array) -> dict[str, Any]:
        """Fields of the first state, with targets drawn.

        Args:
            key: of all targets of the episode.
            here: the root on the floor, m, shape (2,).
            heading: of the animal, rad, shape ().
        """
        key_targets, key_stroller = jax.random.split(key)
        targets = scattered(self.field, key_targets, self.config.targets)
        return {
            "step": jnp.int32(0),
            "targets": targets,
            "distance": ways(self.field, targets, here).length,
            "closer": jnp.zeros(()),
            "oracle": Pursuer(here, heading, targets),
            "stroller": Pursuer(here, heading, scattered(self.field, key_stroller, 1)),
            "passed": targets,
        }

    def update(self, state: Any, physics: PhysicsState) -> Any:
        """Notes what has been reached, and moves the two points."""
        here = on_floor(self.scene, physics)
        nearest = jnp.argmin(state.distance)
        closer = state.distance[nearest] - ways(self.field, state.targets, here).length[nearest]
        targets = visited(self.field, state.targets, here)
        step, turn = self.config.oracle_speed * self.timestep, self.config.oracle_turn * self.timestep
        stroller = pursued(self.field, state.stroller, step, turn)
        return state._replace(
            targets=targets,
            distance=ways(self.field, targets, here).length,
            closer=closer,
            oracle=pursued(self.field, state.oracle, step, turn),
            stroller=stroller,
            passed=visited(self.field, state.passed, stroller.place),
        )

    def measure(self, state: Any, physics: PhysicsState) -> Measure:
        """Targets that were reached in the last step, per second; a fall ends the episode."""
        found = {"targets": state.targets, "oracle": state.oracle.targets, "stroller": state.passed}
        rates = {name: one.reached / self.timestep for name, one in found.items()}
        return Measure(rates, fall(physics.qpos[3:7]))

    def reward(
        self, state: Any, physics: PhysicsState, measure: Measure, action: jax.Array, previous: jax.Array
    ) -> dict[str, jax.Array]:
        """For coming closer to the nearest target and for reaching it; costs of tilt and effort."""
        return {
            "closer": _CLOSER * jnp.clip(state.closer / (self.timestep * _SPEED), -1.0, 1.0),
            "reached": _REACHED * state.targets.reached,
            "tilt": -_TILT * tilt(physics.qpos[3:7]),
            **effort(action, previous),
        }

    def channels(self, state: Any) -> dict[str, jax.Array]:
        """The targets."""
        return {TARGETS: state.targets.places.reshape(-1)}

    @property
    def own_channels(self) -> Mapping[str, Channel]:
        """The targets."""
        columns = tuple(f"{axis} {i}" for i in range(self.config.targets) for axis in "xy")
        return {TARGETS: Channel("m", "positions of the targets on the floor", columns)}

    def figures(self, played: Sequence[Played]) -> list[Figure]:
        """Targets per minute as a share of the oracle's, those of all three, and who did not fall."""
        rates = {
            name: float(np.mean(np.concatenate([one.metrics[name] for one in played])))
            for name in ("oracle", "stroller")
        }
        reached = float(
            np.mean(np.concatenate([np.where(one.failed, 0.0, one.metrics["targets"]) for one in played]))
        )
        share = reached / rates["oracle"] if rates["oracle"] else float("nan")
        stood = float(np.mean([not one.failed.any() for one in played]))
        bars = (None, None) if self.bar is None else (self.bar, _NO_FALL)
        at = None if self.bar is None else "least"
        return [
            Figure("targets per minute, share of the oracle's", share, bars[0], at),
            Figure("no fall", stood, bars[1], at),
            Figure("targets per minute", reached),
            Figure("targets per minute of the oracle", rates["oracle"]),
            Figure("targets per minute at random", rates["stroller"]),
        ]
