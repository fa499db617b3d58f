"""Settings for a GPU: those that are not set become what thousands of rats want, those that are stay."""

import dataclasses

import pytest

from rodent.errors import InputError
from training.config import DreamConfig, PPOConfig, TrainConfig
from training.thousands import for_thousands


def test_what_is_not_set_is_set_for_thousands_of_rats():
    config = for_thousands(TrainConfig(device="gpu", seed=3))
    assert (config.ppo.num_envs, config.ppo.minibatches, config.dream.rats) == (4096, 16, 1024)
    assert config.evaluate_every == 2_000_000
    assert (config.device, config.seed, config.network) == ("gpu", 3, TrainConfig().network)


def test_what_is_set_stays():
    ppo, dream = PPOConfig(num_envs=8192, discount=0.9), DreamConfig(updates=0)
    config = for_thousands(TrainConfig(ppo=ppo, dream=dream, evaluate_every=1000))
    assert config.ppo == dataclasses.replace(for_thousands(TrainConfig()).ppo, num_envs=8192, discount=0.9)
    assert (config.dream.updates, config.evaluate_every) == (0, 1000)


def test_they_go_together_and_twice_is_once():
    once = for_thousands(TrainConfig())
    assert for_thousands(once) == once
    # what the ratio of steps to rats decides keeps its order
    assert once.ppo.final_std_steps[0] < once.dream.begin + once.dream.study < once.ppo.final_std_steps[1]


def test_a_number_of_rats_that_minibatches_do_not_divide_is_refused():
    with pytest.raises(InputError, match="num_envs 1000 is no multiple of minibatches 16"):
        for_thousands(TrainConfig(ppo=PPOConfig(num_envs=1000)))
