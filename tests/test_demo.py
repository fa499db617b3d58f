"""The whole way at its smallest: every file is there, says what it is, and can be read again."""

import dataclasses
import json

import numpy as np
import pytest

from analysis.settings import EncodingSettings
from analysis.spikefile import read_spikes
from rodent.cli import demo
from rodent.cli.demo import FILES, LAYER, Demo, Plan, make_demo
from rodent.errors import InputError
from rodent.motion import read_clips
from rodent.policy.policy import load_policy
from rodent.policy.sizes import NetworkConfig
from rodent.recording import open_recording
from training.config import PPOConfig

SMALL = Plan(
    clips=32,
    frames=200,
    steps=32,
    network=NetworkConfig(latent=4, encoder=(8,), decoder=(16,), value=(8,)),
    ppo=PPOConfig(num_envs=8, minibatches=2, epochs=1, unroll=4),
    picture=(64, 48),
    neurons=4,
    encoding=EncodingSettings(folds=3, strengths=(0.5,)),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "new" / "demo"
    return out, make_demo(out, SMALL)


def test_all_files_are_there_and_explained(made):
    out, result = made
    wanted = {*FILES} - ({"video.mp4"} if result["no_video_because"] else set())
    assert {path.name for path in out.iterdir()} == {*wanted, "README.txt"}
    assert result["files"] == [str(out / name) for name in FILES if name in wanted]
    told = (out / "README.txt").read_text()
    assert all(name in told for name in FILES)
    assert LAYER in told


def test_files_hold_what_they_say(made):
    out, result = made
    clips = read_clips(out / "clips.h5")
    assert len(clips) == 32 and {clip.source for clip in clips} == {"synthetic (rodent.motion.sway)"}
    assert load_policy(out / "run").provenance["steps"] == 32
    evaluation = json.loads((out / "evaluation.json").read_text())
    assert evaluation["success_rate"] == result["success_rate"]
    assert [clip["name"] for clip in evaluation["clips"]] == list(clips.names)
    with open_recording(out / "recording.h5") as recording:
        assert list(recording.rollouts) == list(clips.names)
        assert LAYER in recording.rollouts["sway_0"].layers
    spikes = read_spikes(out / "spikes.npz")
    assert spikes.counts.shape == (1280, 8)
    if not result["no_video_because"]:
        import av

        with av.open(str(out / "video.mp4")) as film:
            assert film.streams.video[0].frames == 100


def test_the_comparison_finds_the_driven_neurons(made):
    out, result = made
    encoding = json.loads((out / "encoding.json").read_text())
    (layer,) = encoding["layers"]
    assert layer["layer"] == LAYER
    scores = {n["name"]: n["corrected_bits_per_spike"] for n in layer["neurons"]}
    driven, drifting = ([scores[f"{kind}_{i}"] for i in range(4)] for kind in ("driven", "drifting"))
    assert min(driven) > 0.05
    assert np.mean(driven) > np.mean(drifting) + 0.1
    kinds = result["corrected_bits_per_spike"]
    assert kinds["driven"]["mean"] == pytest.approx(np.mean(driven))
    assert kinds["drifting"]["mean"] == pytest.approx(np.mean(drifting))


def test_what_is_there_is_not_overwritten(made):
    out, _ = made
    before = sorted(out.iterdir())
    with pytest.raises(InputError, match=r"demo exists already; remove it, or choose another folder: --out"):
        Demo(out=out).run()
    assert sorted(out.iterdir()) == before
    with pytest.raises(InputError, match=r"README\.txt exists already"):
        Demo(out=out / "README.txt").run()


@pytest.mark.parametrize("minutes", [0.0, -1.0, float("nan")])
def test_no_time_to_train(tmp_path, minutes):
    with pytest.raises(InputError, match=r"--minutes is .*more than nought"):
        Demo(out=tmp_path / "demo", minutes=minutes).run()
    assert not list(tmp_path.iterdir())


def test_without_opengl_it_goes_on_and_says_so(made, tmp_path, monkeypatch, capsys):
    import rodent.render

    def render(*arguments):
        raise rodent.render.NoOpenGLError("no OpenGL context (egl)")

    monkeypatch.setattr(rodent.render, "render", render)
    why = demo._film(made[0], SMALL)
    assert why == "no OpenGL context (egl)"
    assert "THERE IS NO FILM" in capsys.readouterr().err
    demo._write_readme(tmp_path, why)
    assert "missing: no OpenGL context (egl)" in (tmp_path / "README.txt").read_text()


def test_table_and_json(made, tmp_path, monkeypatch, capsys):
    out, result = made
    plans = []
    monkeypatch.setattr(demo, "make_demo", lambda out, plan: plans.append(plan) or result)
    Demo(out=tmp_path / "demo", minutes=2.0).run()
    assert plans == [dataclasses.replace(Plan(), minutes=2.0)]
    printed = capsys.readouterr().out
    assert "root position error" in printed and "neurons that only drift" in printed
    Demo(out=out, json=True).run()
    assert json.loads(capsys.readouterr().out)["success_rate"] == result["success_rate"]
