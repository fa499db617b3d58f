"""How a body moves when no goal guides its policy: latents are drawn from the prior of its network.

    found = unguided(policy, clips)
    found["upright"], found["moved"]         # fractions of 64 starts
    found["correlated"]                      # the same with latents that vary slowly
    found["silenced"]                        # the same with a decoder that says nothing

Good motor primitives keep the body up and move it about. Servos around a neutral pose hold a standing body up
by themselves, so upright bodies say little without those of a silent decoder beside them.

A prior of one step says nothing about the next. Latents that are drawn independently average out over the
time that a joint takes to move; those of an encoder follow a movement, and a high-level policy varies its own
slowly. So latents are also drawn with correlated noise (a first-order autoregressive process, as in Merel et
al., Neural probabilistic motor primitives, ICLR 2019): each of them is still distributed as the prior.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rodent.clips.clip import ClipSet
from rodent.errors import InputError
from rodent.loop import Actor, ClosedLoop, Decision, Loop, Manipulation, host_engine, initial_states, iterate
from rodent.policy.agent import Noise
from rodent.policy.intention import IntentionAgent
from rodent.policy.policy import Policy
from rodent.rollouts.episodes import policy_task
from rodent.tasks.locomotion import fall
from rodent.tasks.task import Task

STARTS, SECONDS = 64, 5.0
CORRELATION = 0.8
"""Of the noise from one step of 20 ms to the next: a time constant of 90 ms, less than half a stride."""
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
        advance: called after every control step of three rounds: independent latents, correlated ones, and
            independent ones without the decoder.

    Returns:
        `starts`, `seconds`; `upright`: fraction that never lie on a side or the back; `moved`: fraction that
        are upright and get 0.3 m away; `correlated`: both with correlated latents, and `correlation`;
        `silenced`: both without the output of the decoder.

    Raises:
        InputError: the network has no prior, or clips do not fit.
    """
    agent = policy.agent
    if not isinstance(agent, IntentionAgent) or not agent.config.prior:
        raise InputError(f"{policy!r} has no prior to draw latents from; train one with --network.prior 128")
    agent = dataclasses.replace(agent, source="prior")
    task = policy_task(policy, clips).for_evaluation()
    count = round(seconds / task.timestep)

    def played(params: Any, correlation: float = 0.0) -> dict[str, float]:
        noise = _noise(agent, starts, correlation, seed)
        path = _path(task, agent, Actor(params, policy.normalizer), (starts, count, seed), noise, advance)
        # what has diverged is not upright
        upright = np.asarray(fall(jnp.asarray(path[..., 3:7])) <= 1).all(axis=0)
        distance = np.linalg.norm(path[..., :2] - path[:1, :, :2], axis=-1).max(axis=0)
        return {"upright": float(upright.mean()), "moved": float((upright & (distance >= FAR)).mean())}

    return {
        "starts": starts,
        "seconds": seconds,
        **played(policy.params),
        "correlated": {"correlation": CORRELATION, **played(policy.params, CORRELATION)},
        "silenced": played(_silenced(policy.params)),
    }


def _path(
    task: Task[Any],
    agent: IntentionAgent,
    actor: Actor,
    size: tuple[int, int, int],
    noise: Iterator[Noise],
    advance: Callable[[int], None],
) -> np.ndarray:
    """Positions and orientations of the roots, shape (steps, n, 7); NaN after a divergence."""
    n, count, seed = size
    usable = np.flatnonzero(np.asarray(task.starts.usable))
    begin = usable[np.linspace(0, len(usable) - 1, n).astype(int)]
    engine = host_engine(task, n)
    state, physics = initial_states(agent, task, jnp.asarray(begin), jax.random.PRNGKey(seed))
    loop = Loop(agent, restart="never")
    carried = (state, engine.begin(jax.tree.map(np.asarray, physics)))
    rows = []
    steps = iterate(ClosedLoop(loop, task, actor, engine), carried, _pose, Manipulation(noise=noise.__next__))
    for _, (_, step) in zip(range(count), steps, strict=False):
        rows.append(np.asarray(step.kept))
        advance(1)
    return np.stack(rows)


def _noise(agent: IntentionAgent, n: int, correlation: float, seed: int) -> Iterator[Noise]:
    """Standard normal noise of latents, and none of actions, step by step."""
    latents, actions = agent.noise_sizes()
    random, silence = np.random.default_rng(seed), jnp.zeros((n, actions))
    drawn = random.standard_normal((n, latents))
    while True:
        yield Noise(jnp.asarray(drawn), silence)
        new = random.standard_normal((n, latents))
        drawn = correlation * drawn + np.sqrt(1 - correlation**2) * new


def _pose(task: Task[Any], decision: Decision) -> jax.Array:
    return decision.physics.qpos[:, :7]


def _silenced(params: Any) -> Any:
    """The parameters with a decoder whose action is always zero."""
    decoder = params["policy"]["decoder"]
    nothing = jax.tree.map(jnp.zeros_like, decoder["action_mean"])
    return {**params, "policy": {**params["policy"], "decoder": {**decoder, "action_mean": nothing}}}
