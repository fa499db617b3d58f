"""When interventions act: windows of time, pulse trains, and triggers from the state, by environment.

    state = schedule.begin()
    state, active = schedule.step(state, frame, signals)       # active: bool, shape (n, columns)

Every environment has its own interventions, one per column; columns that it does not use are never active.
All times are control steps.
"""

from typing import Any, NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.intervention.quantities import steps
from rodent.intervention.spec import Intervention

FOREVER = 2**30
"""Control steps that no rollout lasts."""


class Times(NamedTuple):
    """When one intervention acts.

    Attributes:
        start, stop: first step, and the one after the last.
        width, period: of pulses from the start on; a period of 0 for none.
        signal: index of the trigger's signal; -1 for no trigger.
        low, high: between which the signal must be.
        cyclic: whether the signal is a phase, which comes back after a cycle of 1.
        hold: whether it acts as long as the condition is true; else it is triggered when it becomes true.
        delay, duration, refractory: of the trigger.
    """

    start: int = 0
    stop: int = 0
    width: int = 0
    period: int = 0
    signal: int = -1
    low: float = 0.0
    high: float = 0.0
    cyclic: bool = False
    hold: bool = False
    delay: int = 0
    duration: int = FOREVER
    refractory: int = 0

    @classmethod
    def of(cls, intervention: Intervention, timestep: float, signals: list[str]) -> "Times":
        """Of a specification.

        Args:
            intervention: the specification.
            timestep: of control, s.
            signals: names of the signals of all triggers.
        """
        found: dict[str, Any] = {
            name: steps(getattr(intervention, name), timestep)
            for name in ("start", "stop", "delay", "duration", "refractory")
            if getattr(intervention, name) is not None
        }
        found = {"stop": FOREVER} | found
        if intervention.width is not None and intervention.period is not None:
            # a pulse lasts a control step at least
            found["width"] = max(1, steps(intervention.width, timestep))
            found["period"] = max(1, steps(intervention.period, timestep))
        if (condition := intervention.condition) is None:
            return cls(**found)
        return cls(
            **found,
            signal=signals.index(condition.signal),
            low=condition.low,
            high=condition.high,
            cyclic=condition.cyclic,
            hold=intervention.during is not None,
        )


class ScheduleState(NamedTuple):
    """State of the triggers, arrays (n, columns).

    Attributes:
        held: whether the condition was true in the last step.
        since: control steps since it was triggered.
    """

    held: jax.Array
    since: jax.Array


@flax.struct.dataclass
class Schedule:
    """When the interventions of n environments act.

    Attributes:
        times: `Times` of arrays (n, columns).
    """

    times: Any

    @classmethod
    def of(cls, rows: list[list[Times]]) -> "Schedule":
        """Of the interventions of every environment."""
        columns = max(len(row) for row in rows)
        full = [[*row, *[Times()] * (columns - len(row))] for row in rows]
        fields = [np.array([[getattr(one, name) for one in row] for row in full]) for name in Times._fields]
        arrays = [jnp.asarray(field.reshape(len(rows), columns)) for field in fields]
        return cls(Times._make(arrays))

    def begin(self) -> ScheduleState:
        """The state before the first step."""
        shape = self.times.start.shape
        return ScheduleState(jnp.zeros(shape, bool), jnp.full(shape, FOREVER, jnp.int32))

    def step(
        self, state: ScheduleState, frame: jax.Array, signals: jax.Array
    ) -> tuple[ScheduleState, jax.Array]:
        """The next state, and which interventions act.

        Args:
            state: of the step before.
            frame: control steps since the rollout began, shape (n,).
            signals: values of all signals, shape (n, signals); (n, 0) without triggers.
        """
        t, now = self.times, frame[:, None]
        window = (now >= t.start) & (now < t.stop)
        pulse = (t.period == 0) | ((now - t.start) % jnp.maximum(t.period, 1) < t.width)
        if signals.shape[1] == 0:
            return state, window & pulse
        value = jnp.take_along_axis(signals, jnp.maximum(t.signal, 0), axis=1)
        value = jnp.where(t.cyclic, t.low + jnp.mod(value - t.low, 1.0), value)
        # a window of a phase has its first value, so that windows side by side are the whole cycle
        above = (value > t.low) | (t.cyclic & (value == t.low))
        true = above & (value < t.high) & window
        since = jnp.minimum(state.since + 1, FOREVER)
        ready = (since >= t.delay + t.duration + t.refractory) | (since >= FOREVER)
        since = jnp.where(true & ~state.held & ready, 0, since)
        triggered = (since >= t.delay) & (since - t.delay < t.duration) & (since < FOREVER)
        condition = jnp.where(t.hold, true, triggered)
        active = window & pulse & ((t.signal < 0) | condition)
        return ScheduleState(true, since), active
