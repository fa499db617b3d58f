"""Two presses or touches a time apart: what `lever` and `two_tap` share.

    pair = no_press()
    pair = followed(pair, pressed, timestep, config)      # a control step later
    pair.since, pair.interval                              # s

A trial begins with a cue. The first press starts a clock; the second ends the trial, and so does waiting too
long for it. The next trial begins after a pause without a press.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent import rotation
from rodent.physics.engine import PhysicsState
from rodent.recording.channels import Channel
from rodent.recording.trials import NONE, Trial, first_time
from rodent.sensing.proprioception import Observed, sensed
from rodent.sensing.proprioception import proprioception as senses_of
from rodent.tasks.locomotion import WalkingTask, effort, fall
from rodent.tasks.pair_settings import PairConfig
from rodent.tasks.task import PROPRIOCEPTION, Measure, Metric

TRIAL, TARGET = "trial", "target"
FORE_PAWS = slice(0, 2)
"""Of the body's end effectors."""
ROUNDING = 1e-4
"""Seconds by which a sum of control steps may be off."""
_WAITING = -1.0
_PAIR, _FIRST, _NEAR = (
    20.0,
    2.0,
    0.1,
)  # rewards of an ideal pair, of its first press, of a step with a paw near
_CLOSE = 0.03  # metres from the target at which the last has fallen to 1/e


class Pair(NamedTuple):
    """Where a trial stands.

    Attributes:
        down: whether the target is pressed or touched, bool.
        since: time since the first press of the trial, s; -1 before it.
        rest: time until the next trial begins, s; 0 in a trial.
        interval: of the pair that was completed in this step, s; 0 in all other steps.
        ended: whether a trial with a first press ended in this step, bool.
    """

    down: jax.Array
    since: jax.Array
    rest: jax.Array
    interval: jax.Array
    ended: jax.Array


class PairState(NamedTuple):
    """Where one environment stands.

    Attributes:
        step: control steps so far.
        pair: of the present trial.
        trial: number of the present trial, from 0.
        targets: position of the target of each trial, m, shape (targets, 3); they are used in turn.
    """

    step: jax.Array
    pair: Pair
    trial: jax.Array
    targets: jax.Array


def no_press() -> Pair:
    """The begin of the first trial."""
    zero, no = jnp.zeros(()), jnp.zeros((), bool)
    return Pair(no, jnp.float32(_WAITING), zero, zero, no)


def followed(pair: Pair, pressed: jax.Array, timestep: float, config: PairConfig) -> Pair:
    """A pair a control step later.

    Args:
        pair: before the step.
        pressed: whether the target is pressed after it, bool.
        timestep: seconds of the step.
        config: times.
    """
    onset, resting = pressed & ~pair.down, pair.rest > 0
    timing = ~resting & (pair.since >= 0)
    since = jnp.where(timing, pair.since + timestep, pair.since)
    second = timing & onset
    # half a step less, so that sums of steps are not a matter of rounding
    late = timing & ~onset & (since > config.longest - 0.5 * timestep)
    ended = second | late
    first = ~resting & ~timing & onset
    rest = jnp.maximum(0.0, jnp.where(pair.rest < 1.5 * timestep, 0.0, pair.rest - timestep))
    # a press in the pause makes it start again
    rest = jnp.where(ended | (resting & onset), config.pause, rest)
    since = jnp.where(first, 0.0, jnp.where(ended, _WAITING, since))
    interval = jnp.where(second, pair.since + timestep, 0.0)
    return Pair(pressed, since, rest, interval, ended)


class PairTask(WalkingTask[PairState]):
    """Base of tasks of two presses; what a press is, and what an interval earns, is theirs.

    Attributes:
        config: times.
    """

    config: Any = flax.struct.field(pytree_node=False)

    def pressed(self, state: PairState, physics: PhysicsState) -> jax.Array:
        """Whether the target is pressed, bool."""
        raise NotImplementedError

    def targets(self, key: jax.Array) -> jax.Array:
        """Positions of the targets of an episode, m, shape (targets, 3)."""
        raise NotImplementedError

    def credit(self, interval: jax.Array) -> jax.Array:
        """What an interval earns, from 0 to 1."""
        raise NotImplementedError

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What was not earned, the distance of the nearest fore paw, and pairs in the step of their end."""
        return {
            "unrewarded": Metric("unrewarded", "1", 1.0, 1.0),
            "distance": Metric("paw_distance_mm", "m", 1e3, 100.0),
            "interval": Metric("interval_s", "s", 1.0, 0.0),
            "rewarded": Metric("rewarded", "1", 1.0, 0.0),
            "ended": Metric("ended", "1", 1.0, 0.0),
        }

    def initial_state(self, start: jax.Array, key: jax.Array) -> PairState:
        """Draws the targets of the episode."""
        return PairState(jnp.int32(0), no_press(), jnp.int32(0), self.targets(key))

    def observe(self, state: PairState, physics: PhysicsState) -> dict[str, jax.Array]:
        """What the body senses, the trial, and where the target is."""
        return {
            PROPRIOCEPTION: senses_of(self.scene, physics, self.config.senses),
            TRIAL: jnp.concatenate([one.values for one in self._trial(state).values()]),
            TARGET: self._seen(state, physics),
        }

    def observation_parts(self, state: PairState, physics: PhysicsState) -> dict[str, dict[str, Observed]]:
        """See `Task.observation_parts`."""
        return {
            PROPRIOCEPTION: sensed(self.scene, physics, self.config.senses),
            TRIAL: self._trial(state),
            TARGET: {"vector": Observed(self._seen(state, physics), "m")},
        }

    def update(self, state: PairState, physics: PhysicsState) -> PairState:
        """Follows the presses."""
        pair = followed(state.pair, self.pressed(state, physics), self.timestep, self.config)
        return state._replace(pair=pair, trial=state.trial + pair.ended)

    def measure(self, state: PairState, physics: PhysicsState) -> Measure:
        """What the last step earned; a fall ends the episode."""
        pair = state.pair
        done = pair.interval > 0
        off = jnp.abs(pair.interval - self.config.interval)
        rewarded = done & (off < self.config.tolerance + ROUNDING)
        values = {
            "unrewarded": 1.0 - jnp.where(done, self.credit(pair.interval), 0.0),
            "distance": self.paw_distance(state, physics),
            "interval": pair.interval,
            "rewarded": rewarded.astype(jnp.float32),
            "ended": pair.ended.astype(jnp.float32),
        }
        return Measure(values, fall(physics.qpos[3:7]))

    def reward(
        self,
        state: PairState,
        physics: PhysicsState,
        measure: Measure,
        action: jax.Array,
        previous: jax.Array,
    ) -> dict[str, jax.Array]:
        """For the interval, for the first press, and for a paw near the target; costs of effort."""
        pair, distance = state.pair, measure.metrics["distance"]
        near = jnp.exp(-jnp.square(distance / _CLOSE))
        return {
            "interval": _PAIR * (1.0 - measure.metrics["unrewarded"]),
            "first": _FIRST * (pair.since == 0),
            "near": _NEAR * near * (pair.rest <= 0),
            **effort(action, previous),
        }

    def paw_distance(self, state: PairState, physics: PhysicsState) -> jax.Array:
        """Distance of the nearest fore paw from the target, m, shape ()."""
        paws = physics.xpos[self.scene.end_effector_rows[FORE_PAWS]]
        return jnp.linalg.norm(paws - self.target(state), axis=-1).min()

    def target(self, state: PairState) -> jax.Array:
        """Position of the present target, m, shape (3,)."""
        return state.targets[state.trial % len(state.targets)]

    def channels(self, state: PairState) -> dict[str, jax.Array]:
        """The trial and its target."""
        pair = state.pair
        trial = jnp.stack([pair.rest <= 0, pair.down]).astype(jnp.float32)
        return {TRIAL: trial, TARGET: self.target(state)}

    @property
    def own_channels(self) -> Mapping[str, Channel]:
        """The trial and its target."""
        return {
            TRIAL: Channel(
                "1", "whether a trial is on, and whether the target is pressed", ("on", "pressed")
            ),
            TARGET: Channel("m", "position of the target", ("x", "y", "z")),
        }

    def trials(self, states: PairState) -> list[Trial]:
        """A trial per cue; the response is the first press, the reward comes at the second."""
        pair, kind = states.pair, self.config.kind
        on = np.concatenate([[False], np.asarray(pair.rest) <= 0, [False]])
        edges = np.flatnonzero(on[1:] != on[:-1]).reshape(-1, 2)
        found = []
        for first, last in edges.tolist():
            start = first * self.timestep
            response = start + first_time(pair.since[first:last] >= 0, self.timestep)
            # at the end of the episode a trial may be open
            interval = float(pair.interval[last]) if last < len(pair.interval) else 0.0
            outcome = self._outcome(interval)
            stop = last * self.timestep
            reward = stop if outcome == "rewarded" else NONE
            values = {"interval": interval or NONE}
            found.append(Trial(start, stop, start, response, reward, kind, outcome, values))
        return found

    @property
    def trial_columns(self) -> Mapping[str, Channel]:
        """The interval of a trial."""
        return {"interval": Channel("s", "from the first to the second; NaN without a second", (), "f8")}

    def _outcome(self, interval: float) -> str:
        off = interval - self.config.interval
        if interval == 0:
            return "missed"
        if abs(off) < self.config.tolerance + ROUNDING:
            return "rewarded"
        return "early" if off < 0 else "late"

    def _trial(self, state: PairState) -> dict[str, Observed]:
        pair = state.pair
        on, down = ((x[None]).astype(jnp.float32) for x in (pair.rest <= 0, pair.down))
        parts = {"on": Observed(on, "1"), "pressed": Observed(down, "1")}
        if self.config.clock:
            parts["since"] = Observed(jnp.maximum(pair.since, 0.0)[None], "s")
        return parts

    def _seen(self, state: PairState, physics: PhysicsState) -> jax.Array:
        """Where the target is, in the frame of the root, m, shape (3,)."""
        away = self.target(state) - physics.xpos[self.scene.root_row]
        return rotation.into_frame(physics.qpos[3:7], away)


def intervals(metrics: Sequence[Mapping[str, np.ndarray]], alive: Sequence[np.ndarray]) -> np.ndarray:
    """Intervals of all pairs that were completed before a failure, s, shape (pairs,)."""
    kept = [one["interval"][good] for one, good in zip(metrics, alive, strict=True)]
    values = np.concatenate(kept)
    return values[values > 0]
