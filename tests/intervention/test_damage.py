"""Damage that stays does what the interventions do."""

import numpy as np
import pytest

from rodent.cli import main
from rodent.clips import write_clips
from rodent.errors import InputError
from rodent.intervention import damaged, from_table, lost_weights, parsed
from rodent.policy.connections import kernel_of, with_kernel
from rodent.policy.policy import load_policy, save_policy
from rodent.synthesis.stance import stance_clips
from tests.intervention.preparations import CLIPS, FRAMES, N, states
from tests.policies import untrained_policy

TEXTS = (
    "cut latent/sample[0:4] -> decoder/layer_0",
    "cut decoder/lstm -> decoder/lstm by 40% seed 3",
    "cut encoder/layer_0 -> latent/mean by 50%",
    "degrade decoder/action_mean by 30% of weights",
)


def test_a_damaged_policy_acts_as_under_the_interventions(preparation, play, tmp_path):
    policy, runner, prepared = preparation
    patient = damaged(policy, [parsed(text) for text in TEXTS], prepared)
    save_policy(patient, tmp_path / "patient")
    patient = load_policy(tmp_path / "patient")
    assert patient.provenance["damage"][1]["by"] == "40%"
    groups = np.arange(N) % CLIPS
    rows = list(runner.play(patient.params, patient.normalizer, groups, frames=FRAMES))
    under = play(dict.fromkeys(range(N), TEXTS))
    np.testing.assert_allclose(states(rows), states(under), atol=1e-4)
    assert (kernel_of(patient.params, "decoder/layer_0")[:4] == 0).all()
    assert (kernel_of(patient.params, "decoder/lstm") == 0).mean() > 0.1
    assert (kernel_of(policy.params, "decoder/lstm") != 0).all()


@pytest.mark.parametrize("layer", ["latent/mean", "decoder/layer_0", "decoder/lstm"])
def test_weights_are_put_where_they_are_read(preparation, layer):
    params = preparation[0].params
    kernel = kernel_of(params, layer) * 2
    found = with_kernel(params, layer, kernel)
    np.testing.assert_array_equal(kernel_of(found, layer), kernel)
    np.testing.assert_array_equal(kernel_of(params, layer) * 2, kernel)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("silence latent/sample to zero", "does not damage weights"),
        ("degrade decoder/layer_0 by 30%", "does not damage weights"),
        ("cut latent/sample -> decoder/layer_0 from 1 s", "is limited in time, and damage stays"),
        ("degrade latent/mean by 0 of weights", "changes no weight of latent/mean"),
    ],
)
def test_what_does_not_stay_is_refused(preparation, text, message):
    with pytest.raises(InputError, match=message):
        damaged(preparation[0], [parsed(text)], preparation[2])


def test_the_command_writes_a_policy_that_can_be_trained_and_damaged_again(body, tmp_path, capfd):
    policy = untrained_policy(body)
    save_policy(policy, tmp_path / "policy")
    write_clips(stance_clips(body, frames=10, n=1), tmp_path / "clips.h5")
    words = ["--clips", str(tmp_path / "clips.h5"), "--intervention"]
    first, again = tmp_path / "first", tmp_path / "again"
    stroke = "cut decoder/layer_0[50%] -> decoder/layer_1 seed 4"
    command = ["damage", str(tmp_path / "policy"), "--out", str(first), *words, stroke, "--note", "A stroke."]
    assert main(command) == 0
    patient = load_policy(first)
    assert patient.digest() != policy.digest() and from_table(patient.provenance["damage"][0]) == parsed(
        stroke
    )
    layer = kernel_of(policy.params, "decoder/layer_1")
    half = layer.size // 2
    assert lost_weights(policy, patient) == {"decoder/layer_1/pre": (layer.size, half, 0)}
    card = (first / "README.md").read_text()
    assert card.startswith("# first\n\nA stroke.") and stroke in card
    assert f"| decoder/layer_1/pre | {layer.size} | {half} | 0 |" in card
    noise = "degrade latent/mean[top 2 variance] by 20% of weights"
    assert main(["damage", str(first), "--out", str(again), *words, noise]) == 0
    worse = load_policy(again)
    assert len(worse.provenance["damage"]) == 2 and worse.provenance["damage_to"] == policy.digest()
    assert lost_weights(policy, worse)["latent/mean"].changed == 2 * len(
        kernel_of(policy.params, "latent/mean")
    )
    capfd.readouterr()
    assert main(["damage", str(first), "--out", str(again), *words, noise]) == 2
    assert "again exists already; choose another --out" in capfd.readouterr().err
    assert main(["damage", str(first), "--out", str(tmp_path / "none")]) == 2
    assert "there is no damage; expected such as --intervention" in capfd.readouterr().err
