"""Let a policy act on clips from their first frames, one control step of all rats at a time."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rodent.body import Body
from rodent.physics.engine import Command, PhysicsState
from rodent.physics.host import HostEngine
from rodent.policy.agent import Agent, Memory, Noise, Params, restarted
from rodent.policy.gates import capture_gates
from rodent.policy.intention import IntentionAgent
from rodent.policy.policy import Normalizer
from rodent.policy.sizes import NetworkConfig
from rodent.tasks.imitation import Imitation
from rodent.tasks.metrics import TrackingError, failed, finite
from rodent.tasks.reference import Reference
from rodent.tasks.settings import ImitationConfig

OnFailure = Literal["continue", "restart"]


class Row(NamedTuple):
    """One control step of n rats, each on a clip of its own; arrays (n, ...).

    Attributes:
        index: frame of the clip, the same for all.
        state: what the policy saw.
        wanted: qpos of the reference.
        error: between the two.
        failed: whether the rat has lost its reference at this frame.
        restarted: whether it was put back on its reference before it acted, its memory cleared.
        ctrl: what was commanded.
        units: activations by layer, empty unless asked for.
        force: what the actuators did in the step.
        terms: the reward earned by the step.
    """

    index: int
    state: PhysicsState
    wanted: np.ndarray
    error: TrackingError
    failed: np.ndarray
    restarted: np.ndarray
    ctrl: np.ndarray
    units: dict[str, np.ndarray]
    force: np.ndarray
    terms: dict[str, np.ndarray]


class Mind(NamedTuple):
    """What a policy carries through a rollout of n rats."""

    memory: Memory
    previous: jax.Array
    key: jax.Array


class Player:
    """Plays n clips side by side; compiled once, for any parameters of one kind of network.

    Args:
        body: the rat.
        task: what is asked.
        network: the policy's kind.
        reference: the frames of all clips.
        n: how many clips at once.
        timestep: seconds per frame.
        units: whether rows hold every layer's activations.
        gates: whether the gates of LSTM cells are among them.
        sample: draw latents and actions, instead of playing their means.
        threads: that step the physics; 0 for one per core.
    """

    def __init__(
        self,
        body: Body,
        task: ImitationConfig,
        network: NetworkConfig,
        reference: Reference,
        n: int,
        timestep: float,
        *,
        units: bool = False,
        gates: bool = False,
        sample: bool = False,
        threads: int = 0,
    ):
        self.reference, self.n = reference, n
        self.agent = IntentionAgent(network, body.model.nu)
        self._engine = HostEngine(body.model, n, timestep, threads, bodies=body.tracked_ids)
        imitation = Imitation(body, task, timestep)
        self._think = jax.jit(partial(_think, imitation, self.agent, units, gates, sample))
        self._reward = jax.jit(partial(_reward, imitation))
        self._lost = jax.jit(partial(_lost, imitation))

    def play(
        self,
        params: Params,
        normalizer: Normalizer,
        clips: np.ndarray,
        *,
        seed: int = 0,
        on_failure: OnFailure = "continue",
        frames: int | None = None,
        wrench: Callable[[], np.ndarray | None] = lambda: None,
    ) -> Iterator[Row]:
        """Play clips from their first frames, one row per frame of the longest.

        A rat whose clip is over keeps the last frame as its goal. One whose state is no
        longer finite is put back on its reference, whatever `on_failure` says.

        Args:
            params, normalizer: of the policy.
            clips: which to play, shape (n,).
            seed: of the draws, where latents and actions are sampled.
            on_failure: leave a rat that lost its reference where it is, or put it back.
            frames: stop after so many rows; None for the longest clip's end.
            wrench: what pushes the trunks, asked before every step; see `Command`.
        """
        reference, engine = self.reference, self._engine
        first, last = np.asarray(reference.first)[clips], np.asarray(reference.last)[clips]
        memory, previous = self.agent.initial_memory(self.n), jnp.zeros((self.n, self.agent.action_size))
        mind = Mind(memory, previous, jax.random.PRNGKey(seed))
        engine_state = engine.begin(jax.tree.map(np.asarray, reference.start(jnp.asarray(first))))
        longest = int((last - first).max()) + 1
        for index in range(longest if frames is None else min(frames, longest)):
            frame = np.minimum(first + index, last)
            state = engine_state.physics
            error, lost, broken = jax.tree.map(np.asarray, self._lost(reference, state, frame))
            again = broken | (lost & (on_failure == "restart"))
            if again.any():
                state, mind = _put_back(self.agent, reference, state, mind, frame, again)
            done, following = self._think(params, normalizer, reference, state, frame, mind)
            command = Command(np.asarray(done["ctrl"]), again, state, wrench())
            engine_state = engine.step(engine_state, command)
            after = engine_state.physics
            terms = self._reward(reference, after, frame, done["action"], mind.previous)
            mind = following
            done, terms = jax.tree.map(np.asarray, (done, terms))
            wanted = np.asarray(reference.state.qpos[frame])
            yield Row(
                index=index,
                state=state,
                wanted=wanted,
                error=error,
                failed=lost,
                restarted=again,
                ctrl=done["ctrl"],
                units=done["units"],
                force=after.actuator_force,
                terms=terms,
            )


def _think(
    task: Imitation,
    agent: Agent,
    with_units: bool,
    with_gates: bool,
    sample: bool,
    params: Params,
    normalizer: Normalizer,
    reference: Reference,
    state: PhysicsState,
    frame: jax.Array,
    mind: Mind,
) -> tuple[dict[str, Any], Mind]:
    """Observe and act: what is done, and what is kept for the next step."""
    key, key_latent, key_action = jax.random.split(mind.key, 3)
    observation = normalizer(task.observe(state, reference, frame))
    latent, action = agent.noise_sizes()
    n = frame.shape[0]
    noise = Noise(
        jax.random.normal(key_latent, (n, latent)) * sample,
        jax.random.normal(key_action, (n, action)) * sample,
    )
    if with_units:
        with capture_gates() as gates:
            output, units = agent.probe(params, mind.memory, observation, noise)
        units |= gates if with_gates else {}
    else:
        output, units = agent.act(params, mind.memory, observation, noise), {}
    done = {"ctrl": task.ctrl(output.action, reference, frame), "action": output.action, "units": units}
    return done, Mind(output.memory, output.action, key)


def _reward(
    task: Imitation,
    reference: Reference,
    after: PhysicsState,
    frame: jax.Array,
    action: jax.Array,
    previous: jax.Array,
) -> dict[str, jax.Array]:
    wanted = reference.at(reference.after(frame, jnp.array(1)))
    return task.rewards(after, wanted, task.error(after, wanted), action, previous)


def _lost(
    task: Imitation, reference: Reference, state: PhysicsState, frame: jax.Array
) -> tuple[TrackingError, jax.Array, jax.Array]:
    """Tracking error, whether the reference is lost, whether the state is not finite."""
    error = task.error(state, reference.at(frame))
    return error, failed(state, error), ~finite(state)


def _put_back(
    agent: Agent, reference: Reference, state: PhysicsState, mind: Mind, frame: np.ndarray, which: np.ndarray
) -> tuple[PhysicsState, Mind]:
    """The marked rats on their references, their minds cleared."""
    begun = jax.tree.map(np.asarray, reference.start(jnp.asarray(frame)))
    state = jax.tree.map(lambda s, b: np.where(which.reshape(-1, *[1] * (s.ndim - 1)), b, s), state, begun)
    previous = jnp.where(which[:, None], 0.0, mind.previous)
    return state, mind._replace(memory=restarted(agent, mind.memory, jnp.asarray(which)), previous=previous)
