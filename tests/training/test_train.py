"""Whole runs at tiny size: resume after kill -9, Ctrl-C, damage, and metrics that are not finite."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.cli import main
from rodent.clips.file import write_clips
from rodent.errors import InputError, WorkError
from rodent.policy.policy import load_policy
from rodent.scene import make_scene
from rodent.synthesis.stance import stance_clips
from training import train
from training.config import PPOConfig, TrainConfig
from training.run_card import RUN
from training.runs import MetricsLog, Run, open_run
from training.trainer import Trainer

SIZES = {
    "--ppo.num-envs": 8,
    "--ppo.minibatches": 2,
    "--ppo.epochs": 1,
    "--ppo.unroll": 4,
    "--checkpoint-seconds": 0.0,
    "--evaluate-every": 160,
}
NETWORK = [
    "--network.latent",
    "4",
    "--network.encoder",
    "8",
    "--network.decoder",
    "8",
    "--network.value",
    "8",
]
TINY = [*(str(x) for pair in SIZES.items() for x in pair), *NETWORK]
STEPS = 640


@pytest.fixture(scope="module")
def clips(body, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "sway.h5"
    write_clips(stance_clips(body, frames=30), path)
    return path


def _command(*words: object) -> list[str]:
    code = "import sys; from rodent.cli import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-c", code, "train", *map(str, words)]


@pytest.fixture(scope="module")
def whole_run(clips, tmp_path_factory) -> Path:
    """A run that nobody disturbed."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    words = ["--clips", str(clips), "--out", str(run), "--steps", str(STEPS), "--keep-every", str(STEPS // 2)]
    assert main(["train", *words, *TINY]) == 0
    return run


def test_a_run_folder_holds_what_it_should(whole_run, clips):
    names = {p.name for p in whole_run.iterdir()}
    assert names >= {
        "config.json",
        "versions.json",
        "split.json",
        "metrics.jsonl",
        "checkpoints",
        "policy",
        "tensorboard",
    }
    rows = [json.loads(line) for line in (whole_run / "metrics.jsonl").read_text().splitlines()]
    assert [row["iteration"] for row in rows] == list(range(1, STEPS // 32 + 1))
    assert rows[-1]["steps"] == STEPS
    assert {"reward", "reward/root_position", "kl", "learning_rate", "seconds", "diverged"} <= rows[0].keys()
    assert "success_rate" in rows[0]
    run = open_run(whole_run)
    assert run.clips == clips
    assert run.split == {"train": ["sway_0", "sway_1"], "test": []}
    assert load_policy(whole_run).provenance["trained_on"] == ["sway_0", "sway_1"]


def test_policies_are_kept_before_training_and_every_so_often(whole_run):
    kept = open_run(whole_run).kept_policies()
    assert list(kept) == [0, STEPS // 2, STEPS]
    first, last = (load_policy(kept[steps]) for steps in (0, STEPS))
    assert (first.provenance["steps"], last.provenance["steps"]) == (0, STEPS)
    moved = jax.tree.map(lambda a, b: np.abs(a - b).max(), first.params, last.params)
    assert max(jax.tree.leaves(moved)) > 0


def test_a_killed_run_resumes_to_the_same_bits(whole_run, clips, tmp_path):
    """kill -9 at random moments, resume, and compare parameters bit for bit."""
    run = tmp_path / "killed"
    random = np.random.default_rng(0)
    words = ["--clips", clips, "--out", run, "--steps", STEPS, *TINY]
    kills = 0
    for _ in range(12):
        process = subprocess.Popen(_command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        metrics = run / "metrics.jsonl"
        before = metrics.stat().st_size if metrics.exists() else 0
        deadline = time.monotonic() + 120
        # wait until it trains, so that the kill meets an iteration, an evaluation or a checkpoint
        while process.poll() is None and time.monotonic() < deadline and kills < 3:
            if metrics.exists() and metrics.stat().st_size > before:
                time.sleep(float(random.uniform(0, 0.3)))
                process.send_signal(signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.01)
        process.wait(timeout=240)
        if run.exists():
            words = ["--resume", "--out", run, "--steps", STEPS]
        if process.returncode == 0:
            break
    assert kills, "the run was never killed: the test proves nothing"
    assert process.returncode == 0
    assert load_policy(run).digest() == load_policy(whole_run).digest()
    assert _last_state(run) == _last_state(whole_run)
    rows = [json.loads(line)["iteration"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert rows == list(range(1, STEPS // 32 + 1))


def _last_state(run: Path) -> bytes:
    """Everything in the last checkpoint, as bytes."""
    import jax

    from rodent.clips.reading import read_clips
    from rodent.rollouts import clip_episodes
    from training.checkpoint import Checkpoints

    opened = open_run(run)
    clips = read_clips(opened.clips)
    task = opened.config.task.build(make_scene(opened.config.body), clips)
    trainer = Trainer(opened.config, task, clip_episodes(clips))
    checkpoints = Checkpoints(run / "checkpoints")
    _, state = checkpoints.restore(trainer.state())
    checkpoints.close()
    return b"".join(np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(state))


def test_ctrl_c_saves_and_says_so(clips, tmp_path):
    run = tmp_path / "stopped"
    words = ["--clips", clips, "--out", run, "--steps", 10**7, *TINY]
    process = subprocess.Popen(_command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not ((run / "metrics.jsonl").exists() and (run / "metrics.jsonl").stat().st_size):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in error and "interrupted" in error
    load_policy(run)
    rows = (run / "metrics.jsonl").read_text().splitlines()
    assert (
        main(["train", "--resume", "--out", str(run), "--steps", str(json.loads(rows[-1])["steps"] + 64)])
        == 0
    )


def test_a_figure_that_is_not_finite_stops_the_run(clips, tmp_path, monkeypatch):
    """The term is named, the state is dumped, and no checkpoint holds the damage."""
    real = Trainer.iterate

    def broken(self):
        metrics = real(self)
        return metrics | ({"reward/root_position": float("nan")} if self.steps >= 96 else {})

    monkeypatch.setattr(Trainer, "iterate", broken)
    ppo = PPOConfig(num_envs=8, minibatches=2, epochs=1, unroll=4)
    config = TrainConfig(ppo=ppo, checkpoint_seconds=0.0)
    run = tmp_path / "broken"
    with pytest.raises(WorkError, match=r"reward/root_position not finite in iteration 3.*not-finite-3.npz"):
        train.train(train.new_run(run, config, clips), train.Until(steps=STEPS))
    dump = np.load(run / "not-finite-3.npz", allow_pickle=False)
    assert any("params" in name for name in dump)
    assert sorted(int(p.name) for p in (run / "checkpoints").iterdir()) == [1, 2]


def test_runs_do_not_overwrite_each_other(whole_run, clips, capsys):
    assert main(["train", "--clips", str(clips), "--out", str(whole_run), "--steps", "1"]) == 2
    assert "--resume" in capsys.readouterr().err


def test_resume_refuses_changed_clips(whole_run, clips, tmp_path, body, capsys):
    import shutil

    run = tmp_path / "copy"
    shutil.copytree(whole_run, run)
    other = tmp_path / "other.h5"
    write_clips(stance_clips(body, frames=31), other)
    card = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(card | {"clips": str(other)}))
    assert main(["train", "--resume", "--out", str(run), "--steps", "9999"]) == 2
    assert "differs from the clip file that" in capsys.readouterr().err


BAD_RUNS = {
    "nothing there": (lambda r: None, "no such run folder"),
    "an empty folder": (lambda r: r.mkdir(), "not a run folder"),
    "not JSON": (lambda r: (r.mkdir(), (r / "config.json").write_text("{")), "is not JSON"),
    "another schema": (lambda r: _card(r, schema="x"), "is not a run"),
    "another version": (lambda r: _card(r, version=99), "version 99.*reads versions 3, 4.*update"),
    "no clips": (lambda r: _card(r, clips=None), "lacks clips"),
    "unknown setting": (lambda r: _card(r, config={"wings": 1}), "unknown field 'config.wings'"),
    "no split": (lambda r: (_card(r), (r / "split.json").unlink()), r"no such file.*split.json"),
}


def _card(run: Path, **changes: object) -> None:
    run.mkdir()
    card = {
        "schema": "virtual-rodent/run",
        "version": RUN.version,
        "clips": "c.h5",
        "clips_digest": "0",
        "config": {},
    }
    (run / "config.json").write_text(json.dumps({k: v for k, v in (card | changes).items() if v is not None}))
    (run / "split.json").write_text(json.dumps({"train": [], "test": []}))


@pytest.mark.parametrize("kind", BAD_RUNS)
def test_bad_run_folders_are_refused(tmp_path, kind):
    make, message = BAD_RUNS[kind]
    make(tmp_path / "run")
    with pytest.raises(InputError, match=message):
        open_run(tmp_path / "run")


def test_a_run_of_version_3_opens(tmp_path):
    """It named no kinds, and knew fewer settings."""
    _card(tmp_path / "run", version=3, config={"body": {"scale": 1.0}, "ppo": {"unroll": 16}, "seed": 4})
    config = open_run(tmp_path / "run").config
    expected = TrainConfig(body=BodyConfig(scale=1.0), ppo=PPOConfig(unroll=16), seed=4)
    assert config == expected


BAD_COMMANDS = {
    "no bound": (["--clips", "c.h5", "--out", "r"], "no duration is given"),
    "negative time": (["--clips", "c.h5", "--out", "r", "--minutes", "-1"], "must be positive"),
    "no clips": (["--out", "r", "--steps", "1"], "no motion to imitate is given"),
    "missing clips": (["--clips", "nowhere.h5", "--out", "r", "--steps", "1"], "no such file"),
    "clips and resume": (["--clips", "c.h5", "--resume", "--out", "r", "--steps", "1"], "omit --clips"),
    "settings and resume": (
        ["--resume", "--out", "r", "--steps", "1", "--seed", "3"],
        "uses the configuration of the run",
    ),
    "resume nothing": (["--resume", "--out", "r", "--steps", "1"], "no such run folder"),
    "bad body": (["--clips", "c.h5", "--out", "r", "--steps", "1", "--body.scale", "0"], "scale"),
}


@pytest.mark.parametrize("kind", BAD_COMMANDS)
def test_bad_commands_end_with_two_and_one_line(tmp_path, monkeypatch, capsys, kind):
    monkeypatch.chdir(tmp_path)
    words, message = BAD_COMMANDS[kind]
    assert main(["train", *words]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--body.scale", "1.0"], "scale 0.9"),
        (["--threads", "-2"], "threads is -2; it must not be negative (0: one per core)"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_written(clips, tmp_path, capsys, words, message):
    command = ["train", "--clips", str(clips), "--out", str(tmp_path / "r"), "--steps", "1", *words]
    assert main(command) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_threads_do_not_change_what_is_learnt(clips, tmp_path):
    digests = []
    for threads in ("1", "2"):
        words = ["--clips", str(clips), "--out", str(tmp_path / threads), "--threads", threads]
        assert main(["train", *words, "--steps", "64", *TINY]) == 0
        digests.append(load_policy(tmp_path / threads).digest())
    assert digests[0] == digests[1]


def test_metrics_survive_a_half_written_row(tmp_path):
    row = json.dumps({"iteration": 1, "steps": 32}) + "\n"
    (tmp_path / "metrics.jsonl").write_text(row + '{"iteration": 2, "st')
    MetricsLog(Run(tmp_path, TrainConfig(), None, "", {}), 1).close()
    assert (tmp_path / "metrics.jsonl").read_text() == row


def test_the_rate_is_that_of_the_last_minute(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(train.time, "monotonic", lambda: now[0])
    rate, found, steps = train._Rate(), [], 0
    # 100 steps a second for a minute, then 10
    for pace in [100] * 6 + [10] * 12:
        now[0] += 10
        steps += 10 * pace
        found.append(rate(steps))
    assert found[0] == 0  # the first iteration compiles
    assert found[1:6] == [100] * 5
    assert 10 < found[6] < 100 and found[-5:] == [10] * 5
