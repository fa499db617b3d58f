"""What the agent does in one control step, with or without interventions."""

import jax

from rodent.intervention import ACTION, Stepping
from rodent.loop.settings import Loop
from rodent.loop.state import Actor
from rodent.policy.agent import AgentOutput, Memory, Noise
from rodent.policy.gates import capture_gates
from rodent.policy.taps import Inputs, tapped, taps
from rodent.recording.gates import is_gate
from rodent.tasks.task import Observation


def act(
    loop: Loop,
    actor: Actor,
    memory: Memory,
    observation: Observation,
    noise: Noise,
    stepping: Stepping | None,
) -> tuple[AgentOutput, dict[str, jax.Array]]:
    """The agent's output, and its units if `loop.units`, after interventions.

    Args:
        loop: settings.
        actor: parameters of the agent.
        memory: of the agent.
        observation: normalised.
        noise: of latent and action.
        stepping: the present step of interventions; None for none.
    """
    if stepping is not None:
        return _act_under_interventions(loop, actor, memory, observation, noise, stepping)
    if not loop.units:
        scale = loop.exploration.std_scale
        return loop.agent.act(actor.params, memory, observation, noise, scale), {}
    with capture_gates() as gates:
        output, units = loop.agent.probe(actor.params, memory, observation, noise)
    return output, units | (gates if loop.gates else {})


def _act_under_interventions(
    loop: Loop,
    actor: Actor,
    memory: Memory,
    observation: Observation,
    noise: Noise,
    stepping: Stepping,
) -> tuple[AgentOutput, dict[str, jax.Array]]:
    """`act` with interventions; units are those after them."""
    agent, gates = loop.agent, dict[str, jax.Array]()

    def tap(site: str, values: jax.Array, inputs: Inputs | None = None) -> jax.Array:
        values = stepping.tap(site, values, inputs)
        if is_gate(site):
            gates[site] = values
        return values

    recorded = {name for name in taps(agent) if is_gate(name)} if loop.gates else set[str]()
    with tapped(tap, stepping.sites | recorded):
        if loop.units:
            output, units = agent.probe(actor.params, memory, observation, noise)
        else:
            units = {}
            output = agent.act(actor.params, memory, observation, noise, loop.exploration.std_scale)
    if output.command is None:
        output = output._replace(action=stepping.tap(ACTION, output.action))
    else:
        output = output._replace(command=stepping.tap(ACTION, output.command))
    return output, units | (gates if loop.gates else {})
