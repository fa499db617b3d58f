"""Run folders: whole or not at all."""

import pytest

import training.runs
from rodent.errors import InputError
from tests.policies import untrained_policy
from training.config import TrainConfig
from training.runs import begin_run, open_run

SPLIT = {"train": [], "test": []}


def test_a_run_folder_is_there_whole_or_not_at_all(body, tmp_path, monkeypatch):
    others = {"teacher": untrained_policy(body)}
    with monkeypatch.context() as patched:
        patched.setattr(training.runs, "versions", lambda: {}[""])  # after the copy of the teacher
        with pytest.raises(KeyError):
            begin_run(tmp_path / "run", TrainConfig(), None, SPLIT, others)
    assert not list(tmp_path.iterdir())
    (tmp_path / "run").mkdir()  # an empty one will do
    begin_run(tmp_path / "run", TrainConfig(), None, SPLIT, others)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (open_run(tmp_path / "run").teacher / "policy.json").exists()


def test_a_split_without_its_lists_is_refused(tmp_path):
    run = begin_run(tmp_path / "run", TrainConfig(), None, SPLIT)
    (run.folder / "split.json").write_text('{"test": []}')
    with pytest.raises(InputError, match=r"split.json lacks the lists train and test"):
        open_run(run.folder)
