"""What imagined rollouts of a small body are worth, of fresh networks: frozen, so that a change shows.

python -m tests.golden.imagined       # write the returns, from the code as it stands
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from rodent.policy.intention import IntentionAgent
from rodent.policy.sizes import NetworkConfig
from rodent.tasks.imitation import ImitationState
from tests.bodies import hopper
from tests.training.test_device import small_clips
from training.config import ModelBasedConfig, TrainConfig
from training.dynamics import Dynamics
from training.experience import DynamicsSample
from training.hyperparameters import Hyperparameters
from training.learner import new_learner, normalizer_of
from training.model_based import Imagination, ModelBased

RETURNS = Path(__file__).with_name("imagined_returns.npz")
STEP = 0.02
CONFIG = TrainConfig(
    network=NetworkConfig(latent=4, encoder=(16,), decoder=(16, 8), value=(8,)),
    model_based=ModelBasedConfig(horizon=6, dynamics_layers=(32, 32)),
)
FRAMES = (0, 1, 3, 34, 36, 39, 40, 70, 78)  # of two clips of 40 frames: begun early, late, and at an end


def imagined_returns() -> np.ndarray:
    """Returns from states of the reference a little displaced, shape (len(FRAMES),)."""
    body = hopper()
    task, agent = (
        CONFIG.task.build(body, small_clips(body, 40)),
        IntentionAgent(CONFIG.network, body.model.nu),
    )
    dynamics = Dynamics(body, CONFIG.model_based, STEP)
    model_based = ModelBased(CONFIG.model_based, CONFIG.ppo, agent, dynamics)
    frame = jnp.array(FRAMES)
    n = len(FRAMES)
    state, frames = task.reference.at(frame), ImitationState(frame)
    off = 0.003 * jnp.arange(n)[:, None] * jnp.array([1.0, 0.0, 0.3])
    state = state.replace(qpos=state.qpos.at[:, :3].add(off), xpos=state.xpos + off[:, None])
    memory = agent.initial_memory(n)
    observation = jax.vmap(task.observe)(frames, state)
    learner = new_learner(CONFIG.ppo, agent, observation, jax.random.PRNGKey(0))
    model = model_based.init(learner, jax.random.PRNGKey(1)).dynamics
    # changes of velocity as large as a body's
    spread = model.changes.replace(std=jnp.full_like(model.changes.std, 0.3))
    model = model.replace(changes=spread)
    still = jnp.zeros((n, body.model.nu))
    first = DynamicsSample(state, frames, still, memory, jnp.arange(n) % 2 == 0, still, state)
    imagination = Imagination(
        learner.params, model, normalizer_of(learner.statistics), Hyperparameters.of(CONFIG), 1e-3
    )
    worth = jax.jit(model_based.returns)(task, imagination, first, jax.random.PRNGKey(2))
    return np.asarray(worth)


if __name__ == "__main__":
    np.savez(RETURNS, allow_pickle=False, returns=imagined_returns())
