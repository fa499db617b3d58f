"""`rodent report`: the page tells everything, from what is there, and refuses what is not."""

import copy
import dataclasses
import json
import re

import h5py
import numpy as np
import pytest

import training.pages.report
from analysis.report.comparison import read_encoding, read_similarity
from rodent.cli import main
from rodent.clips import write_clips
from rodent.errors import InputError
from rodent.pages.page import Table
from rodent.policy.policy import save_policy
from rodent.recording import Header, RecordingWriter, RolloutMetadata
from rodent.synthesis.stance import stance_clips
from tests.pages.test_page import check_page
from tests.policies import untrained_policy
from tests.recordings import block
from tests.training.test_evaluate import make_trace
from training.config import PPOConfig, TrainConfig
from training.pages.film import film_recording, film_subject
from training.pages.shared import settings_table
from training.pages.subject import open_subjects
from training.runs import begin_run

ROWS = [
    {"iteration": 1, "steps": 100, "seconds": 6.0, "reward": 0.1, "tracking/lifespan_frames": 3.0},
    {"iteration": 2, "steps": 200, "seconds": 12.0, "reward": 0.2},
    {"iteration": 3, "steps": 300, "seconds": 6.0, "reward": 0.3, "tracking/lifespan_frames": 9.0},
]
MAX_BYTES = 2_000_000


def neuron(name, score, null):
    return {
        "name": name,
        "bits_per_spike": score,
        "null_bits_per_spike": null,
        "corrected_bits_per_spike": score - null,
    }


def layer(name, *neurons, **more):
    return {
        "layer": name,
        "neurons": list(neurons),
        "mean_bits_per_spike": 0.155,
        "mean_null_bits_per_spike": 0.055,
        "mean_corrected_bits_per_spike": 0.1,
        "interval_corrected_bits_per_spike": [0.01, 0.19],
        **more,
    }


UNIQUE = {"mean_bits_per_spike": 0.02, "interval_bits_per_spike": [None, None], "p": 0.3, "p_holm": 0.5}
UNIQUE_1 = {
    "mean_corrected_bits_per_spike": 0.02,
    "interval_corrected_bits_per_spike": [None, None],
    "test": {"wilcoxon_p": 0.01},
}
ENCODING = {
    "schema": "virtual-rodent/encoding",
    "version": 2,
    "layers": [
        layer("latent/mean", neuron("MC-1", 0.11, 0.1), neuron("MC-2", 0.2, 0.01), unique=UNIQUE),
        layer("joints", neuron("MC-1", 0.3, 0.1), neuron("MC-2", 0.1, 0.01)),
    ],
    "base": "joints+velocities+history",
    "dropped": [{"name": "MC-3", "reason": "no spikes in the bins used"}],
    "notes": ["4 s have no spike data"],
    "settings": {"seed": 7, "folds": 5},
    "versions": {"himalaya": "0.4.11"},
}
RSA = {
    "schema": "virtual-rodent/rsa",
    "version": 1,
    "conditions": ["walk", "rear"],
    "neurons": {"rdm": [[0.0, 1.0], [1.0, 0.0]], "dimensionality": 3.5},
    "layers": [
        {
            "layer": "latent/mean",
            "rdm": [[0.0, 2.0], [2.0, 0.0]],
            "similarity": 0.61,
            "low": 0.4,
            "high": 0.8,
            "null": 0.05,
            "p": 0.012,
            "cka": 0.33,
            "null_cka": 0.07,
            "procrustes": 0.72,
            "dimensionality": None,
        }
    ],
    "noise_ceiling": {"lower": 0.7, "upper": 0.9},
    "variability": {"r": 0.52, "p": 0.04, "latent": [1.0, 2.0], "neural": [1.0, 3.0]},
    "dropped": {"groom": "seen for 0.4 s"},
    "notes": [],
    "settings": {"seed": 8},
    "versions": {"rsatoolbox": "0.3.2"},
}


@pytest.fixture(scope="module")
def folder(body, tmp_path_factory):
    """Two runs on three clips, a recording and two comparisons."""
    folder = tmp_path_factory.mktemp("report")
    clips = stance_clips(body, frames=30, n=3)
    labels = ("Walk", "Rear", "Walk")
    labelled = tuple(dataclasses.replace(c, behavior=b) for c, b in zip(clips, labels, strict=True))
    write_clips(dataclasses.replace(clips, clips=labelled), folder / "clips.h5")
    for name, config in (("one", TrainConfig(seed=5)), ("two", TrainConfig(ppo=PPOConfig(num_envs=64)))):
        split = {"train": ["sway_0", "sway_1"], "test": ["sway_2"]}
        run = begin_run(folder / name, config, folder / "clips.h5", split)
        save_policy(untrained_policy(body, seed=config.seed), run.folder / "policy")
        (run.folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    with RecordingWriter(
        folder / "recording.h5",
        Header.of(body, 50, provenance={"seed": 11, "versions": {"mujoco": "9.8.7"}}),
    ) as writer:
        for clip in labelled:
            poses = {"qpos": clip.qpos, "reference": clip.qpos}
            metadata = RolloutMetadata.of_clip(clip.name, behavior=clip.behavior)
            writer.rollout(clip.name, metadata).append(block(0, 30, **poses))
    (folder / "encoding.json").write_text(json.dumps(ENCODING))
    (folder / "rsa.json").write_text(json.dumps(RSA))
    return folder


@pytest.fixture(scope="module")
def page(folder):
    """The page of both runs with all there can be."""
    out = folder / "report.html"
    words = ["report", "one", "two", "--out", "report.html", "--recording", "recording.h5"]
    words += ["--encoding", "encoding.json", "--rsa", "rsa.json"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(words) == 0
    return out.read_text()


def test_the_page_is_whole_readable_and_small(page):
    check_page(page)
    assert len(page) < MAX_BYTES
    assert page.count("<svg") == 5


def section(page, heading):
    """The text of a section, without its marks."""
    (found,) = re.findall(rf"<h2[^>]*>{heading}</h2>(.*?)</section>", page, re.DOTALL)
    found = re.sub(r"<svg.*?</svg>|data:[^\"]*", " ", found, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found).split())


def test_it_tells_what_was_trained_and_on_what(page):
    trained = section(page, "Training")
    assert "seed 5 0" in trained
    assert "control steps of the run 300 300" in trained
    # the time of a resumed training restarts at zero
    assert "minutes 0.3 0.3" in trained
    assert "ppo.num_envs 512 512 64" in trained
    clips = section(page, "Clips")
    assert "sway_0 Walk 0.6 train" in clips and "sway_2 Walk 0.6 test" in clips
    assert "played by one, two" in clips


def test_it_tells_how_each_run_tracks(page):
    assert "one 3" in section(page, "Tracking")
    for run in ("one", "two"):
        told = section(page, f"Tracking by {run}, by behavior and clip")
        assert "train 2" in told and "test 1" in told and "Rear 1" in told and "sway_1 Rear" in told


def test_it_tells_scores_with_their_null(page):
    told = section(page, "Which layers predict neurons")
    assert "latent/mean 2 +0.1550 +0.0550 +0.1000 +0.0100 to +0.1900 1" in told
    assert "joints 2 +0.1550" in told
    assert "latent/mean +0.0200 - 0.5 Unique gain: what a layer adds to joints+velocities+history" in told


def test_it_tells_of_structure(page):
    told = section(page, "Representational similarity")
    assert "latent/mean 0.61 0.4 0.8 0.05 0.012 0.012 0.33 0.07 0.72 -" in told
    assert "neurons - - - - - - - - - 3.5" in told
    assert "0.700 to 0.900" in told and "r = 0.520, p = 0.04" in told


def test_it_tells_what_was_left_out_and_what_made_it(page):
    told = section(page, "Excluded")
    assert "MC-3 no spikes in the bins used encoding.json" in told
    assert "groom seen for 0.4 s rsa.json" in told and "4 s have no spike data" in told
    told = section(page, "Versions and seeds")
    assert "9.8.7" in told and "rsatoolbox" in told
    assert told.split("seed ")[-1].startswith("5 0 11 7 8 -")


def test_a_policy_folder_has_no_learning_to_show(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    traces = [make_trace("a", 10), make_trace("b", 10, fails_at=4)]
    monkeypatch.setattr(training.pages.report, "trace_policy", lambda *given, **more: traces)
    words = ["report", "one/policy", "--clips", "clips.h5", "--out", "p.html", "--recording", "recording.h5"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (run,) = told["runs"]
    assert run["run"] == "one/policy" and run["success_rate"] == 0.5
    text = (folder / "p.html").read_text()
    check_page(text)
    assert ">Learning<" not in text and "neurons" not in text
    assert (">Video<" in text) and (("<video" in text) == (told["no_film_because"] is None))


def test_the_film_shows_a_rollout_of_each_behavior(folder, drawing, tmp_path):
    import av

    film = film_recording(folder / "recording.h5", tmp_path / "film.mp4", "x")
    with av.open(str(film.path)) as opened:
        assert opened.streams.video[0].frames == 2 * 15  # of three rollouts two, at 25 a second


def test_a_film_of_a_rat_that_imitates_nothing_has_no_ghost(folder, drawing, tmp_path):
    source = tmp_path / "free.h5"
    source.write_bytes((folder / "recording.h5").read_bytes())
    assert "The reference is blue." in film_recording(source, tmp_path / "film.mp4", "x").caption
    with h5py.File(source, "r+") as file:
        del file["rollouts/sway_0/reference"]
    film = film_recording(source, tmp_path / "film.mp4", "x")
    assert film.caption == "x"
    assert len(film.stills) == 3


def test_without_a_recording_clips_are_played_for_the_film(folder, drawing, tmp_path):
    (subject,) = open_subjects([folder / "one"], None)
    film = film_subject(subject, tmp_path / "film")
    assert len(film.stills) == 3


def test_settings_that_are_the_defaults_are_not_listed(folder):
    subjects = open_subjects([folder / "one", folder / "two"], None)
    table = settings_table(subjects)
    assert table.rows == [["ppo.num_envs", "512", "512", "64"], ["seed", "0", "5", "0"]]
    assert isinstance(settings_table(subjects[:1]), Table)


def test_a_half_written_row_is_of_a_training_under_way(folder, tmp_path):
    path = folder / "two" / "metrics.jsonl"
    whole = path.read_text()
    try:
        path.write_text(whole + '{"iteration": 4, "st')
        (subject,) = open_subjects([folder / "two"], None)
        assert len(subject.history) == 3
        np.testing.assert_allclose(subject.minutes, [0.1, 0.2, 0.3])
        path.write_text('{"iteration": 4, "st\n' + whole)
        with pytest.raises(InputError, match=r"metrics\.jsonl is damaged in line 1"):
            open_subjects([folder / "two"], None)
        path.write_text("{}\n")
        with pytest.raises(InputError, match="line 1: it lacks seconds and steps"):
            open_subjects([folder / "two"], None)
    finally:
        path.write_text(whole)


def without(tree, *keys):
    tree = copy.deepcopy(tree)
    inner = tree
    for key in keys[:-1]:
        inner = inner[key]
    del inner[keys[-1]]
    return tree


def replaced(tree, value, *keys):
    tree = copy.deepcopy(tree)
    inner = tree
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return tree


@pytest.mark.parametrize(
    ("read", "content", "message"),
    [
        (read_encoding, RSA, "has schema 'virtual-rodent/rsa'; expected 'virtual-rodent/encoding'"),
        (read_encoding, [], "has schema None"),
        (
            read_similarity,
            replaced(RSA, {"lower": 10**400, "upper": 1}, "noise_ceiling"),
            "lower has more digits",
        ),
        (read_encoding, without(ENCODING, "layers"), "lacks 'layers'"),
        (read_encoding, replaced(ENCODING, [], "layers"), "layers is empty"),
        (read_encoding, replaced(ENCODING, {}, "layers"), "layers is an object; expected a list"),
        (
            read_encoding,
            without(ENCODING, "layers", 0, "neurons", 1, "bits_per_spike"),
            r"layers\[0\]\.neurons\[1\] lacks 'bits_per_spike'",
        ),
        (
            read_encoding,
            replaced(ENCODING, "much", "layers", 1, "neurons", 0, "bits_per_spike"),
            r"layers\[1\]\.neurons\[0\]\.bits_per_spike is text; expected a number",
        ),
        (
            read_encoding,
            replaced(ENCODING, [1, 2, 3], "layers", 0, "interval_corrected_bits_per_spike"),
            "layers.0..interval_corrected_bits_per_spike has 3 numbers; expected 2",
        ),
        (read_encoding, replaced(ENCODING, 3, "version"), "is version 3 of virtual-rodent/encoding"),
        (read_similarity, ENCODING, "expected 'virtual-rodent/rsa', the output of `rodent rsa --json`"),
        (
            read_similarity,
            replaced(RSA, 2, "version"),
            "is version 2 of virtual-rodent/rsa; .* reads versions up to 1",
        ),
        (
            read_similarity,
            replaced(RSA, [[0.0, 1.0]], "neurons", "rdm"),
            r"neurons\.rdm has shape \(1, 2\); expected \(2, 2\)",
        ),
        (read_similarity, replaced(RSA, [[0], [1, 0]], "layers", 0, "rdm"), r"shape \(2, 1 or 2\)"),
        (read_similarity, replaced(RSA, [3], "conditions"), r"conditions\[0\] is a number; expected text"),
        (read_similarity, without(RSA, "noise_ceiling", "upper"), "noise_ceiling lacks 'upper'"),
        (read_encoding, replaced(ENCODING, [{"name": "a"}], "dropped"), r"dropped\[0\] lacks 'reason'"),
        (read_similarity, replaced(RSA, {"a": 1}, "dropped"), "dropped.a is a number; expected text"),
    ],
)
def test_wrong_results_are_named_by_file_and_key(read, content, message, tmp_path):
    (tmp_path / "found.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=f"^{tmp_path}/found.json.*{message}"):
        read(tmp_path / "found.json")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no RUN is given"),
        (["one", "one"], "one is given twice"),
        (["three"], "three"),
        (
            ["one/policy"],
            "one/policy is not a run folder, so its clips are unknown; give them: --clips FILE",
        ),
        (["one", "--clips", "encoding.json"], "encoding.json"),
        (
            ["one", "--recording", "clips.h5"],
            "clips.h5 is not a recording: its schema is 'virtual-rodent/clips', not",
        ),
        (["one", "--encoding", "missing.json"], "no such file: missing.json"),
        (["one", "--encoding", "clips.h5"], "clips.h5 is not JSON"),
        (["one", "--rsa", "encoding.json"], "encoding.json has schema"),
    ],
)
def test_wrong_usage_exits_with_2_and_writes_nothing(folder, monkeypatch, capsys, words, message):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    assert main(["report", *words, "--out", "new.html"]) == 2
    assert message in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_clips_that_are_gone_can_be_named_anew(folder, body, tmp_path):
    moved = tmp_path / "clips.h5"
    moved.write_bytes((folder / "clips.h5").read_bytes())
    run = begin_run(
        tmp_path / "run", TrainConfig(), moved, {"train": ["sway_0", "sway_1", "sway_2"], "test": []}
    )
    save_policy(untrained_policy(body), run.folder / "policy")
    moved.unlink()
    with pytest.raises(InputError, match=r"which is missing; give its new location: --clips FILE"):
        open_subjects([run.folder], None)
    (subject,) = open_subjects([run.folder], folder / "clips.h5")
    assert subject.split == run.split
    (other,) = open_subjects([run.folder], "gaits")
    assert other.split is None and len(other.clips) == 13


def test_scores_of_version_1_are_read_without_their_tests(tmp_path):
    old = replaced(replaced(ENCODING, 1, "version"), UNIQUE_1, "layers", 0, "unique")
    (tmp_path / "old.json").write_text(json.dumps(old))
    layer = read_encoding(tmp_path / "old.json").layers[0]
    assert layer.unique is not None
    mean, p = layer.unique
    assert mean.value == 0.02 and np.isnan([p, layer.p_holm]).all()
