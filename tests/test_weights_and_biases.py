"""`rodent train --wandb`: every metric and setting is in the log; without the package, one line says so."""

import sys

import pytest

from rodent.cli import main
from rodent.cli.weights_and_biases import WeightsAndBiasesLog
from rodent.errors import InputError
from training.callback import Progress
from training.config import TrainConfig
from training.runs import begin_run


@pytest.fixture
def run(clip_file, tmp_path):
    return begin_run(tmp_path / "run", TrainConfig(seed=4711), clip_file, {"train": ["sway_0"], "test": []})


def test_metrics_and_settings_are_in_the_offline_log_and_a_resumed_run_goes_on(run, monkeypatch, capsys):
    wandb = pytest.importorskip("wandb", reason="the extra wandb is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    for steps in (512, 1024):
        with WeightsAndBiasesLog(run, "rats") as log:
            progress = Progress(1, steps, 2.0, 256.0, "PPO", {"reward/energy": 0.5}, {"success_rate": 1.0})
            log.on_iteration(run, progress)
    wandb.teardown()  # as at the end of the process: waits until everything is written
    first, second = sorted((run.folder / "wandb").glob("offline-run-*/*.wandb"))
    assert first.name == second.name == f"run-{(run.folder / 'wandb-id').read_text().strip()}.wandb"
    content = first.read_bytes()
    for text in (b"reward/energy", b"success_rate", b"4711", b"rats"):
        assert text in content
    assert b"512" in content and b"1024" in second.read_bytes()
    assert "offline, in " in capsys.readouterr().err


def test_without_an_account_it_is_said_what_to_do(run, monkeypatch):
    wandb = pytest.importorskip("wandb", reason="the extra wandb is not installed")

    def refuse(**settings):
        raise wandb.errors.UsageError("api_key not configured (no-tty)")

    monkeypatch.setattr(wandb, "init", refuse)
    with pytest.raises(InputError, match=r"api_key not configured.*`wandb login`.*WANDB_MODE=offline"):
        WeightsAndBiasesLog(run, "rats").__enter__()


def test_without_the_package_no_run_is_begun(clip_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "wandb", None)
    out = tmp_path / "run"
    words = ["train", "--clips", str(clip_file), "--out", str(out), "--steps", "32", "--wandb", "rats"]
    assert main(words) == 2
    assert "pip install 'virtual-rodent[wandb]'" in capsys.readouterr().err
    assert not out.exists()
