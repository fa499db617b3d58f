import json

from rodent.cli.main import main
from rodent.parts import TASKS
from rodent.tasks.goal_settings import JoystickConfig


def test_every_task_is_listed_with_what_it_asks_and_where_it_is_from(capsys):
    assert main(["task", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["tasks"]}
    assert set(rows) == set(TASKS.names())
    assert rows["joystick"]["asks"].startswith("Walk as commanded")
    assert rows["joystick"]["needs_clips"] is False
    assert rows["imitation"]["needs_clips"] is True
    assert rows["imitation"]["from"] == "built in"


def test_a_task_of_a_package_is_listed_too(monkeypatch, capsys):
    monkeypatch.setitem(TASKS._registered, "stroll", JoystickConfig)
    assert main(["task", "list"]) == 0
    assert "stroll" in capsys.readouterr().out
