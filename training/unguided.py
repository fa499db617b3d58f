"""How a body moves when no goal guides its policy: latents are drawn from the prior of its network.

    found = unguided(policy, clips)
    found["upright"], found["moved"]         # fractions of 64 starts
    found["silenced"]                        # the same with a decoder that says nothing

Good motor primitives keep the body up and move it about. Servos around a neutral pose hold a standing body up
by themselves, so upright bodies say little without those of a silent decoder beside them.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rodent.clips.clip import ClipSet
from rodent.errors import InputError
from rodent.loop import Actor, ClosedLoop, Decision, Exploration, Loop, host_engine, initial_states, iterate
from rodent.policy.intention import IntentionAgent
from rodent.policy.policy import Policy
from rodent.rollouts.episodes import policy_task
from rodent.tasks.locomotion import fall
from rodent.tasks.task import Task

STARTS, SECONDS = 64, 5.0
FAR = 0.3
"""Metres from its start, on the floor, that a body must get to have moved."""


def unguided(
    policy: Policy,
    clips: ClipSet,
    *,
    starts: int = STARTS,
    seconds: float = SECONDS,
    seed: int = 0,
    advance: Callable[[int], None] = lambda steps: None,
) -> dict[str, Any]:
    """Let the decoder act on latents of the prior.

    Args:
        policy: whose network has a prior.
        clips: whose frames, evenly distributed, the body begins in.
        starts: number of rollouts.
        seconds: duration of each.
        seed: of the latents.
        advance: called after every control step of two rounds, with and without the decoder.

    Returns:
        `starts`, `seconds`; `upright`: fraction that never lie on a side or the back; `moved`: fraction that
        are upright and get 0.3 m away; `silenced`: both without the output of the decoder.

    Raises:
        InputError: the network has no prior, or clips do not fit.
    """
    agent = policy.agent
    if not isinstance(agent, IntentionAgent) or not agent.config.prior:
        raise InputError(f"{policy!r} has no prior to draw latents from; train one with --network.prior 128")
    agent = dataclasses.replace(agent, source="prior")
    task = policy_task(policy, clips).for_evaluation()
    count = round(seconds / task.timestep)

    def played(params: Any) -> dict[str, float]:
        path = _path(task, agent, Actor(params, policy.normalizer), (starts, count, seed), advance)
        # what has diverged is not upright
        upright = np.asarray(fall(jnp.asarray(path[..., 3:7])) <= 1).all(axis=0)
        distance = np.linalg.norm(path[..., :2] - path[:1, :, :2], axis=-1).max(axis=0)
        return {"upright": float(upright.mean()), "moved": float((upright & (distance >= FAR)).mean())}

    with_decoder = played(policy.params)
    return {
        "starts": starts,
        "seconds": seconds,
        **with_decoder,
        "silenced": played(_silenced(policy.params)),
    }


def _path(
    task: Task[Any],
    agent: IntentionAgent,
    actor: Actor,
    size: tuple[int, int, int],
    advance: Callable[[int], None],
) -> np.ndarray:
    """Positions and orientations of the roots, shape (steps, n, 7); NaN after a divergence."""
    n, count, seed = size
    usable = np.flatnonzero(np.asarray(task.starts.usable))
    begin = usable[np.linspace(0, len(usable) - 1, n).astype(int)]
    engine = host_engine(task, n)
    state, physics = initial_states(agent, task, jnp.asarray(begin), jax.random.PRNGKey(seed))
    loop = Loop(agent, Exploration(sample=True, std_scale=0.0), restart="never")
    carried = (state, engine.begin(jax.tree.map(np.asarray, physics)))
    rows = []
    steps = iterate(ClosedLoop(loop, task, actor, engine), carried, _pose)
    for _, (_, step) in zip(range(count), steps, strict=False):
        rows.append(np.asarray(step.kept))
        advance(1)
    return np.stack(rows)


def _pose(task: Task[Any], decision: Decision) -> jax.Array:
    return decision.physics.qpos[:, :7]


def _silenced(params: Any) -> Any:
    """The parameters with a decoder whose action is always zero."""
    decoder = params["policy"]["decoder"]
    nothing = jax.tree.map(jnp.zeros_like, decoder["action_mean"])
    return {**params, "policy": {**params["policy"], "decoder": {**decoder, "action_mean": nothing}}}
