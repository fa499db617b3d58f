"""A task as an environment of Gymnasium and of dm_env: their checkers pass, and it is the loop underneath."""

import warnings

import dm_env
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from rodent.environments.dm import DmEnvironment
from rodent.environments.gym import GymEnv, GymVectorEnv
from rodent.tasks.settings import ImitationConfig
from tests.bodies import hopper
from tests.training.test_device import small_clips

FRAMES = 12


@pytest.fixture(scope="module")
def task():
    scene = hopper()
    return ImitationConfig().build(scene, small_clips(scene, FRAMES))


def test_one_environment_passes_gymnasiums_checker(task):
    with warnings.catch_warnings():
        # it advises bounds, which a task's actions do not have
        warnings.simplefilter("ignore")
        check_env(GymEnv(task), skip_render_check=True)


def test_episodes_begin_anew_in_the_step_that_ends_them(task):
    env = GymVectorEnv(task, 6)
    observation, _ = env.reset(seed=3)
    assert env.observation_space.contains(observation)
    ends = 0
    for _ in range(FRAMES):
        still = np.zeros(env.action_space.shape, np.float32)
        observation, reward, terminated, truncated, infos = env.step(still)
        assert env.observation_space.contains(observation)
        assert reward.shape == terminated.shape == truncated.shape == (6,)
        over = terminated | truncated
        ends += over.sum()
        if over.any():
            np.testing.assert_array_equal(infos["_final_obs"], over)
            last = infos["final_obs"]["reference"]
            assert not np.allclose(last[over], observation["reference"][over], atol=1e-4)
            np.testing.assert_array_equal(last[~over], observation["reference"][~over])
    # no episode is longer than its clip
    assert ends >= 6


def test_a_seed_gives_the_same_episodes(task):
    env = GymVectorEnv(task, 3)

    def played(seed):
        env.reset(seed=seed)
        return [env.step(np.full((3, 3), 0.5, np.float32))[1] for _ in range(FRAMES)]

    np.testing.assert_array_equal(played(1), played(1))
    assert not np.array_equal(played(1), played(2))


def test_dm_env_sees_whole_episodes(task):
    env = DmEnvironment(task)
    spec = env.observation_spec()
    step, lengths, length = env.reset(), [], 0
    assert step.first()
    for _ in range(4 * FRAMES):
        for name, values in step.observation.items():
            spec[name].validate(values)
        step = env.step(np.zeros(env.action_spec().shape, np.float32))
        length = 0 if step.first() else length + 1
        if step.last():
            lengths.append(length)
            assert step.discount == (0.0 if step.step_type is not dm_env.StepType.LAST else step.discount)
    assert lengths and max(lengths) < FRAMES
