"""Films for people, their page and their answers."""

import json
import re
import time

import pytest

from analysis.game.blind import pairs, write_blind
from analysis.game.people import score_people
from analysis.game.settings import BlindSettings
from analysis.game.windows import describe
from rodent.cli import main
from rodent.errors import InputError
from tests.view.chromium import find_chromium, open_tab

SETTINGS = BlindSettings(trials=4, film_seconds=0.2)


@pytest.fixture(scope="module")
def described(process):
    model, rat = (
        side.replaced([one for one in side.motions if one.clip in ("clip_0", "clip_1")][::3])
        for side in process
    )
    return describe([model, rat], {}, labelled=True)


@pytest.fixture(scope="module")
def films(described, drawing, tmp_path_factory):
    folder = tmp_path_factory.mktemp("films") / "films"
    trials = pairs(*described, BlindSettings(2, 0.2), seed=0)
    write_blind(folder, trials, described[0].motions.scene, seed=0)
    return folder


def test_pairs_are_of_the_same_clip_and_time(described):
    trials = pairs(*described, SETTINGS, seed=0)
    assert len(trials) == 4
    assert {(one.model.clip, one.model.start) == (one.rat.clip, one.rat.start) for one in trials} == {True}
    assert len({(one.rat.motion, one.rat.start) for one in trials}) == 4
    assert sorted(one.side for one in trials) == ["left", "left", "right", "right"]
    again = pairs(*described, SETTINGS, seed=0)
    assert [one.side for one in again] == [one.side for one in trials]
    assert [one.side for one in pairs(*described, BlindSettings(30, 0.2), seed=1)] != ["left", "right"] * 15


def test_long_films_are_refused(described):
    with pytest.raises(InputError, match=r"no pair of films of 10 s .* --film-seconds"):
        pairs(*described, BlindSettings(film_seconds=10.0), seed=0)


def test_the_page_does_not_hold_the_solution(films):
    page, key = (films / "index.html").read_text(), json.loads((films / "key.json").read_text())
    assert len(key["trials"]) == 2 and key["game"] in page
    without_films = re.sub(r"data:video/mp4;base64,[\w+/=]*", "", page)
    assert len(page) - len(without_films) > 4 * 1000
    assert "clip_0" not in without_films and not re.search(r"https?://", without_films)


def test_a_person_answers_by_keyboard(films, tmp_path, capsys):
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium is installed: apt install chromium-headless-shell")
    key = json.loads((films / "key.json").read_text())
    with open_tab(program, tmp_path, (films / "index.html").as_uri(), size=(1000, 700)) as tab:
        tab.wait_for("!!document.getElementById('person') && document.readyState === 'complete'")

        def press(name):
            event = f"new KeyboardEvent('keydown', {{key: {name!r}, bubbles: true}})"
            tab.evaluate(f"document.dispatchEvent({event}), null")

        tab.evaluate("document.getElementById('person').value = 'Anna', null")
        tab.click("Begin")
        tab.wait_for("document.getElementById('left').readyState > 1")
        assert tab.evaluate("document.getElementById('left').videoWidth") == 480
        press(" ")
        tab.wait_for("document.getElementById('left').paused && document.getElementById('right').paused")
        first, second = (
            ("ArrowLeft", "ArrowRight") if trial["model"] == "left" else ("ArrowRight", "ArrowLeft")
            for trial in key["trials"]
        )
        press(first[0])
        # back, and wrong this time
        press("Backspace")
        press(first[1])
        # answers outlive a reload
        tab.evaluate("window.before = true, null")
        tab.call("Page.reload")
        time.sleep(0.5)
        tab.wait_for("!window.before && document.getElementById('person')?.value === 'Anna'")
        tab.click("Begin")
        tab.wait_for("document.getElementById('status').textContent === 'Pair 2 of 2'")
        press(second[0])
        tab.wait_for("!document.getElementById('end').hidden")
        answers = tmp_path / "answers.json"
        answers.write_text(tab.evaluate("JSON.stringify(result())"))
    assert main(["game", "--score", str(answers), "--key", str(films / "key.json"), "--json"]) == 0
    (person,) = json.loads(capsys.readouterr().out)["people"]
    assert (person["name"], person["n"], person["correct"]) == ("Anna", 2, 1)
    assert person["fraction"] == 0.5 and person["interval"][0] < 0.5 < person["interval"][1]


def test_answers_of_several_are_scored(tmp_path):
    key = _key(tmp_path, ["left", "right", "left", "left"])
    anna = _answers(tmp_path / "anna.json", ["left", "right", "left", None])
    ben = _answers(tmp_path / "ben.json", ["right", "left", "left", "left"])
    scores = score_people([anna, ben], key)
    assert [(one.name, one.correct, one.n, one.left) for one in scores] == [
        ("anna", 3, 3, 2),
        ("ben", 2, 4, 3),
        ("everyone", 5, 7, 5),
    ]
    assert scores[2].by_behavior == {"Walk": (5, 7)}
    assert scores[2].p == pytest.approx(0.453, abs=1e-3)  # binomial


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"game": "other"}, "has answers to the films other, and .* is of films"),
        ({"schema": "x"}, "has schema 'x'; expected 'virtual-rodent/game-answers'"),
        ({"version": 2}, "is version 2; this program reads version 1"),
        ({"answers": ["up"]}, "the answer 'up'; expected left, right or null"),
        ({"answers": [None] * 4}, "has no answers"),
        ({"answers": ["left"] * 5}, "a list of at most 4"),
    ],
)
def test_wrong_answers_are_refused(tmp_path, changes, message):
    key = _key(tmp_path, ["left", "right", "left", "left"])
    answers = _answers(tmp_path / "anna.json", ["left"] * 4, **changes)
    with pytest.raises(InputError, match=message):
        score_people([answers], key)


def _key(folder, sides):
    path = folder / "key.json"
    trials = [{"model": side, "behavior": "Walk"} for side in sides]
    card = {"schema": "virtual-rodent/game-key", "version": 1, "game": "films", "trials": trials}
    path.write_text(json.dumps(card))
    return path


def _answers(path, given, **changes):
    card = {"schema": "virtual-rodent/game-answers", "version": 1, "game": "films", "answers": given}
    path.write_text(json.dumps(card | changes))
    return path
