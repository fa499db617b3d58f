"""Interventions of n environments as arrays, for one compiled program.

    plan = planned([[silence], [gain, noise], []], prepared, task)      # three environments
    state = plan.begin()

Environments with different interventions share acts: an act at a site has a row for each environment that has
it. So the program depends on the sites and kinds, and roughly on how many environments have them, but not on
units, values and times.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

from rodent.errors import naming
from rodent.intervention.acts import Act
from rodent.intervention.body import body_factors
from rodent.intervention.effects import effects
from rodent.intervention.preparation import Effect, Preparation
from rodent.intervention.schedule import FOREVER, Schedule, ScheduleState, Times
from rodent.intervention.signals import signal, signal_state
from rodent.intervention.spec import Intervention
from rodent.tasks.task import Task


class Report(NamedTuple):
    """What interventions have done so far, arrays (n, …).

    Attributes:
        changed: how many values each intervention has changed, shape (n, columns).
        active: in how many control steps it was active, shape (n, columns).
        lowest, highest: values of each signal, shape (n, signals).
    """

    changed: jax.Array
    active: jax.Array
    lowest: jax.Array
    highest: jax.Array


class PlanState(NamedTuple):
    """State of the interventions of n environments between control steps.

    Attributes:
        frame: control steps since the rollout began, shape (n,).
        schedule: of triggers.
        signals: what each signal remembers.
        acts: of each act.
        report: of what was done.
    """

    frame: jax.Array
    schedule: ScheduleState
    signals: tuple[Any, ...]
    acts: tuple[Any, ...]
    report: Report


@flax.struct.dataclass
class Plan:
    """The interventions of n environments; column i holds the i-th of each environment.

    Attributes:
        acts: what is done, in order.
        schedule: when.
        frames: control steps of each rollout, shape (n,); later ones do not count as changed.
        signals: names of the signals of triggers.
        places: group and columns of the parts of the observation that are changed, by site.
        body: factors on actuators and bodies, each (n, elements); the engine must have the fields of
            `rodent.intervention.body.model_fields`.
        changed: how many actuators and bodies each intervention changes, shape (n, columns).
    """

    acts: tuple[Act, ...]
    schedule: Schedule
    frames: jax.Array
    signals: tuple[str, ...] = flax.struct.field(pytree_node=False)
    places: tuple[tuple[str, tuple[str, int, int]], ...] = flax.struct.field(pytree_node=False)
    body: dict[str, jax.Array]
    changed: jax.Array

    def begin(self, frame: int = 0) -> PlanState:
        """The state before a step.

        Args:
            frame: control steps since the rollout began.
        """
        shape = self.schedule.times.start.shape
        limits = [jnp.full((shape[0], len(self.signals)), x, jnp.float32) for x in (jnp.inf, -jnp.inf)]
        none = jnp.zeros(shape, jnp.int32)
        return PlanState(
            frame=jnp.full(shape[0], frame, jnp.int32),
            schedule=self.schedule.begin(),
            signals=tuple(signal_state(name, shape[0]) for name in self.signals),
            acts=tuple(act.begin() for act in self.acts),
            report=Report(self.changed, none, *limits),
        )


def planned(
    given: Sequence[Sequence[Intervention]],
    prepared: Preparation,
    task: Task[Any],
    *,
    frames: np.ndarray | None = None,
    numbers: Sequence[int] | None = None,
) -> Plan:
    """The interventions of n environments as arrays.

    Args:
        given: the interventions of each environment, in the order in which they act.
        prepared: what they are resolved for.
        task: of one environment.
        frames: control steps of each rollout, shape (n,); None for no end.
        numbers: of the rollouts, for draws that differ between them; None for equal draws.

    Raises:
        InputError: a site, a unit or a signal is unknown, or an intervention makes no sense there.
    """
    numbers = [0] * len(given) if numbers is None else numbers
    signals = sorted({one.condition.signal for row in given for one in row if one.condition is not None})
    resolved: dict[tuple[Intervention, int], list[Effect]] = {}
    for row, number in zip(given, numbers, strict=True):
        for one in row:
            if (one, number) not in resolved:
                with naming(f"intervention '{one}'"):
                    if one.condition is not None:
                        signal(task.scene, one.condition.signal, task.timestep)
                    resolved[one, number] = effects(one, prepared, number)
    rows = [[resolved[one, number] for one in row] for row, number in zip(given, numbers, strict=True)]
    times = [[Times.of(one, prepared.timestep, signals) for one in row] for row in given]
    ends = np.full(len(given), FOREVER) if frames is None else frames
    acts = _packed(rows)
    touched = {act.site for act in acts}
    places = tuple((site, place) for site, place in prepared.sites.places.items() if site in touched)
    factors, changed = body_factors(given, task.scene)
    return Plan(
        acts,
        Schedule.of(times),
        jnp.asarray(ends, jnp.int32),
        tuple(signals),
        places,
        {family: jnp.asarray(values, jnp.float32) for family, values in factors.items()},
        jnp.asarray(changed),
    )


def _packed(rows: Sequence[Sequence[Sequence[Effect]]]) -> tuple[Act, ...]:
    """Acts of all environments; `rows[environment][column]` are the effects of an intervention.

    Environments share acts of one type and site, and of the same static fields. Acts at a site keep the order
    of each environment.
    """
    slots: list[_Slot] = []
    for environment, columns in enumerate(rows):
        last: dict[str, int] = {}  # the slot of the environment's last act, by site
        for column, found in enumerate(columns):
            for effect in found:
                place = _free_slot(slots, effect, environment, last.get(effect.site, -1))
                slots[place].rows[environment] = (column, effect)
                last[effect.site] = place
    acts = []
    for slot in slots:
        taken = {environment: (column, effect.rows) for environment, (column, effect) in slot.rows.items()}
        acts.append(slot.act.stacked(slot.site, len(rows), taken, dict(slot.static)))
    return tuple(acts)


class _Slot(NamedTuple):
    """An act that environments share."""

    act: type[Act]
    site: str
    static: tuple[tuple[str, Any], ...]
    rows: dict[int, tuple[int, Effect]]


def _free_slot(slots: list[_Slot], effect: Effect, environment: int, after: int) -> int:
    """Index of the first slot for an effect that comes later than another; a new one if there is none."""
    for place in range(after + 1, len(slots)):
        slot = slots[place]
        same = slot[:3] == (effect.act, effect.site, effect.static)
        if same and environment not in slot.rows:
            return place
    slots.append(_Slot(effect.act, effect.site, effect.static, {}))
    return len(slots) - 1
