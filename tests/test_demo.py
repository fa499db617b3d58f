"""The full pipeline at its smallest size: every file is written, described, and can be read again."""

import dataclasses
import json
import re

import numpy as np
import pytest

from analysis.encoding.settings import EncodingSettings
from analysis.neural.read import read_session
from rodent.cli.demo import Demo, pipeline
from rodent.cli.demo.page import of_kind, write_report
from rodent.cli.demo.pipeline import FEW, FILES, LAYER, Plan, make_demo
from rodent.clips import read_clips
from rodent.errors import InputError
from rodent.policy.policy import load_policy
from rodent.policy.sizes import NetworkConfig
from rodent.recording import open_recording
from rodent.render import NoOpenGLError
from training.config import PPOConfig, TrainConfig

SMALL = Plan(
    steps=32,
    train=TrainConfig(
        network=NetworkConfig(latent=4, encoder=(8,), decoder=(16,), value=(8,)),
        ppo=PPOConfig(num_envs=8, minibatches=2, epochs=1, unroll=4),
    ),
    repeats=2,
    picture=(64, 48),
    neurons=4,
    encoding=EncodingSettings(folds=3, strengths=(0.5,), block_seconds=10.0, shift_seconds=10.0),
)
FILMS = {name for name in FILES if name.endswith(".mp4")}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder, what was returned, and what the page was made of."""
    out = tmp_path_factory.mktemp("demo") / "new" / "demo"
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "write_report", lambda *given: told.append(given) or write_report(*given))
        result = make_demo(out, SMALL)
    return out, result, told[0][1]


def test_all_files_are_there_and_explained(made):
    out, result, _ = made
    wanted = {*FILES} - (FILMS if result["no_film_because"] else set())
    assert {path.name for path in out.iterdir()} == {*wanted, "README.md"}
    assert result["files"] == [str(out / name) for name in FILES if name in wanted]
    told = (out / "README.md").read_text()
    assert all(f"`{name}`" in told for name in FILES)
    assert LAYER in told


def test_files_hold_what_they_say(made):
    out, result, _ = made
    clips = read_clips(out / "clips.h5")
    assert clips.names == FEW
    assert load_policy(out / "run").provenance["steps"] == 32
    for kind in ("built-in", "learnt"):
        evaluation = json.loads((out / f"{kind}.json").read_text())
        assert evaluation["success_rate"] == result["success_rate"][kind]
        assert evaluation["mean"]["lifespan_frames"] == result["frames_tracked"][kind]
        with open_recording(out / f"{kind}.h5") as recording:
            assert tuple(recording.rollouts) == FEW
    with open_recording(out / "session.h5") as recording:
        names, played = read_clips("gaits").names, list(recording.rollouts)
        first, second = played[: len(names)], played[len(names) :]
        assert tuple(first) == names
        assert sorted(second) == sorted(f"{name}.2" for name in names)
        # in another order every time
        assert [name[:-2] for name in second] != first
        assert LAYER in recording.rollouts["walk"].layers
        again = [recording.rollouts[name]["qpos"] for name in ("walk", "walk.2")]
    assert not np.array_equal(*again)  # each time with noise of its own
    assert read_session(out / "spikes.npz").spikes.counts.shape == (1040, 8)
    if not result["no_film_because"]:
        import av

        with av.open(str(out / "learnt.mp4")) as film:
            assert film.streams.video[0].frames == 300


def test_the_built_in_policy_is_better_than_one_that_learnt_nothing(made):
    frames = made[1]["frames_tracked"]
    assert frames["built-in"] > 2 * frames["at first"]


def test_the_comparison_finds_the_driven_neurons_and_its_null_does_not(made):
    out, result, results = made
    (layer,) = json.loads((out / "encoding.json").read_text())["layers"]
    assert layer["layer"] == LAYER
    scores = {n["name"]: n["corrected_bits_per_spike"] for n in layer["neurons"]}
    driven, drifting = ([scores[f"{kind}_{i}"] for i in range(4)] for kind in ("driven", "drifting"))
    assert min(driven) > 0.05
    # of so short a session drift is found to earn a little, which p tells from a find
    assert np.mean(driven) > np.mean(drifting) + 0.05
    p = {n["name"]: n["p"] for n in layer["neurons"]}
    assert max(p[f"driven_{i}"] for i in range(4)) <= 0.05 < np.median([p[f"drifting_{i}"] for i in range(4)])
    encoding = results.encoding
    assert encoding.null_bits_per_spike[of_kind(encoding, "driven")].max() < 0.05
    kinds = result["corrected_bits_per_spike"]
    assert kinds["driven"]["mean"] == pytest.approx(np.mean(driven))
    assert kinds["drifting"]["mean"] == pytest.approx(np.mean(drifting))


def test_the_page_holds_all_it_shows(made):
    out, result, _ = made
    page = (out / "report.html").read_text()
    assert page.count("<svg") == 4
    assert page.count("data:video/mp4;base64,") == (0 if result["no_film_because"] else 2)
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", page.replace("xlink:href", "href"))
    for name in read_clips("gaits").names:
        assert f">{name}<" in page


def test_what_is_there_is_not_overwritten(made):
    out, _, _ = made
    before = sorted(out.iterdir())
    with pytest.raises(InputError, match=r"demo exists already; remove it, or choose another folder: --out"):
        Demo(out=out).run()
    assert sorted(out.iterdir()) == before
    with pytest.raises(InputError, match=r"README\.md exists already"):
        Demo(out=out / "README.md").run()


@pytest.mark.parametrize("minutes", [0.0, -1.0, float("nan")])
def test_no_time_to_train(tmp_path, minutes):
    with pytest.raises(InputError, match=r"--minutes is .*positive"):
        Demo(out=tmp_path / "demo", minutes=minutes).run()
    assert not list(tmp_path.iterdir())


def test_without_opengl_it_goes_on_and_says_so(made, tmp_path, monkeypatch, capsys):
    out, _, results = made

    def render(*arguments):
        raise NoOpenGLError("no OpenGL context (egl)")

    monkeypatch.setattr(pipeline, "render", render)
    why = pipeline._film(tmp_path, SMALL)
    assert why == "no OpenGL context (egl)"
    assert "NO VIDEO could be rendered" in capsys.readouterr().err
    pipeline._write_readme(tmp_path, why)
    assert (tmp_path / "README.md").read_text().count("missing: no OpenGL context (egl)") == 2
    (tmp_path / "session.h5").symlink_to(out / "session.h5")
    write_report(tmp_path, results, LAYER, why)
    page = (tmp_path / "report.html").read_text()
    assert "There is no video: no OpenGL context (egl)" in page
    assert "<video" not in page


def test_table_and_json(made, tmp_path, monkeypatch, capsys):
    _, result, _ = made
    plans = []
    monkeypatch.setattr(pipeline, "make_demo", lambda out, plan: plans.append(plan) or result)
    Demo(out=tmp_path / "demo", minutes=3.0).run()
    assert plans == [dataclasses.replace(Plan(), minutes=3.0)]
    printed = capsys.readouterr().out
    assert "frames tracked, built-in policy" in printed
    assert "neurons that only drift" in printed
    Demo(out=tmp_path / "demo", json=True).run()
    assert json.loads(capsys.readouterr().out)["success_rate"] == result["success_rate"]
