"""What imagined rollouts of a small body are worth, of fresh networks: frozen, so that a change shows.

python -m tests.golden.imagined       # write the returns, from the code as it stands
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from rodent.policy.intention import IntentionAgent
from rodent.policy.sizes import NetworkConfig
from rodent.tasks.imitation import Imitation
from rodent.tasks.reference import build_reference
from tests.physics.test_device import SmallBody
from tests.training.test_device import small_clips
from training.collect import Move
from training.config import DreamConfig, TrainConfig
from training.dream import Dreams
from training.learner import new_learner, normalizer_of
from training.world import World

RETURNS = Path(__file__).with_name("imagined_returns.npz")
STEP = 0.02
CONFIG = TrainConfig(
    network=NetworkConfig(latent=4, encoder=(16,), decoder=(16, 8), value=(8,)),
    dream=DreamConfig(horizon=6, world=(32, 32)),
)
FRAMES = (0, 1, 3, 34, 36, 39, 40, 70, 78)  # of two clips of 40 frames: begun early, late, and at an end


def imagined_returns() -> np.ndarray:
    """Returns from states of the reference a little displaced, shape (len(FRAMES),)."""
    body = SmallBody()
    reference = build_reference(small_clips(body, 40), body)
    task, agent = Imitation(body, CONFIG.task, STEP), IntentionAgent(CONFIG.network, body.model.nu)
    dreams = Dreams(CONFIG, task, agent, World(body, CONFIG.dream, STEP))
    frame = jnp.array(FRAMES)
    n = len(FRAMES)
    state = reference.at(frame)
    off = 0.003 * jnp.arange(n)[:, None] * jnp.array([1.0, 0.0, 0.3])
    state = state.replace(qpos=state.qpos.at[:, :3].add(off), xpos=state.xpos + off[:, None])
    memory = agent.initial_memory(n)
    learner = new_learner(CONFIG.ppo, agent, task.observe(state, reference, frame), jax.random.PRNGKey(0))
    model = dreams.begin(learner, jax.random.PRNGKey(1)).world
    # changes of velocity as large as a body's
    spread = model.changes.replace(std=jnp.full_like(model.changes.std, 0.3))
    model = model.replace(changes=spread)
    still = jnp.zeros((n, body.model.nu))
    first = Move(state, frame, still, memory, jnp.arange(n) % 2 == 0, still, state)
    worth = jax.jit(dreams.returns)(
        learner.params,
        model,
        normalizer_of(learner.statistics),
        first,
        reference,
        1e-3,
        jax.random.PRNGKey(2),
    )
    return np.asarray(worth)


if __name__ == "__main__":
    np.savez(RETURNS, allow_pickle=False, returns=imagined_returns())
