"""Rollouts: rows that agree with the engine, failures, restarts, and recordings of every unit."""

import importlib
import json
from dataclasses import replace

import jax
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.cli import main
from rodent.clips.file import write_clips
from rodent.errors import InputError
from rodent.policy.policy import save_policy
from rodent.policy.sizes import NetworkConfig
from rodent.record_config import RecordConfig
from rodent.recording import RolloutMetadata, open_recording
from rodent.recording.controls import control_layers, random_layer
from rodent.recording.gates import GATES, gate_layer
from rodent.rollouts import RolloutRunner, record
from rodent.scene import make_scene
from rodent.scene.ground import animal_weight
from rodent.synthesis.stance import stance_clips
from rodent.tasks.imitation import ImitationState
from rodent.tasks.settings import USUAL_REWARD
from tests.policies import untrained_policy
from training.evaluate import evaluate

FRAMES = 40


@pytest.fixture(scope="module")
def policy(body):
    return untrained_policy(body)


@pytest.fixture(scope="module")
def clips(body):
    return stance_clips(body, frames=FRAMES, n=3)


def _play(runner, policy, clips, **options):
    return list(runner.play(policy.params, policy.normalizer, np.arange(len(clips)), **options))


def test_a_row_per_frame_from_the_first(body, policy, clips):
    rows = _play(RolloutRunner.of(policy, clips, 3), policy, clips)
    assert [row.index for row in rows] == list(range(FRAMES))
    np.testing.assert_allclose(rows[7].channels["reference"], [clip.qpos[7] for clip in clips], atol=1e-5)
    assert rows[0].metrics["root_position"].max() < 0.02
    assert rows[0].terms.keys() == USUAL_REWARD.keys()
    assert rows[0].units == {}


def test_playing_side_by_side_changes_nothing(body, policy, clips):
    together = _play(RolloutRunner.of(policy, clips, 3), policy, clips)
    alone = list(RolloutRunner.of(policy, clips, 1).play(policy.params, policy.normalizer, np.array([1])))
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_allclose(a.physics.qpos[1], b.physics.qpos[0], atol=1e-4)


def test_the_mean_is_repeatable_and_samples_follow_their_seed(body, policy, clips):
    runner = RolloutRunner.of(policy, clips, 3)
    a, b = (_play(runner, policy, clips)[-1].physics.qpos for _ in range(2))
    np.testing.assert_array_equal(a, b)
    sampler = RolloutRunner.of(policy, clips, 3, sample=True)
    one, same, other = (_play(sampler, policy, clips, seed=seed)[-1].physics.qpos for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_a_rat_that_lost_its_reference_is_left_or_put_back(body, policy):
    """The reference jumps 10 cm at frame 20: nobody can follow."""
    clips = stance_clips(body, frames=30, n=1)
    qpos = clips[0].qpos.copy()
    qpos[20:, 0] += 0.1
    clips = replace(clips, clips=(replace(clips[0], qpos=qpos),))
    runner = RolloutRunner.of(policy, clips, 1)
    left = _play(runner, policy, clips, on_failure="continue")
    again = _play(runner, policy, clips, on_failure="restart")
    assert [bool(row.failed[0]) for row in left] == [False] * 20 + [True] * 10
    assert [bool(row.failed[0]) for row in again] == [False] * 20 + [True] + [False] * 9
    assert abs(left[20].physics.qpos[0, 0] - qpos[19, 0]) < 0.02
    np.testing.assert_allclose(again[20].physics.qpos[0, 7:], qpos[20, 7:], atol=1e-4)


@pytest.mark.parametrize(("on_failure", "alive", "failures"), [("continue", 20, 1), ("restart", 29, 1)])
def test_a_recording_says_where_a_rat_was_lost(body, policy, tmp_path, on_failure, alive, failures):
    clips = stance_clips(body, frames=30, n=1)
    qpos = clips[0].qpos.copy()
    qpos[20:, 0] += 0.1
    clips = replace(clips, clips=(replace(clips[0], qpos=qpos),))
    found = record(policy, clips, tmp_path / "r.h5", RecordConfig(on_failure=on_failure))
    assert found["failures"] == failures
    with open_recording(tmp_path / "r.h5") as recording:
        assert int(recording.rollouts["sway_0"]["alive"].sum()) == alive


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_a_recording_holds_everything(body, clips, tmp_path, kind):
    config = NetworkConfig(latent=8, encoder=(16,), decoder=(12, 10), value=(6,), decoder_kind=kind)
    policy = untrained_policy(body, config)
    found = record(policy, clips, tmp_path / "r.h5", RecordConfig(seed=3), origin={"clips": "sway"})
    assert found["frames"] == 3 * FRAMES
    with open_recording(tmp_path / "r.h5") as recording:
        assert recording.scene == body.config
        assert recording.fps == pytest.approx(50.0)
        assert recording.provenance["policy"] == policy.digest()
        assert recording.provenance["seed"] == 3
        rollout = recording.rollouts["sway_1"]
        assert rollout.n_frames == FRAMES
        assert (
            set(found["layers"]) == set(rollout.layers) >= {"encoder/layer_0", "latent/mean", "value/layer_0"}
        )
        assert rollout.units("decoder/layer_0.pre").shape == (FRAMES, 12)
        np.testing.assert_allclose(rollout["reference"], clips[1].qpos, atol=1e-5)
        total = sum(rollout[f"reward/{name}"] for name in USUAL_REWARD)
        np.testing.assert_allclose(rollout["reward/total"], total, atol=1e-5)
        assert rollout["contact"].shape == (FRAMES, 4)
        assert rollout["contact"].max() > 0, "no paw ever touched the floor"
        upward = rollout["ground_force"].reshape(FRAMES, 5, 3)[..., 2].sum(1).mean()
        assert upward == pytest.approx(animal_weight(body), rel=0.2), (
            "the mean of a second is near the weight"
        )
        assert rollout["alive"].all()
        np.testing.assert_allclose(np.diff(rollout["time"]), 0.02, atol=1e-9)


def test_recorded_units_are_those_that_moved_the_rat(body, policy, clips, tmp_path):
    """The recorded action mean, put through the task, gives the recorded controls."""
    record(policy, clips, tmp_path / "r.h5")
    task = policy.task.build(body, clips)
    with open_recording(tmp_path / "r.h5") as recording:
        rollout = recording.rollouts["sway_0"]
        states = ImitationState(jax.numpy.arange(FRAMES))
        ctrl = jax.vmap(task.control)(states, rollout.units("decoder/action_mean"))
        np.testing.assert_allclose(rollout["ctrl"], ctrl, atol=1e-6)


def _units(path):
    with open_recording(path) as recording:
        return {
            name: {
                key: rollout.read(key) for key in ("qpos", "ctrl", *(f"units/{x}" for x in rollout.layers))
            }
            for name, rollout in recording.rollouts.items()
        }


def test_controls_are_recorded_and_do_not_act(body, policy, clips, tmp_path):
    plain = record(policy, clips, tmp_path / "plain.h5")
    found = record(policy, clips, tmp_path / "one.h5", RecordConfig(controls=True))
    record(policy, clips, tmp_path / "other.h5", RecordConfig(controls=True, seed=1))
    assert set(found["layers"]) - set(plain["layers"]) == set(control_layers(plain["layers"]))
    alone, one, other = (_units(tmp_path / f"{name}.h5") for name in ("plain", "one", "other"))
    layer = "units/control/random/decoder/layer_0"
    for name, rollout in alone.items():
        for key, values in rollout.items():
            np.testing.assert_array_equal(one[name][key], values)
        assert not np.allclose(one[name][layer], other[name][layer], atol=1e-3)
        for key in ("units/control/encoder_input", "units/control/reference"):
            np.testing.assert_array_equal(one[name][key], other[name][key])
            assert one[name][key].std(0).max() > 1e-3


def test_the_encoder_input_is_what_the_encoder_received(body, policy, clips, tmp_path):
    record(policy, clips, tmp_path / "r.h5", RecordConfig(controls=True))
    weights = policy.params["policy"]["encoder"]["layer_0"]["pre"]
    with open_recording(tmp_path / "r.h5") as recording:
        for rollout in recording.rollouts.values():
            pre = rollout.units("control/encoder_input") @ weights["kernel"] + weights["bias"]
            np.testing.assert_allclose(rollout.units("encoder/layer_0.pre"), pre, atol=1e-4)


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_a_control_with_the_policys_weights_repeats_the_policy(body, tmp_path, monkeypatch, kind):
    """Through clips of unequal length and rats that are put back, whose memory is cleared."""
    config = NetworkConfig(latent=8, encoder=(16,), decoder=(12, 10), value=(6,), decoder_kind=kind)
    policy = untrained_policy(body, config)
    monkeypatch.setattr("rodent.policy.intention.IntentionAgent.init", lambda *_: policy.params)
    clips = stance_clips(body, frames=30, n=2)
    qpos = clips[0].qpos.copy()
    qpos[20:, 0] += 0.1
    clips = replace(
        clips,
        clips=(
            replace(clips[0], qpos=qpos),
            replace(clips[1], qpos=clips[1].qpos[:15], qvel=clips[1].qvel[:15]),
        ),
    )
    found = record(policy, clips, tmp_path / "r.h5", RecordConfig(controls=True, on_failure="restart"))
    assert found["failures"] == 1
    for rollout in _units(tmp_path / "r.h5").values():
        for key in [key for key in rollout if key.startswith("units/control/random/")]:
            trained = rollout[key.replace("control/random/", "")]
            np.testing.assert_allclose(rollout[key], trained, atol=1e-5, err_msg=key)


def test_latents_of_a_control_are_drawn_where_the_policys_are(policy, clips, tmp_path):
    for sample in (False, True):
        record(policy, clips, tmp_path / "r.h5", RecordConfig(controls=True, sample=sample))
        for rollout in _units(tmp_path / "r.h5").values():
            mean, drawn = (rollout[f"units/control/random/latent/{name}"] for name in ("mean", "sample"))
            assert np.array_equal(mean, drawn) is not sample


@pytest.fixture(scope="module")
def jumping(body):
    """Two clips of 30 frames; in the first the reference jumps 10 cm at frame 20: nobody can follow."""
    clips = stance_clips(body, frames=30, n=2)
    qpos = clips[0].qpos.copy()
    qpos[20:, 0] += 0.1
    return replace(clips, clips=(replace(clips[0], qpos=qpos), clips[1]))


def test_contents_hold_what_they_say_and_agree(body, policy, jumping, tmp_path):
    found = {}
    for content in ("outcomes", "states", "units"):
        found[content] = record(policy, jumping, tmp_path / f"{content}.h5", RecordConfig(content=content))
    assert found["units"]["layers"]
    assert found["states"]["layers"] == found["outcomes"]["layers"] == []
    with (
        open_recording(tmp_path / "outcomes.h5") as outcomes,
        open_recording(tmp_path / "states.h5") as states,
        open_recording(tmp_path / "units.h5") as units,
    ):
        assert [r.content for r in (outcomes, states, units)] == ["outcomes", "states", "units"]
        assert not any(rollout.channels for rollout in outcomes.rollouts.values())
        for name, rollout in units.rollouts.items():
            layers = {f"units/{layer}" for layer in rollout.layers}
            assert states.rollouts[name].channels.keys() == rollout.channels.keys() - layers
            np.testing.assert_array_equal(states.rollouts[name]["qpos"], rollout["qpos"])
        assert outcomes.outcomes.keys() == units.outcomes.keys()
        for name, values in units.outcomes.items():
            np.testing.assert_array_equal(outcomes.outcomes[name], values, err_msg=name)


def test_outcomes_are_those_of_the_frames_and_of_evaluation(policy, jumping, tmp_path):
    record(policy, jumping, tmp_path / "r.h5")
    scores = evaluate(policy, jumping)["clips"]
    with open_recording(tmp_path / "r.h5") as recording:
        found = recording.outcomes
        np.testing.assert_array_equal(found["frames"], [30, 30])
        np.testing.assert_array_equal(found["lifespan"], [20, 30])
        np.testing.assert_array_equal(found["failures"], [1, 0])
        np.testing.assert_array_equal(found["terminated"], [True, False])
        np.testing.assert_array_equal(found["truncated"], [False, True])
        assert recording.outcome_channels["error/root_orientation"].unit == "rad"
        for i, rollout in enumerate(recording.rollouts.values()):
            alive = rollout["alive"]
            assert alive.sum() == found["lifespan"][i] == scores[i]["lifespan_frames"]
            for term in rollout.reward_terms:
                mean = rollout[f"reward/{term}"][alive].mean()
                assert rollout.outcomes[f"reward/{term}"] == pytest.approx(mean, rel=1e-5, abs=1e-9)
            for name, factor, unit in (("root_position", 1e3, "mm"), ("joint_angle", 57.29578, "deg")):
                wanted = scores[i][f"{name}_error_{unit}"]
                assert factor * found[f"error/{name}"][i] == pytest.approx(wanted, rel=1e-4)


def test_repeats_are_rollouts_of_the_same_clips_that_differ(policy, clips, tmp_path, monkeypatch):
    """In groups of two, so that every group plays the same clips."""
    monkeypatch.setattr(importlib.import_module("rodent.rollouts.record"), "_AT_ONCE", 2)
    two = clips.subset(["sway_0", "sway_1"])
    found = record(
        policy, two, tmp_path / "r.h5", RecordConfig(repeats=3, sample=True, seed=5, content="states")
    )
    assert (found["rollouts"], found["frames"]) == (6, 6 * FRAMES)
    with open_recording(tmp_path / "r.h5") as recording:
        rollouts = list(recording.rollouts.values())
        names = [{"sway_0", "sway_1"}, {"sway_0.2", "sway_1.2"}, {"sway_0.3", "sway_1.3"}]
        assert [{rollout.name for rollout in rollouts[i : i + 2]} for i in (0, 2, 4)] == names
        assert all(rollout.name.partition(".")[0] == rollout.clip for rollout in rollouts)
        assert rollouts[0].metadata.seed == rollouts[1].metadata.seed == 5
        assert len({rollout.metadata.seed for rollout in rollouts}) == 3
        assert {rollout.metadata.task for rollout in rollouts} == {"imitation"}
        last = np.stack([rollout["qpos"][-1] for rollout in rollouts])
        assert len(np.unique(last.round(5), axis=0)) == 6
    record(policy, two, tmp_path / "once.h5", RecordConfig(sample=True, seed=5, content="states"))
    with open_recording(tmp_path / "once.h5") as recording:
        np.testing.assert_array_equal(recording.rollouts["sway_1"]["qpos"][-1], last[1])


def test_without_draws_no_seed_is_told(policy, clips, tmp_path):
    record(policy, clips, tmp_path / "r.h5", RecordConfig(content="outcomes", seed=5))
    with open_recording(tmp_path / "r.h5") as recording:
        start = {"clip": "sway_1", "frame": 0}
        wanted = RolloutMetadata(task="imitation", start=start, behavior=clips[1].behavior)
        assert recording.rollouts["sway_1"].metadata == wanted


def test_gates_are_recorded_and_recompute_the_cell(body, clips, tmp_path):
    config = NetworkConfig(latent=8, encoder=(16,), decoder=(12, 10), value=(6,), decoder_kind="lstm")
    policy = untrained_policy(body, config)
    plain = record(policy, clips, tmp_path / "plain.h5")
    found = record(policy, clips, tmp_path / "r.h5", RecordConfig(gates=True, controls=True))
    names = {gate_layer("decoder/lstm", gate) for gate in GATES.values()}
    more = names | {random_layer(name) for name in names}
    assert more <= set(found["layers"])
    assert not more & set(plain["layers"])
    with open_recording(tmp_path / "r.h5") as recording, open_recording(tmp_path / "plain.h5") as without:
        for name, rollout in recording.rollouts.items():
            np.testing.assert_array_equal(rollout["ctrl"], without.rollouts[name]["ctrl"])
            for prefix in ("", "control/random/"):
                cell = prefix + "decoder/lstm"
                i, f, g, o = (rollout.units(gate_layer(cell, GATES[letter])) for letter in "ifgo")
                c = rollout.units(f"{cell}.cell")
                before = np.concatenate([np.zeros((1, 10)), c[:-1]])
                np.testing.assert_allclose(c, f * before + i * g, atol=1e-6)
                np.testing.assert_allclose(rollout.units(cell), o * np.tanh(c), atol=1e-6)
                assert np.abs(c).max() > 1e-3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gates": True}, "--gates requires an LSTM decoder; the decoder of this policy is 'mlp'"),
        ({"controls": True, "content": "states"}, "--controls adds layers, but --record is states"),
        ({"gates": True, "content": "outcomes"}, "--gates adds layers, but --record is outcomes"),
        ({"repeats": 0}, "repeats is 0; it must be at least 1"),
        ({"content": "everything"}, "unknown content 'everything'"),
    ],
)
def test_options_that_do_not_go_together(policy, clips, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        record(policy, clips, tmp_path / "r.h5", RecordConfig(**options))
    assert not list(tmp_path.iterdir())


def test_clips_of_unequal_length_keep_their_own(body, policy, tmp_path):
    clips = stance_clips(body, frames=FRAMES, n=2)
    short = replace(clips[1], qpos=clips[1].qpos[:15], qvel=clips[1].qvel[:15])
    record(policy, replace(clips, clips=(clips[0], short)), tmp_path / "r.h5")
    with open_recording(tmp_path / "r.h5") as recording:
        assert [r.n_frames for r in recording.rollouts.values()] == [FRAMES, 15]


def test_another_body_is_refused(policy, tmp_path):
    large = make_scene(BodyConfig(scale=1.0))
    with pytest.raises(InputError, match=r"scale 1\b.*scale 0.9"):
        record(policy, stance_clips(large, frames=5), tmp_path / "r.h5")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def files(body, policy, clips, tmp_path):
    save_policy(policy, tmp_path / "policy")
    write_clips(clips, tmp_path / "clips.h5")
    return tmp_path


def test_the_command_records_controls(files, capsys):
    words = [str(files / "policy"), "--clips", str(files / "clips.h5"), "--clip", "sway_2", "--json"]
    assert main(["rollout", *words, "--out", str(files / "r.h5"), "--controls"]) == 0
    layers = json.loads(capsys.readouterr().out)["layers"]
    assert {"control/random/decoder/layer_0", "control/encoder_input", "control/reference"} <= set(layers)


@pytest.mark.parametrize("content", ["outcomes", "states"])
def test_the_command_records_what_is_asked_for(files, capsys, content):
    words = [str(files / "policy"), "--clips", str(files / "clips.h5"), "--clip", "sway_2", "--sample"]
    words += ["--out", str(files / "r.h5"), "--record", content, "--repeats", "2"]
    assert main(["rollout", *words]) == 0
    err = capsys.readouterr().err
    assert f"r.h5: {content} of 2 rollouts, {2 * FRAMES} frames; 0 failures" in err
    assert main(["rollout", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["content"], found["rollouts"], found["layers"]) == (content, 2, [])


def test_the_commands(files, capsys):
    words = [str(files / "policy"), "--clips", str(files / "clips.h5")]
    assert main(["rollout", *words, "--out", str(files / "r.h5"), "--clip", "sway_2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rollouts"] == 1
    assert main(["evaluate", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {
        "behaviors",
        "clips",
        "clips_digest",
        "mean",
        "metrics",
        "task",
        "limits",
        "survival_frames",
        "survival_mm",
        "success_rate",
        "success_rate_20mm",
        "success_rate_30mm",
        "success_rate_50mm",
    } == set(found)
    keys = {"name", "behavior", "frames", "lifespan_frames", "success", "root_position_error_mm"}
    keys |= {
        "root_orientation_error_deg",
        "joint_angle_error_deg",
        "body_position_error_mm",
        "end_effector_error_mm",
    }
    assert keys <= found["clips"][0].keys()
    assert set(found["clips"][0]["end_effector_error_mm"]) == {
        "hand_L",
        "hand_R",
        "foot_L",
        "foot_R",
        "skull",
    }
    assert main(["evaluate", *words]) == 0
    assert "success:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["nowhere", "--clips", "clips.h5"],
            "no such file or folder: nowhere; built in are: rat-forage, rat-go-to, rat-joystick, rat-lstm, "
            "rat-neutral, rat-position, rat-primitives, rat-torque",
        ),
        (["clips.h5", "--clips", "clips.h5"], "neither a policy folder nor a run"),
        (["policy", "--clips", "nowhere.h5"], "no such file"),
        (["policy", "--clips", "policy"], "is a folder"),
        (["policy", "--clips", "policy/policy.json"], "policy.json"),
        (["policy", "--clips", "clips.h5", "--clip", "walk"], "unknown clip 'walk'"),
        (["policy", "--clips", "clips.h5", "--out", "no/r.h5"], "does not exist; create it first"),
        (["policy", "--clips", "clips.h5", "--out", "policy"], "cannot write"),
        (["policy", "--clips", "clips.h5", "--gates"], "--gates requires an LSTM"),
        (["policy", "--clips", "clips.h5", "--controls", "--record", "states"], "expected --record units"),
        (["policy", "--clips", "clips.h5", "--repeats", "0"], "repeats is 0"),
    ],
)
def test_bad_input_ends_with_two_and_one_line(files, monkeypatch, capsys, words, message):
    monkeypatch.chdir(files)
    before = sorted(files.rglob("*"))
    words = words if "--out" in words else [*words, "--out", "r.h5"]
    assert main(["rollout", *words]) == 2
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("rodent:")]
    assert len(lines) == 1
    assert message in lines[0]
    assert captured.out == ""
    assert sorted(files.rglob("*")) == before
