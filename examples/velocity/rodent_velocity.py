"""Move at a commanded velocity: a task of a package of its own."""

import dataclasses

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.rotation import into_frame
from rodent.tasks import Measure, Metric, Task, proprioception, standing


@dataclasses.dataclass(frozen=True)
class VelocityConfig:
    """Move forward and turn at a commanded velocity."""

    fastest: tuple[float, float] = (0.1, 0.5)
    """Largest velocity forward (m/s) and turn to the left (rad/s) that is commanded."""
    steps: int = 250
    """Control steps of an episode."""
    needs_clips = False

    def build(self, scene, clips):
        return Velocity(scene, 0.02, self)


class Velocity(Task[dict]):
    config: VelocityConfig = flax.struct.field(pytree_node=False)
    metrics = {"velocity": Metric("velocity_error_mm_per_s", "m/s", 1e3, 1000.0)}

    def initial_state(self, start, key):
        command = jax.random.uniform(key, (2,)) * jnp.array(self.config.fastest)
        return {"command": command, "steps": jnp.int32(0)}

    def initial_physics(self, state):
        return jax.tree.map(jnp.asarray, standing(self.scene))

    def observe(self, state, physics):
        return {"proprioception": proprioception(self.scene, physics), "command": state["command"]}

    def advance(self, state):
        return state | {"steps": state["steps"] + 1}

    def measure(self, state, physics):
        ahead, left, _ = into_frame(physics.qpos[3:7], physics.qvel[:3])
        turn = 0.1 * (physics.qvel[5] - state["command"][1])  # 10 cm from the axis
        error = jnp.sqrt((ahead - state["command"][0]) ** 2 + left**2 + turn**2)
        height, row = standing(self.scene).xpos[self.scene.root_row, 2], self.scene.root_row
        return Measure({"velocity": error}, 0.5 * height / jnp.maximum(physics.xpos[row, 2], 1e-3))

    def reward(self, state, physics, measure, action, previous):
        reached = jnp.exp(-jnp.square(measure.metrics["velocity"] / 0.1))
        return {"velocity": reached, "control_change": -0.05 * jnp.mean(jnp.square(action - previous))}

    def truncated(self, state):
        return state["steps"] >= self.config.steps

    def episode_steps(self, groups):
        return np.full(len(groups), self.config.steps)
