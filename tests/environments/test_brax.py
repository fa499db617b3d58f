"""A task as an environment of brax: batched, compiled, its episodes begun anew by itself."""

import jax
import jax.numpy as jnp
import numpy as np

from rodent.environments.brax import BraxEnv
from rodent.tasks.settings import ImitationConfig
from tests.bodies import hopper
from tests.training.test_device import small_clips

N, FRAMES = 3, 5


def test_steps_are_compiled_and_episodes_begin_anew():
    scene = hopper()
    env = BraxEnv(ImitationConfig().build(scene, small_clips(scene, FRAMES)), N)
    assert env.action_size == 3 and env.backend == "mjx"
    # as brax calls it: one key per environment, mapped over devices
    state = jax.jit(jax.vmap(env.reset))(jax.random.split(jax.random.PRNGKey(0), N)[None])
    state = jax.tree.map(lambda x: x[0], state)
    assert state.obs.shape == (N, env.observation_size)
    step, still = jax.jit(env.step), jnp.zeros((N, 3))
    done = np.zeros(N)
    for _ in range(FRAMES):
        state = step(state, still)
        done += np.asarray(state.done)
        assert np.isfinite(state.obs).all()
        assert (np.asarray(state.info["steps"]) <= FRAMES).all()
    assert (done >= 1).all()
    assert set(state.metrics) == {"root_position", "root_orientation", "joint_angle", "body_position"}
