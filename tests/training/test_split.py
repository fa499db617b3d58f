"""Clips kept out of training stay out of it."""

import dataclasses
import json

import pytest

from rodent.cli import main
from rodent.clips import ClipSet, write_clips
from rodent.clips.mirror import mirrored_clips
from rodent.errors import InputError
from rodent.policy.policy import load_policy
from rodent.synthesis.stance import stance_clips
from rodent.synthesis.variation import varied_clips
from rodent.variation_config import Variation
from tests.training.test_train import TINY
from training.config import TrainConfig
from training.runs import begin_run, open_run, read_own_clips
from training.split import split_clips
from training.trainer import Trainer


@pytest.fixture(scope="module")
def clips(body) -> ClipSet:
    """Three clips, then their mirror images."""
    clips = stance_clips(body, frames=20, n=3)
    return dataclasses.replace(clips, clips=clips.clips + mirrored_clips(clips, body).clips)


def test_a_clip_that_is_kept_out_takes_its_variants_with_it(clips, body):
    variants = varied_clips(clips, body, Variation(copies=1))
    split = split_clips(dataclasses.replace(clips, clips=clips.clips + variants.clips), 0.0, 0, ("sway_1",))
    kept_out = ["sway_1", "sway_1_mirrored", "sway_1_varied_0", "sway_1_mirrored_varied_0"]
    assert split["test"] == kept_out
    assert not {name for name in split["train"] if name.startswith("sway_1")}


def test_named_clips_are_kept_out_with_their_mirror_images(clips):
    for name in ("sway_1", "sway_1_mirrored"):
        split = split_clips(clips, 0.0, 0, (name,))
        assert split["test"] == ["sway_1", "sway_1_mirrored"]
        assert split["train"] == ["sway_0", "sway_2", "sway_0_mirrored", "sway_2_mirrored"]


@pytest.mark.parametrize("seed", range(5))
def test_a_draw_keeps_clips_and_their_mirror_images_together(clips, seed):
    split = split_clips(clips, 0.3, seed)
    (name, image) = split["test"]
    assert image == f"{name}_mirrored"


def test_a_name_that_no_clip_has_is_answered_with_those_there_are(clips):
    with pytest.raises(InputError, match=r"unknown clip 'sway_9'.*There are: sway_0, sway_1, sway_2"):
        split_clips(clips, 0.0, 0, ("sway_0", "sway_9"))


def test_something_must_be_left_to_train_on(clips):
    with pytest.raises(
        InputError, match="test_clips sway_0, sway_1, sway_2 of 6 clips leaves no clips for training"
    ):
        split_clips(clips, 0.0, 0, ("sway_0", "sway_1", "sway_2"))


def test_names_and_a_share_are_two_ways_to_say_it():
    with pytest.raises(InputError, match="expected one of them"):
        TrainConfig(test_clips=("sway_0",), test_fraction=0.5)


def test_a_test_clip_never_enters_training(clips, body, tmp_path, monkeypatch, capsys):
    """Two runs whose kept-out clips have nothing in common learn the same to the last bit, resumed too."""
    trained_on = []
    begin = Trainer.__init__

    def noting(self, config, task, episodes, **settings):
        trained_on.append(tuple(one.name for one in episodes))
        begin(self, config, task, episodes, **settings)

    monkeypatch.setattr(Trainer, "__init__", noting)
    other = dataclasses.replace(stance_clips(body, frames=33, n=1, seed=7)[0], name="sway_1")
    sets = {"one": clips.clips[:3], "two": (clips[0], other, clips[2])}
    digests = []
    for name, chosen in sets.items():
        file, run = tmp_path / f"{name}.h5", tmp_path / name
        write_clips(dataclasses.replace(clips, clips=chosen), file)
        words = ["--clips", str(file), "--out", str(run), "--test-clips", "sway_1", *TINY]
        assert main(["train", *words, "--steps", "192"]) == 0
        assert open_run(run).split == {"train": ["sway_0", "sway_2"], "test": ["sway_1"]}
        assert main(["train", "--resume", "--out", str(run), "--steps", "384"]) == 0
        policy = load_policy(run)
        assert policy.provenance["steps"] == 384
        assert policy.provenance["trained_on"] == ["sway_0", "sway_2"]
        digests.append(policy.digest())
    assert digests[0] == digests[1]
    assert trained_on == [("sway_0", "sway_2")] * 4
    # what was kept out can be asked for
    capsys.readouterr()
    assert main(["evaluate", str(tmp_path / "two"), "--split", "test", "--json"]) == 0
    (clip,) = json.loads(capsys.readouterr().out)["clips"]
    assert (clip["name"], clip["frames"], clip["split"]) == ("sway_1", 33, "test")


@pytest.fixture
def run(clips, tmp_path):
    write_clips(clips, tmp_path / "clips.h5")
    split = {"train": list(clips.names[1:]), "test": [clips.names[0]]}
    return begin_run(tmp_path / "run", TrainConfig(), tmp_path / "clips.h5", split)


def test_a_split_that_has_a_clip_twice_is_refused(run):
    (run.folder / "split.json").write_text(json.dumps({"train": ["a", "b"], "test": ["b"]}))
    with pytest.raises(InputError, match=r"split.json has 'b' in train and in test"):
        open_run(run.folder)


def test_own_clips_may_lie_elsewhere_but_not_change(run, clips, tmp_path):
    moved = run.clips.rename(tmp_path / "moved.h5")
    assert read_own_clips(run, moved).names == clips.names
    write_clips(clips.subset(clips.names[:2]), run.clips)
    with pytest.raises(InputError, match="differs from the clip file that"):
        read_own_clips(run)


def test_every_clip_has_a_part(run):
    (run.folder / "split.json").write_text(json.dumps({"train": ["sway_0"], "test": ["sway_1"]}))
    with pytest.raises(InputError, match=r"split.json does not list the clip 'sway_2' of .*clips.h5"):
        read_own_clips(open_run(run.folder))
