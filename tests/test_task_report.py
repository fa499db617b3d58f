"""`rodent report` of a task without clips: figures beside their bars, and learning over seeds."""

import json
import re

import pytest

import training.pages.shared
from rodent.cli import main
from rodent.policy.policy import save_policy
from rodent.render import NoOpenGLError
from rodent.tasks.goal_settings import GoToConfig
from tests.pages.test_page import check_page
from tests.policies import TINY, untrained_on_task, untrained_policy
from training.config import PPOConfig, TrainConfig
from training.curves import write_learning
from training.runs import begin_run

GO_TO = GoToConfig(seconds=0.4)


@pytest.fixture(scope="module")
def runs(body, tmp_path_factory):
    """Two seeds of one training, and one with another discount."""
    folder = tmp_path_factory.mktemp("runs")
    for name, seed, discount in (("a", 0, 0.95), ("b", 1, 0.95), ("c", 1, 0.9)):
        config = TrainConfig(task=GO_TO, network=TINY, ppo=PPOConfig(discount=discount), seed=seed)
        run = begin_run(folder / name, config, None, {"train": [], "test": []})
        save_policy(untrained_on_task(body, GO_TO, seed=seed), run.folder / "policy")
        rows = [
            {"iteration": i, "steps": 512 * i, "seconds": 60.0 * i, "reward": 0.1 * i, "success_rate": 0.5}
            | {"task/within 5 cm": 0.1 * i, "attained": 0.2 * i + 0.1 * seed}
            for i in (1, 2)
        ]
        (run.folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        write_learning(run.folder, seed)
    return folder


@pytest.fixture
def without_film(monkeypatch):
    def no_film(*_):
        raise NoOpenGLError("not here")

    monkeypatch.setattr(training.pages.shared, "film_subject", no_film)


def test_the_page_compares_runs_of_a_task(runs, without_film, monkeypatch, capsys):
    monkeypatch.chdir(runs)
    assert main(["report", "a", "b", "c", "--episodes", "2", "--out", "page.html", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["task"] == "go_to" and [one["run"] for one in found["runs"]] == ["a", "b", "c"]
    assert found["runs"][0]["metrics"][0] == {
        "figure": "within 5 cm",
        "value": 0.0,
        "bar": 0.9,
        "at": "least",
    }
    text = (runs / "page.html").read_text()
    check_page(text)
    words = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", text))
    assert "within 5 cm at least 0.9 0 0 0" in words
    assert "ppo.discount 0.95 0.95 0.95 0.9" in words and "task.seconds 8 0.4 0.4 0.4" in words
    # an interval over a and b alone
    assert "95 % interval" in words and "like a (n = 2)" in text and "like c" not in text


def test_policies_that_imitate_and_those_that_do_not_have_pages_of_their_own(runs, body, capsys, monkeypatch):
    monkeypatch.chdir(runs)
    save_policy(untrained_policy(body), runs / "walker")
    for words, message in (
        (("walker", "a"), "walker imitates clips, and the task of a has none; write a page for each"),
        (("a", "rat-joystick"), "a has the task go_to and rat-joystick the task joystick; write a page for"),
        (("a", "--clips", "gaits"), "the task of a has no clips; leave out --clips"),
        (("a", "a"), "a is given twice"),
    ):
        assert main(["report", *words, "--out", "page2.html"]) == 2
        assert message in capsys.readouterr().err
    assert not (runs / "page2.html").exists()
