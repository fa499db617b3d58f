"""Interventions in one control step, inside the compiled function.

stepping = Stepping(plan, state, task, physics, is_first)
normalized = stepping.observed(normalized, normalizer)
with tapped(stepping.tap, stepping.sites):
    output = agent.act(…)
state = stepping.end()
"""

from typing import Any

import jax
import jax.numpy as jnp

from rodent.intervention.acts import Now
from rodent.intervention.plan import Plan, PlanState, Report
from rodent.intervention.signals import signal
from rodent.intervention.swapped import Swapped
from rodent.intervention.weight_acts import WeightAct
from rodent.physics.engine import PhysicsState
from rodent.policy.policy import LIMIT, Normalizer
from rodent.policy.taps import Inputs
from rodent.tasks.task import Observation, Task


class Stepping:
    """One step of all interventions; collects their next state while the network is applied.

    Args:
        plan: the interventions.
        state: of the step before.
        task: of one environment.
        physics: that the agent acts on.
        is_first: whether an episode begins, shape (n,).
    """

    def __init__(
        self, plan: Plan, state: PlanState, task: Task[Any], physics: PhysicsState, is_first: jax.Array
    ):
        self._plan, self._state, self._is_first = plan, state, is_first
        read = [
            signal(task.scene, name, task.timestep)(physics, memory, is_first)
            for name, memory in zip(plan.signals, state.signals, strict=True)
        ]
        signals = jnp.stack([values for values, _ in read], 1) if read else jnp.zeros((len(is_first), 0))
        self._signals = tuple(memory for _, memory in read)
        self._schedule, self._active = plan.schedule.step(state.schedule, state.frame, signals)
        self._counts = state.frame < plan.frames
        report = state.report
        self._report = Report(
            report.changed,
            report.active + (self._active & self._counts[:, None]),
            jnp.fmin(report.lowest, signals),
            jnp.fmax(report.highest, signals),
        )
        self._acts: list[Any] = list(state.acts)
        self._changed = report.changed
        self._inputs: dict[str, Inputs] = {}

    @property
    def sites(self) -> frozenset[str]:
        """Addresses of all sites that are changed or looked at."""
        acts = self._plan.acts
        looked_at = {act.entrance for act in acts if isinstance(act, Swapped)}
        return frozenset(act.site for act in acts) | looked_at

    def observed(self, normalized: Observation, normalizer: Normalizer) -> Observation:
        """The normalised observation after all acts on its parts, which act on values in their units.

        What no act changes keeps its bits: it is not computed from values in units again.
        """
        found: dict[str, jax.Array] = dict(normalized)
        for site, (group, begin, end) in self._plan.places:
            part = found[group][:, begin:end]
            mean, std = normalizer.mean[group][begin:end], normalizer.std[group][begin:end]
            values = part * std + mean
            changed = self.tap(site, values)
            again = jnp.clip((changed - mean) / std, -LIMIT, LIMIT)
            found[group] = found[group].at[:, begin:end].set(jnp.where(changed != values, again, part))
        return found

    def tap(self, site: str, values: jax.Array, inputs: Inputs | None = None) -> jax.Array:
        """The values of a site (n, units), after all acts there; see `rodent.policy.taps.Tap`."""
        if inputs is not None:
            self._inputs[site] = inputs
        acts = [(i, act) for i, act in enumerate(self._plan.acts) if act.site == site]
        left = None
        for i, act in acts:
            given = self._inputs[act.entrance] if isinstance(act, Swapped) else inputs
            now = Now(self._state.frame, self._is_first, self._active, given, left)
            values, self._acts[i], changed = act.applied(values, self._acts[i], now)
            self._changed += jnp.where(self._counts[:, None], changed, 0)
            if isinstance(act, WeightAct) and inputs is not None and len(acts) > 1:
                here = act.left(self._active, inputs)
                left = here if left is None else left * here
        return values

    def end(self) -> PlanState:
        """The state after the step."""
        return PlanState(
            frame=self._state.frame + 1,
            schedule=self._schedule,
            signals=self._signals,
            acts=tuple(self._acts),
            report=self._report._replace(changed=self._changed),
        )
