"""`rodent export`: the folder holds the run's own policy, and its card is right."""

import dataclasses
import json
import shlex

import onnx
import pytest

from rodent.assets import asset_path
from rodent.body_config import BodyConfig
from rodent.cli import main
from rodent.cli.main import parsed
from rodent.cli.train import Train
from rodent.clips import read_clips, write_clips
from rodent.configs import to_json
from rodent.policy.policy import load_policy, save_policy
from rodent.policy.sizes import NetworkConfig
from rodent.synthesis.stance import stance_clips
from rodent.tasks.goal_settings import GoToConfig, JoystickConfig
from tests.policies import TINY, untrained_on_task, untrained_policy
from training.config import PPOConfig, TrainConfig
from training.defaults import DEFAULTS
from training.pages.card import command
from training.pages.subject import flat, open_subjects, open_task_run
from training.primitives import with_primitives
from training.runs import begin_run

CONFIG = TrainConfig(
    body=BodyConfig(tail_contact=True, strength=1.0),
    network=NetworkConfig(encoder=(16,), decoder_kind="lstm"),
    ppo=PPOConfig(num_envs=64, learning_rate_range=(1e-5, 1e-3)),
    test_clips=("sway_2",),
    start_from="rat-walk",
    seed=5,
)
ROWS = [
    {"iteration": 1, "steps": 512, "seconds": 60.0, "success_rate": 0.0, "tracking/lifespan_frames": 3.0},
    {"iteration": 2, "steps": 1024, "seconds": 120.0},
    {"iteration": 3, "steps": 1536, "seconds": 180.0, "success_rate": 0.5, "tracking/lifespan_frames": 7.0},
]
GO_TO = GoToConfig(seconds=1.0)


@pytest.fixture
def run(body, tmp_path):
    clips = stance_clips(body, frames=30, n=3)
    labels = {"behavior": "Sway|1", "licence": "CC0"}
    named = (
        dataclasses.replace(clip, source=f"made by hand id {i}", **labels) for i, clip in enumerate(clips)
    )
    clips = dataclasses.replace(clips, clips=tuple(named))
    write_clips(clips, tmp_path / "clips.h5")
    split = {"train": ["sway_0", "sway_1"], "test": ["sway_2"]}
    run = begin_run(tmp_path / "run", CONFIG, tmp_path / "clips.h5", split)
    save_policy(untrained_policy(body), run.folder / "policy")
    (run.folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return run


def test_an_exported_policy_is_that_of_the_run_with_a_card(run, tmp_path):
    out = tmp_path / "rat-sway"
    assert main(["export", str(run.folder), "--out", str(out), "--note", "It only sways."]) == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "README.md",
        "learning.svg",
        "params.safetensors",
        "policy.json",
    ]
    assert load_policy(out).digest() == load_policy(run.folder).digest()
    card = (out / "README.md").read_text()
    for text in (
        "# rat-sway\n\nIt only sways.\n",
        "| trained on | 2 clips, 1 s: 2 Sway\\|1 |",
        "| held out | 1 clips, 1 s: 1 Sway\\|1 |",
        "| source of the motion | made by hand (CC0): 2 |",
        "1,536 control steps in 3 minutes",
        "| sway_2 | Sway\\|1 | test |",
        "of 3 clips are tracked to the end",
        "](learning.svg)",
    ):
        assert text in card, text
    assert "<svg" in (out / "learning.svg").read_text()


def test_the_command_on_the_card_is_the_runs_configuration(run):
    (subject,) = open_subjects([run.folder], None)
    words = shlex.split(command(subject))
    assert words[:2] == ["rodent", "train"]
    again = parsed(words[1:])
    assert isinstance(again, Train)
    assert (again.config, again.steps, str(again.clips)) == (CONFIG, 1536, "clips.h5")


def test_the_command_of_a_gpu_run_has_the_options_that_differ_from_gpu_defaults(run):
    (subject,) = open_subjects([run.folder], None)
    # the CPU's default of environments, which differs from the GPU's
    config = dataclasses.replace(DEFAULTS["gpu"], ppo=dataclasses.replace(DEFAULTS["gpu"].ppo, num_envs=512))
    words = shlex.split(command(dataclasses.replace(subject, settings=dict(flat(to_json(config))))))
    again = parsed(words[1:])
    assert isinstance(again, Train) and again.config == config
    assert [word for word in words if word.startswith("--")][-2:] == ["--ppo.num-envs", "--device"]


def test_the_card_names_the_policy_that_training_started_from(run, body, tmp_path):
    start = {"digest": "abc", "steps": 500, "trained_on": ["walk", "trot"]}
    started = dataclasses.replace(untrained_policy(body), provenance={"start": start})
    save_policy(started, run.folder / "policy")
    assert main(["export", str(run.folder), "--out", str(tmp_path / "later")]) == 0
    card = (tmp_path / "later" / "README.md").read_text()
    assert "| started from | rat-walk (abc), after 500 control steps on 2 clips |" in card
    assert "1,036 control steps in 3 minutes" in card
    assert "learnt the controls of" not in card


def test_the_card_names_the_policy_that_training_learnt_from(run, body, tmp_path):
    taught = dataclasses.replace(untrained_policy(body), provenance={"teacher": {"digest": "abc"}})
    save_policy(taught, run.folder / "policy")
    file = run.folder / "config.json"
    file.write_text(file.read_text().replace('"teacher": null', '"teacher": "/somewhere/rat-position"'))
    assert main(["export", str(run.folder), "--out", str(tmp_path / "later")]) == 0
    card = (tmp_path / "later" / "README.md").read_text()
    assert "| learnt the controls of | rat-position (abc) |" in card
    assert "--teacher rat-position" in card and "somewhere" not in card


def test_a_run_without_metrics_has_no_learning_curve(run, tmp_path):
    (run.folder / "metrics.jsonl").unlink()
    assert main(["export", str(run.folder), "--out", str(tmp_path / "quiet")]) == 0
    assert not (tmp_path / "quiet" / "learning.svg").exists()
    assert "Learning curve" not in (tmp_path / "quiet" / "README.md").read_text()


@pytest.fixture
def task_run(body, tmp_path):
    """A run that walks to targets for one second."""
    config = TrainConfig(task=GO_TO, network=TINY, ppo=PPOConfig(num_envs=64))
    run = begin_run(tmp_path / "task-run", config, None, {"train": [], "test": []})
    save_policy(untrained_on_task(body, GO_TO), run.folder / "policy")
    rows = [
        {"iteration": i, "steps": 512 * i, "seconds": 60.0 * i, "reward": 0.1 * i, "task/within 5 cm": 0.5}
        for i in (1, 2)
    ]
    (run.folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return run


def test_the_card_of_a_task_without_clips_has_its_figures(task_run, tmp_path):
    out = tmp_path / "rat-goes"
    words = ["export", str(task_run.folder), "--out", str(out), "--episodes", "2", "--note", "Stands."]
    assert main(words) == 0
    assert load_policy(out).digest() == load_policy(task_run.folder).digest()
    card = (out / "README.md").read_text()
    for text in (
        "# rat-goes\n\nStands.\n",
        "| task | `go_to`, without clips |",
        "| training | 1,024 control steps in 2 minutes |",
        "2 episodes of 1 s, played with the mean action (`rodent evaluate rat-goes --episodes 2`).",
        "| within 5 cm | 0 | at least 0.9 |",
        "](learning.svg)",
    ):
        assert text in card, text
    assert "<svg" in (out / "learning.svg").read_text()


def test_the_command_on_the_card_of_a_task_is_the_runs_configuration(task_run):
    words = shlex.split(command(open_task_run(task_run.folder)))
    assert words[:4] == ["rodent", "train", "--task", "go_to"]
    again = parsed(words[1:])
    assert isinstance(again, Train)
    assert (again.config, again.steps, again.clips) == (task_run.config, 1024, None)


def test_the_command_of_a_run_on_primitives_has_no_more_than_its_own_settings(body, tmp_path):
    low = load_policy("rat-primitives")
    given = TrainConfig(task=JoystickConfig(seconds=8.0), primitives="rat-primitives")
    run = begin_run(tmp_path / "high", with_primitives(given, low), None, {"train": [], "test": []})
    for folder in (run.folder / "policy", run.primitives):
        save_policy(low, folder)
    words = shlex.split(command(open_task_run(run.folder)))
    assert words == [
        *("rodent", "train", "--task", "joystick", "--out", "run"),
        *("--task.seconds", "8.0", "--primitives", "rat-primitives"),
    ]
    assert parsed(words[1:]).config == given


def test_the_card_of_a_built_in_policy_without_clips_is_as_export_writes_it(task_run, tmp_path):
    assert main(["export", str(task_run.folder), "--out", str(tmp_path / "new"), "--episodes", "1"]) == 0
    new, shipped = (
        [line for line in (folder / "README.md").read_text().splitlines() if line.startswith(("#", "|"))]
        for folder in (tmp_path / "new", asset_path("policies") / "rat-joystick")
    )
    headings = [[line for line in lines if line.startswith("##")] for lines in (new, shipped)]
    assert headings[0] == headings[1]
    first = [[line.split("|")[1] for line in lines if line.startswith("|")] for lines in (new, shipped)]
    names = [one[: one.index(" figure ")] for one in first]
    assert [name for name in names[1] if name != " primitives "] == names[0]


def test_a_policy_is_exported_as_onnx(run, tmp_path):
    out = tmp_path / "sway.onnx"
    assert (
        main(["export", str(run.folder), "--format", "onnx", "--out", str(out), "--note", "It sways."]) == 0
    )
    model = onnx.load(out)
    assert model.doc_string == "It sways."
    assert model.metadata_props[0].value == load_policy(run.folder).digest()


def test_bad_input_ends_with_two_and_leaves_nothing(run, task_run, tmp_path, capsys):
    (tmp_path / "there").mkdir()
    write_clips(read_clips(run.clips).subset(["sway_0"]), tmp_path / "other.h5")
    for words, message in (
        ([tmp_path / "nowhere", "--out", tmp_path / "a"], "is not a run folder"),
        ([run.folder / "policy", "--out", tmp_path / "a"], "is not a run folder"),
        ([run.folder, "--out", tmp_path / "there"], "there exists already"),
        ([run.folder, "--out", tmp_path / "no" / "a"], "does not exist; create it first"),
        (
            [run.folder, "--clips", tmp_path / "other.h5", "--out", tmp_path / "a"],
            "other.h5 differs from the clip file",
        ),
        (
            [task_run.folder, "--clips", tmp_path / "other.h5", "--out", tmp_path / "a"],
            "the policy's task, go_to, does not use clips",
        ),
        (["rat-lstm", "--format", "onnx", "--out", tmp_path / "a"], "has the suffix ''; expected .onnx"),
        (
            ["rat-lstm", "--format", "onnx", "--episodes", 3, "--out", tmp_path / "a"],
            "--episodes is for --format",
        ),
    ):
        assert main(["export", *map(str, words)]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "a").exists()
