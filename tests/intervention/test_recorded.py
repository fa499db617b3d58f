"""`rodent rollout` and `rollout` under interventions: statistics, counts, metadata, errors."""

import json

import numpy as np
import pytest

import rodent
from rodent.cli import main
from rodent.clips.file import write_clips
from rodent.errors import InputError
from rodent.intervention import Silence
from rodent.policy.policy import save_policy
from rodent.recording import open_recording
from rodent.rollouts import RecordConfig, record
from rodent.rollouts.interventions import recorded_statistics
from rodent.synthesis.stance import stance_clips
from tests.policies import untrained_policy

FRAMES = 12
TEXT = "silence decoder/layer_0[0:4] to mean from frame 5"


@pytest.fixture(scope="module")
def policy(body):
    return untrained_policy(body)


@pytest.fixture(scope="module")
def clips(body):
    return stance_clips(body, frames=FRAMES, n=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, policy, clips):
    """With a policy, clips, and an intact recording."""
    path = tmp_path_factory.mktemp("interventions")
    save_policy(policy, path / "policy")
    write_clips(clips, path / "clips.h5")
    record(policy, clips, path / "intact.h5", RecordConfig(observation=True))
    return path


def _main(folder, *words):
    given = ["rollout", str(folder / "policy"), "--clips", str(folder / "clips.h5")]
    return main([*given, "--out", str(folder / "out.h5"), *words])


def test_the_command_records_what_the_intervention_did(folder, clips, capsys):
    assert _main(folder, "--intervention", TEXT, "--intervention", "gain action[2] by 0.5", "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["changed_values"] == [2 * 4 * (FRAMES - 5), 2 * FRAMES]
    with open_recording(folder / "intact.h5") as intact, open_recording(folder / "out.h5") as recording:
        before = np.concatenate([one.units("decoder/layer_0") for one in intact.rollouts.values()])
        for name, one in recording.rollouts.items():
            assert one.metadata.intervention[0]["to"] == "mean"
            assert one.outcomes["changed_values"] == 4 * (FRAMES - 5) + FRAMES
            units, same = one.units("decoder/layer_0"), intact.rollouts[name].units("decoder/layer_0")
            np.testing.assert_allclose(
                units[5:, :4], before[:, :4].mean(0)[None].repeat(FRAMES - 5, 0), rtol=1e-5
            )
            np.testing.assert_allclose(units[0], same[0], atol=1e-6)
        assert recording.provenance["intervention"][1] == {
            "kind": "gain",
            "site": "action",
            "units": "2",
            "by": 0.5,
        }


def test_a_toml_file_and_a_recording_of_statistics_do_the_same(folder, capsys):
    path = folder / "lesion.toml"
    path.write_text(
        '[[intervention]]\nkind = "silence"\nsite = "decoder/layer_0"\nunits = "0:4"\nto = "mean"\n'
        'start = "frame 5"\n'
    )
    assert _main(folder, "--intervention", TEXT) == 0
    assert "silence decoder/layer_0[0:4] to mean from frame 5: 56 values changed" in capsys.readouterr().err
    with open_recording(folder / "out.h5") as one:
        first = {name: rollout["qpos"] for name, rollout in one.rollouts.items()}
    assert _main(folder, "--interventions", str(path), "--statistics", str(folder / "intact.h5")) == 0
    with open_recording(folder / "out.h5") as one:
        for name, rollout in one.rollouts.items():
            np.testing.assert_array_equal(rollout["qpos"], first[name])


def test_in_python_interventions_are_objects_or_texts(policy, clips):
    found = rodent.rollout(
        policy, clips, interventions=[Silence("latent/sample", to="zero"), "gain action by 2"]
    )
    for one in found.values():
        assert (one.units("latent/sample") == 0).all()
        assert one.outcomes["changed_values"] > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--intervention", "gain action by 1"), "changed no value: it was active in 24 control steps"),
        (("--intervention", "gain action by 2 from 5 s"), "the rollouts end before it begins"),
        (
            ("--intervention", "gain action by 2 when speed > 50"),
            "its condition was never true in its time; speed was between",
        ),
        (("--intervention", "silence decoder/layr_0 to zero"), "There are: decoder/action_mean"),
        (("--intervention", "silence decoder/layer_0[12] to zero"), "it has units 0 to 11"),
        (
            ("--intervention", "gain action by 2", "--statistics", "x.h5"),
            "no intervention refers to statistics",
        ),
        (("--interventions", "no.toml"), "no.toml"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(folder, capsys, words, message):
    (folder / "out.h5").unlink(missing_ok=True)
    assert _main(folder, *words) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "frames/s" not in line]
    assert len(lines) == 1 and message in lines[0]
    assert not (folder / "out.h5").exists()


def test_statistics_are_of_the_same_policy_without_interventions(folder, policy, body):
    other = untrained_policy(body, seed=1)
    with pytest.raises(InputError, match="is a recording of another policy"):
        recorded_statistics(folder / "intact.h5", other)
    assert _main(folder, "--intervention", "gain action by 2") == 0
    with pytest.raises(InputError, match="was recorded under interventions"):
        recorded_statistics(folder / "out.h5", policy)
