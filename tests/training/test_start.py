"""Training that goes on from a policy knows what it knew, and refuses one that does not fit."""

import dataclasses
import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.cli import main
from rodent.clips.file import write_clips
from rodent.errors import InputError
from rodent.policy.policy import Policy, load_policy, save_policy
from rodent.rollouts import clip_episodes
from rodent.scene_config import SceneConfig
from rodent.synthesis.stance import stance_clips
from rodent.tasks.settings import ImitationConfig
from tests.policies import TINY, untrained_policy
from training.config import PPOConfig, TrainConfig
from training.learner import normalizer_of
from training.start import starting_policy, with_policy_settings
from training.trainer import Trainer

WORDS = ["--ppo.num-envs", "8", "--ppo.minibatches", "2", "--ppo.epochs", "1", "--ppo.unroll", "4"]


@pytest.fixture(scope="module")
def policy(body) -> Policy:
    """A policy whose numbers are like no fresh one's."""
    plain, rng = untrained_policy(body, seed=3), np.random.default_rng(0)
    normalizer = jax.tree.map(
        lambda x: rng.uniform(0.5, 2.0, np.shape(x)).astype(np.float32), plain.normalizer
    )
    params = jax.tree.map(np.asarray, plain.params)
    return dataclasses.replace(
        plain, params=params, normalizer=normalizer, provenance={"steps": 800, "trained_on": ["sway_1"]}
    )


@pytest.fixture(scope="module")
def folder(policy, tmp_path_factory):
    path = tmp_path_factory.mktemp("policies") / "learnt"
    save_policy(policy, path)
    return path


@pytest.fixture(scope="module")
def clips(body, tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "sway.h5"
    write_clips(stance_clips(body, frames=30), path)
    return path


def _config(**changes) -> TrainConfig:
    ppo = PPOConfig(num_envs=8, minibatches=2, epochs=1, unroll=4)
    return TrainConfig(network=TINY, ppo=ppo, **changes)


def _trainer(body) -> Trainer:
    clips = stance_clips(body, frames=30)
    return Trainer(_config(), _config().task.build(body, clips), clip_episodes(clips))


def test_a_learner_begins_with_all_that_the_policy_knows(policy, body):
    trainer = _trainer(body)
    trainer.start_from(policy)
    learner = trainer.train_state.learner
    assert trainer.steps == 800
    for given in (learner.params, learner.average):
        jax.tree.map(np.testing.assert_array_equal, given, policy.params)
    normalizer = normalizer_of(learner.statistics)
    jax.tree.map(np.testing.assert_allclose, normalizer, policy.normalizer)
    jax.tree.map(np.testing.assert_array_equal, trainer.policy({}).params, policy.params)


def test_what_was_seen_weighs_as_much_as_what_comes(policy, body):
    """The normaliser moves on from the policy's, and by little: 800 steps stand against 32."""
    trainer = _trainer(body)
    trainer.start_from(policy)
    observe = jax.vmap(trainer.task.observe)
    seen = observe(trainer.train_state.loop.task, jax.tree.map(jnp.asarray, trainer.physics))
    fresh = np.asarray(seen["proprioception"]).mean(0)
    trainer.iterate()
    assert trainer.steps == 800 + 32
    mean = np.asarray(normalizer_of(trainer.train_state.learner.statistics).mean["proprioception"])
    before = np.asarray(policy.normalizer.mean["proprioception"])
    moved = np.abs(mean - before).sum() / np.abs(fresh - before).sum()
    assert 0.01 < moved < 0.2


def test_a_run_keeps_the_policy_it_started_from(folder, policy, clips, tmp_path, capsys):
    source, run = tmp_path / "source", tmp_path / "run"
    shutil.copytree(folder, source)
    words = ["train", "--clips", str(clips), "--out", str(run), *WORDS, "--start-from", str(source)]
    assert main([*words, "--steps", "832", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 832
    assert load_policy(run / "start").digest() == policy.digest()
    shutil.rmtree(source)
    assert main(["train", "--resume", "--out", str(run), "--steps", "864"]) == 0
    start = load_policy(run).provenance["start"]
    assert start == {"digest": policy.digest(), "steps": 800, "trained_on": ["sway_1"]}


def test_the_same_start_gives_the_same_run(folder, clips, tmp_path):
    digests = []
    for name in ("one", "two"):
        run = tmp_path / name
        words = ["train", "--clips", str(clips), "--out", str(run), *WORDS, "--start-from", str(folder)]
        assert main([*words, "--steps", "832"]) == 0
        digests.append(load_policy(run).digest())
    assert digests[0] == digests[1]


def test_what_is_not_said_is_as_the_policy_has_it(policy):
    task = dataclasses.replace(policy.task, horizon=3, senses=("touch", "gravity"))
    torque = dataclasses.replace(
        policy, task=task, scene=SceneConfig(body=dataclasses.replace(policy.body, actuation="torque"))
    )
    config = with_policy_settings(TrainConfig(seed=4), torque)
    assert config.network == TINY != TrainConfig().network
    assert (config.task.horizon, config.body.actuation, config.seed) == (3, "torque", 4)
    assert config.task.senses == ("touch", "gravity")
    assert with_policy_settings(config, torque) == config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"network": dataclasses.replace(TINY, decoder=(9, 9))},
            r"its network.decoder is \(12, 10\), here it is \(9, 9\); leave out --network.decoder",
        ),
        ({"body": BodyConfig(actuation="torque")}, "leave out --body.actuation"),
        ({"task": ImitationConfig(horizon=6)}, "its task.horizon is 5, here it is 6"),
        ({"task": ImitationConfig(action_scale=2)}, "leave out --task.action-scale"),
        ({"task": ImitationConfig(senses=("touch",))}, "leave out --task.senses"),
    ],
)
def test_what_is_said_must_be_as_the_policy_has_it(policy, changes, message):
    with pytest.raises(InputError, match=message):
        with_policy_settings(dataclasses.replace(_config(start_from="learnt"), **changes), policy)


def test_a_policy_that_is_not_there():
    with pytest.raises(
        InputError, match="no such file or folder: rat-positon; built in are: rat-forage, rat-go-to"
    ):
        starting_policy(_config(start_from="rat-positon"))


def test_another_size_of_body_may_start_from_it(policy):
    assert with_policy_settings(_config(body=BodyConfig(scale=1.1)), policy).body.scale == 1.1


def test_clips_that_the_policy_has_seen_cannot_be_kept_out(folder, clips, tmp_path, capsys):
    words = ["train", "--clips", str(clips), "--out", str(tmp_path / "run"), *WORDS, "--steps", "32"]
    words += ["--start-from", str(folder), "--test-clips"]
    assert main([*words, "sway_1"]) == 2
    assert "was trained on 'sway_1', which is held out here" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_nor_those_that_its_own_start_has_seen(policy, tmp_path):
    later = dataclasses.replace(policy, provenance={"trained_on": ["walk"], "start": policy.provenance})
    save_policy(later, tmp_path / "later")
    config = _config(start_from=str(tmp_path / "later"))
    for name in ("sway_1", "sway_1_mirrored"):
        with pytest.raises(InputError, match=f"'{name}'"):
            starting_policy(config, [name])
    assert starting_policy(config, ["sway_0"]) is not None
