"""Walk as commanded: forward speed, turning, and height of the head.

task = JoystickConfig().build(scene, None)
state = task.initial_state(jnp.int32(0), key)      # draws the commands of the whole episode
state.commands                                     # (commands, 3): m/s, rad/s, m
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.physics.engine import PhysicsState
from rodent.recording.channels import Channel
from rodent.recording.trials import NONE, Trial, first_time
from rodent.sensing.proprioception import Observed, proprioception, sensed
from rodent.tasks.goal_settings import JoystickConfig
from rodent.tasks.locomotion import Pace, WalkingTask, at_rest, effort, fall, smoothed_pace
from rodent.tasks.task import PROPRIOCEPTION, CommandRange, Figure, Measure, Metric, Played

COMMAND = "command"
_SCALES = {"speed": 0.15, "turn": 0.5, "head_height": 0.02}  # errors at which a reward has fallen to 1/e
_WEIGHTS = {"speed": 0.5, "turn": 0.3, "head_height": 0.2}
_SIDEWAYS = 0.2  # weight of the cost
_BARS = {"speed": 0.05, "turn": 0.2}  # m/s, rad/s
_NO_FALL = 0.9


class JoystickState(NamedTuple):
    """Where one environment stands.

    Attributes:
        step: control steps so far.
        commands: forward speed (m/s), turn (rad/s) and height of the head (m), one after another, shape
            (commands, 3).
        pace: smoothed motion.
    """

    step: jax.Array
    commands: jax.Array
    pace: Pace


class Joystick(WalkingTask[JoystickState]):
    """The task of walking as commanded.

    Attributes:
        config: ranges and times.
    """

    config: JoystickConfig = flax.struct.field(pytree_node=False)

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Errors of speed, turn and height of the head; whether the command is old enough to count."""
        return {
            "speed": Metric("speed_error_m_per_s", "m/s", 1.0, 1.0),
            "turn": Metric("turn_error_rad_per_s", "rad/s", 1.0, 3.0),
            "head_height": Metric("head_height_error_mm", "m", 1e3, 100.0),
            "settled": Metric("settled", "1", 1.0, 1.0),
        }

    def initial_state(self, start: jax.Array, key: jax.Array) -> JoystickState:
        """Draws all commands of the episode."""
        config = self.config
        low, high = jnp.array([config.speed, config.turn, config.head_height]).T
        count = int(np.ceil(config.seconds / config.every))
        commands = low + (high - low) * jax.random.uniform(key, (count, 3))
        return JoystickState(jnp.int32(0), commands, at_rest())

    def observe(self, state: JoystickState, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the body senses, and the command."""
        senses = self.config.senses
        return {PROPRIOCEPTION: proprioception(self.scene, physics, senses), COMMAND: self._command(state)}

    def observation_parts(
        self, state: JoystickState, physics: PhysicsState
    ) -> dict[str, dict[str, Observed]]:
        """See `Task.observation_parts`."""
        speed, turn, height = self._command(state)[:, None]
        command = {"speed": Observed(speed, "m/s"), "turn": Observed(turn, "rad/s")}
        return {
            PROPRIOCEPTION: sensed(self.scene, physics, self.config.senses),
            COMMAND: {**command, "head_height": Observed(height, "m")},
        }

    def update(self, state: JoystickState, physics: PhysicsState) -> JoystickState:
        """Follows the pace of the body."""
        return state._replace(pace=smoothed_pace(state.pace, physics, self.timestep))

    def measure(self, state: JoystickState, physics: PhysicsState) -> Measure:
        """Errors of the smoothed pace; a fall ends the episode."""
        speed, turn, height = self._command(state)
        head = physics.xpos[self.scene.end_effector_rows[-1], 2]
        old = (state.step % self._every) * self.timestep >= self.config.settle
        errors = {
            "speed": jnp.abs(state.pace.ahead - speed),
            "turn": jnp.abs(state.pace.turn - turn),
            "head_height": jnp.abs(head - height),
            "settled": old.astype(jnp.float32),
        }
        return Measure(errors, fall(physics.qpos[3:7]))

    def reward(
        self,
        state: JoystickState,
        physics: PhysicsState,
        measure: Measure,
        action: jax.Array,
        previous: jax.Array,
    ) -> dict[str, jax.Array]:
        """Tracking terms for speed, turn and head; costs of moving sideways and of effort."""
        errors = measure.metrics
        terms = {
            name: weight * jnp.exp(-jnp.square(errors[name] / _SCALES[name]))
            for name, weight in _WEIGHTS.items()
        }
        return terms | {
            "sideways": -_SIDEWAYS * jnp.square(state.pace.left / _SCALES["speed"]),
            **effort(action, previous),
        }

    def channels(self, state: JoystickState) -> dict[str, jax.Array]:
        """The command."""
        return {COMMAND: self._command(state)}

    @property
    def commands(self) -> Mapping[str, CommandRange]:
        """Speed, turn and height of the head."""
        config = self.config
        return {
            "speed": CommandRange("m/s", *config.speed),
            "turn": CommandRange("rad/s", *config.turn),
            "head height": CommandRange("m", *config.head_height),
        }

    def with_command(self, state: JoystickState, command: jax.Array) -> JoystickState:
        """All commands of the episode are this one."""
        return state._replace(commands=jnp.broadcast_to(command, state.commands.shape))

    @property
    def own_channels(self) -> Mapping[str, Channel]:
        """The command."""
        return {
            COMMAND: Channel(
                "1",
                "m/s, rad/s and m: forward speed, turn and height of the head",
                tuple(self.commands),
            )
        }

    def figures(self, played: Sequence[Played]) -> list[Figure]:
        """Errors over all but the first second of each command, and how many did not fall."""
        found = []
        for name, bar in _BARS.items():
            counted = [
                np.where(one.failed, self.metrics[name].worst, one.metrics[name])[
                    one.metrics["settled"] > 0.5
                ]
                for one in played
            ]
            error = float(np.mean(np.concatenate(counted)))
            found.append(Figure(self.metrics[name].label, error, bar, "most"))
        stood = float(np.mean([not one.failed.any() for one in played]))
        return [*found, Figure("no fall", stood, _NO_FALL, "least")]

    def trials(self, states: JoystickState) -> list[Trial]:
        """A trial per command; the response is the first time at which speed and turn are as commanded."""
        found, count = [], len(states.step)
        paces = np.column_stack([states.pace.ahead, states.pace.turn])
        for number, first in enumerate(range(0, count, self._every)):
            last = min(first + self._every, count)
            command = np.asarray(states.commands[0, number])
            good = (np.abs(paces[first:last] - command[:2]) <= tuple(_BARS.values())).all(1)
            start = first * self.timestep
            found.append(
                Trial(
                    start=start,
                    stop=last * self.timestep,
                    cue=start,
                    response=start + first_time(good, self.timestep),
                    reward=NONE,
                    kind=self._kind(command),
                    outcome="followed" if good.any() else "missed",
                    values=dict(zip(self.trial_columns, command.tolist(), strict=True)),
                )
            )
        return found

    @property
    def trial_columns(self) -> Mapping[str, Channel]:
        """The command of a trial."""
        return {
            "speed": Channel("m/s", "commanded forward speed", (), "f8"),
            "turn": Channel("rad/s", "commanded turn to the left", (), "f8"),
            "head_height": Channel("m", "commanded height of the head", (), "f8"),
        }

    def _kind(self, command: np.ndarray) -> str:
        """Speed and direction of a command, relative to the middles of their ranges."""
        fast, left = command[:2] > np.mean([self.config.speed, self.config.turn], axis=1)
        return f"{'fast' if fast else 'slow'}_{'left' if left else 'right'}"

    def _command(self, state: JoystickState) -> jax.Array:
        """The present command, shape (3,)."""
        return state.commands[jnp.minimum(state.step // self._every, len(state.commands) - 1)]

    @property
    def _every(self) -> int:
        return max(1, round(self.config.every / self.timestep))
