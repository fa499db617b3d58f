"""`rodent evaluate` on a run folder: its own clips, the part kept out, the page."""

import dataclasses
import json

import pytest

from rodent.cli import main
from rodent.clips import write_clips
from rodent.policy.policy import save_policy
from rodent.synthesis.stance import stance_clips
from tests.policies import untrained_policy
from tests.training.test_evaluate import make_trace
from training.config import TrainConfig
from training.evaluate import scores
from training.pages.evaluation import write_report
from training.runs import begin_run, read_own_clips


@pytest.fixture(scope="module")
def run(body, tmp_path_factory):
    """A run folder with an untrained policy; one of three clips is kept out."""
    folder = tmp_path_factory.mktemp("runs")
    clips = stance_clips(body, frames=30, n=3)
    labels = ("Walk", "Rear", "Walk")
    labelled = (dataclasses.replace(c, behavior=b) for c, b in zip(clips, labels, strict=True))
    write_clips(dataclasses.replace(clips, clips=tuple(labelled)), folder / "clips.h5")
    split = {"train": ["sway_0", "sway_1"], "test": ["sway_2"]}
    run = begin_run(folder / "run", TrainConfig(), folder / "clips.h5", split)
    save_policy(untrained_policy(body), run.folder / "policy")
    return run


def _found(capsys, *words):
    capsys.readouterr()
    assert main(["evaluate", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_run_knows_its_clips_and_their_parts(run, capsys):
    found = _found(capsys, run.folder)
    assert [(clip["name"], clip["split"]) for clip in found["clips"]] == [
        ("sway_0", "train"),
        ("sway_1", "train"),
        ("sway_2", "test"),
    ]
    assert [(part["split"], part["clips"]) for part in found["splits"]] == [("train", 2), ("test", 1)]
    assert [(group["behavior"], group["clips"]) for group in found["behaviors"]] == [("Walk", 2), ("Rear", 1)]


def test_threads_do_not_change_what_is_measured(run, capsys):
    assert _found(capsys, run.folder, "--threads", "1") == _found(capsys, run.folder, "--threads", "2")
    assert main(["evaluate", str(run.folder), "--threads", "-1"]) == 2
    assert "threads is -1" in capsys.readouterr().err


@pytest.mark.parametrize("part", ["train", "test"])
def test_a_part_is_played_alone(run, capsys, part):
    found = _found(capsys, run.folder, "--split", part)
    assert [clip["name"] for clip in found["clips"]] == run.split[part]
    whole = {clip["name"]: clip for clip in _found(capsys, run.folder)["clips"]}
    assert found["clips_digest"] == read_own_clips(run).subset(run.split[part]).digest()
    for clip in found["clips"]:
        assert clip["lifespan_frames"] == whole[clip["name"]]["lifespan_frames"]


def test_clips_that_lie_elsewhere_are_known_again(run, tmp_path, capsys):
    moved = tmp_path / "moved.h5"
    moved.write_bytes(run.clips.read_bytes())
    (clip,) = _found(capsys, run.folder, "--clips", moved, "--split", "test")["clips"]
    assert clip["name"] == "sway_2"


def test_other_clips_have_no_part(run, capsys):
    found = _found(capsys, run.folder, "--clips", "gaits")
    assert "splits" not in found and "split" not in found["clips"][0]
    assert main(["evaluate", str(run.folder), "--clips", "gaits", "--split", "test"]) == 2
    assert "differs from the clip file" in capsys.readouterr().err


def test_the_table_has_groups(run, capsys):
    assert main(["evaluate", str(run.folder)]) == 0
    out = capsys.readouterr().out
    for word in ("split", "ended by", "train", "test", "Walk", "Rear", "mean", "success:"):
        assert word in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--split", "test"], "so its clips and split are unknown; give the clips: --clips FILE"),
        ([], "give the clips: --clips FILE"),
        (["--clips", "gaits", "--split", "test"], "omit --split test"),
    ],
)
def test_a_policy_folder_knows_no_clips(run, capsys, words, message):
    assert main(["evaluate", str(run.folder / "policy"), *words]) == 2
    assert message in capsys.readouterr().err


def test_a_run_that_kept_nothing_out_says_so(run, body, tmp_path, capsys):
    split = {"train": ["sway_0", "sway_1", "sway_2"], "test": []}
    other = begin_run(tmp_path / "run", TrainConfig(), run.clips, split)
    save_policy(untrained_policy(body), other.folder / "policy")
    assert main(["evaluate", str(other.folder), "--split", "test"]) == 2
    assert "none are held out" in capsys.readouterr().err


def test_the_page_is_one_file_with_its_figures(run, tmp_path, capsys):
    page = tmp_path / "page.html"
    found = _found(capsys, run.folder, "--report", page)
    text = page.read_text()
    assert text.count("<svg") == 3
    headings = ("Survival", "Causes of failure", "Errors over time")
    for word in ("held-out clips", "training clips", *headings, "sway_2"):
        assert word in text
    assert f"{found['success_rate']:.0%}" in text
    assert list(tmp_path.iterdir()) == [page]


def test_of_many_clips_the_page_draws_those_lost_earliest(tmp_path):
    traces = [make_trace(f"c{i}", 10, fails_at=i % 9 + 1) for i in range(40)]
    write_report(tmp_path / "page.html", "x", scores(traces), traces)
    text = (tmp_path / "page.html").read_text()
    assert "Of 40 clips, the 30 with the earliest failures are shown" in text
    drawn = text.split("Errors over time")[1]
    assert ">c0<" in drawn and ">c8<" not in drawn and ">c39<" in drawn
