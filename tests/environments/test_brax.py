"""A task as an environment of brax: batched, compiled, its episodes begun anew by itself."""

import jax
import jax.numpy as jnp
import numpy as np
from brax.training.acting import generate_unroll

from rodent.environments.brax import BraxEnv
from rodent.tasks.settings import ImitationConfig
from tests.bodies import hopper
from tests.training.test_device import small_clips

N, FRAMES = 3, 5


def test_unrolls_are_compiled_and_episodes_begin_anew():
    scene = hopper()
    env = BraxEnv(ImitationConfig().build(scene, small_clips(scene, FRAMES)), N)
    assert env.action_size == 3 and env.backend == "mjx"
    # as brax's PPO calls it: one key per environment, mapped over devices
    state = jax.jit(jax.vmap(env.reset))(jax.random.split(jax.random.PRNGKey(0), N)[None])
    state = jax.tree.map(lambda x: x[0], state)
    assert state.obs.shape == (N, env.observation_size)
    assert set(state.metrics) == {"root_position", "root_orientation", "joint_angle", "body_position"}

    def still(observation, key):
        return jnp.zeros((N, 3)), {}

    @jax.jit
    def unroll(state, key):
        fields = ("truncation", "episode_metrics", "episode_done", "steps")
        return generate_unroll(env, state, still, key, 2 * FRAMES, fields)

    _, data = jax.tree.map(np.asarray, unroll(state, jax.random.PRNGKey(1)))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(data))
    found, done = data.extras["state_extras"], data.discount == 0
    assert done.any(0).all() and (found["steps"] <= FRAMES).all()
    np.testing.assert_array_equal(found["episode_done"], done)
    assert (found["truncation"] <= done).all()
    # what is summed over an episode begins anew with it
    length, earned = np.zeros(N), np.zeros(N)
    for step in range(2 * FRAMES):
        over = done[step - 1] if step else np.zeros(N, bool)
        length, earned = np.where(over, 0, length) + 1, np.where(over, 0, earned) + data.reward[step]
        np.testing.assert_array_equal(found["episode_metrics"]["length"][step], length)
        np.testing.assert_allclose(found["episode_metrics"]["sum_reward"][step], earned, rtol=1e-5)
