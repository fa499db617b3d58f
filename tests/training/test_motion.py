"""Training on pieces of motion that are renewed: which there are, and what becomes of episodes in them."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from rodent.cli import main
from rodent.clips import read_clips, write_clips
from rodent.errors import InputError
from rodent.motion_config import MotionConfig, PieceConfig
from rodent.policy.policy import load_policy
from rodent.synthesis.pieces import Pieces
from rodent.synthesis.stance import stance_clips
from tests.policies import TINY
from tests.training.test_train import TINY as TINY_WORDS
from training.config import PPOConfig, TrainConfig
from training.motion import Motion
from training.runs import open_run
from training.train import new_run, trainer_of

MOTION = MotionConfig(pieces=3, renewal=96, piece=PieceConfig(seconds=0.6))
CONFIG = TrainConfig(
    network=TINY, ppo=PPOConfig(num_envs=8, minibatches=2, epochs=1, unroll=4), motion=MOTION, seed=5
)


@pytest.fixture(scope="module")
def clips(body):
    return stance_clips(body, frames=40)


@pytest.fixture
def motion(body, clips):
    return Motion(MOTION, CONFIG.task.build(body, clips), clips, CONFIG.seed)


def _shown(motion: Motion, slot: int) -> np.ndarray:
    """The poses in a slot."""
    reference = motion.task.reference
    clip = len(motion.clips_task.reference.first) + slot
    first, last = int(reference.first[clip]), int(reference.last[clip])
    return np.asarray(reference.state.qpos[first : last + 1])


def test_slots_hold_the_latest_pieces(body, clips, motion):
    pieces = Pieces(MOTION.piece, clips, body, CONFIG.seed)
    for steps, numbers in ((0, (0, 1, 2)), (32, (3, 1, 2)), (64, (3, 4, 2)), (960, (30, 31, 32))):
        motion.begin(steps)
        for slot, number in enumerate(numbers):
            np.testing.assert_allclose(_shown(motion, slot), pieces[number], atol=1e-6)
    known = motion.clips_task.reference
    now = motion.task.reference
    jax.tree.map(lambda x, y: np.testing.assert_array_equal(x, y[: len(x)]), known.state, now.state)
    np.testing.assert_array_equal(known.last, now.last[: len(known.last)])


@pytest.fixture
def run(tmp_path, clips):
    write_clips(clips, tmp_path / "clips.h5")
    return new_run(tmp_path / "run", CONFIG, tmp_path / "clips.h5")


def test_a_resumed_training_has_the_same_pieces_and_learns_the_same(run, motion):
    whole, begun = trainer_of(run), trainer_of(run)
    for trainer in (whole, begun):
        for _ in range(3):
            trainer.iterate()
    motion.begin(whole.steps)
    jax.tree.map(np.testing.assert_array_equal, whole.task.reference, motion.task.reference)
    resumed = trainer_of(run)
    resumed.set_state(begun.state())
    for trainer in (whole, resumed):
        for _ in range(3):
            trainer.iterate()
    jax.tree.map(np.testing.assert_array_equal, whole.state().train.learner, resumed.state().train.learner)


def test_episodes_in_a_replaced_piece_end_and_others_go_on(run):
    trainer = trainer_of(run)
    motion, starts, state = trainer._motion, trainer.task.starts, trainer.train_state
    assert motion is not None
    begun = starts.first[np.array([0, 1, 2, 3, 4, 2, 0, 3])]
    sampler = dataclasses.replace(state.loop.sampler, failed=state.loop.sampler.failed + 1.0)
    going_on = state.loop.truncated & False
    loop = dataclasses.replace(state.loop, start=begun, sampler=sampler, truncated=going_on)
    after = motion.renew(dataclasses.replace(state, loop=loop), 32)
    # the clips are groups 0 and 1; the first slot, group 2, has a new piece
    np.testing.assert_array_equal(after.loop.truncated, begun == starts.first[2])
    np.testing.assert_array_equal(after.loop.sampler.failed == 0, np.asarray(starts.group_of) == 2)
    assert motion.renew(after, 40) is after


def test_validation_clips_are_not_trained_on_and_decide(tmp_path, capsys):
    gaits = read_clips("gaits").subset(["walk", "rear", "stand"])
    write_clips(gaits, tmp_path / "clips.h5")
    run = tmp_path / "run"
    words = ["--clips", str(tmp_path / "clips.h5"), "--out", str(run), "--validation-clips", "rear"]
    assert main(["train", *words, *TINY_WORDS, "--steps", "64", "--motion.pieces", "2"]) == 0
    opened = open_run(run)
    assert opened.split == {"train": ["walk", "stand"], "test": [], "validation": ["rear"]}
    trainer = trainer_of(opened)
    assert [one.name for one in trainer._evaluated] == ["rear"] * 24
    assert {clip.name for clip in trainer._motion._pieces.clips} == {"walk", "stand"}
    assert load_policy(run).provenance["trained_on"] == ["walk", "stand"]
    capsys.readouterr()
    assert main(["evaluate", str(run), "--split", "validation", "--json"]) == 0
    assert [clip["name"] for clip in json.loads(capsys.readouterr().out)["clips"]] == ["rear"]
    assert main(["evaluate", str(run), "--split", "test"]) == 2
    assert "has no test clips" in capsys.readouterr().err


def test_a_clip_cannot_both_test_and_validate(tmp_path, capsys):
    words = ["--clips", "gaits", "--out", str(tmp_path / "run"), "--steps", "1"]
    assert main(["train", *words, "--validation-clips", "rear", "--test-clips", "rear"]) == 2
    assert "'rear' is held out for testing and for validation" in capsys.readouterr().err


def test_a_task_without_clips_has_no_pieces(body, clips):
    with pytest.raises(InputError, match="only imitation"):
        Motion(MOTION, object(), clips, 0)
