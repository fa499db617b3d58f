"""Which policies of a population predict neurons: planted in scores, and in spikes of one policy's units."""

import json

import numpy as np
import pytest

from analysis.population.neurons import predictors
from analysis.population.reliability import reliability
from analysis.simulation import NeuronModel, simulate_neurons
from analysis.timeline import Timeline
from rodent.cli import main
from rodent.clips import write_clips
from rodent.policy.policy import save_policy
from rodent.policy.policy_set import Member, PolicySet, write_policy_set
from rodent.record_config import RecordConfig
from rodent.recording import open_recording
from rodent.rollouts import record
from rodent.synthesis.stance import stance_clips
from tests.policies import untrained_policy

OPTIONS = "--block-seconds 4 --gap-seconds 0 --shift-seconds 2 --strengths 0.1 --folds 2 --permutations 99"
SITE = "latent/mean"


@pytest.fixture(scope="module")
def walks(body, tmp_path_factory):
    """Three policies with random weights, and a session whose neurons the latent of the second drives."""
    folder = tmp_path_factory.mktemp("walks")
    (folder / "policies").mkdir()
    write_clips(stance_clips(body, frames=400, n=3), folder / "session.h5")
    members = []
    for number in range(3):
        policy, name = untrained_policy(body, seed=number), f"{number:04d}"
        save_policy(policy, folder / "policies" / name)
        members.append(
            Member(name, f"policies/{name}", policy.digest(), {"network.latent": 8 + number}, {}, True)
        )
        if number == 1:
            clips = stance_clips(body, frames=400, n=3)
            record(policy, clips, folder / "true.h5", RecordConfig(on_failure="restart"))
    with open_recording(folder / "true.h5") as recording:
        timeline = Timeline.of(tuple(recording.rollouts.values()), recording.fps, 0.1)
        model = NeuronModel(rate=20.0, depth=0.7)
        simulate_neurons(timeline, SITE, 6, seed=0, model=model).write(folder / "spikes.npz")
    write_policy_set(PolicySet("walks", "walks", tuple(members)), folder)
    return folder


def test_the_policy_that_drives_the_neurons_predicts_them_best(walks, tmp_path, capsys):
    files = [str(walks), str(walks / "session.h5"), str(walks / "spikes.npz")]
    words = [*OPTIONS.split(), "--sites", SITE, "--out", str(tmp_path / "page.html"), "--json"]
    assert main(["population", "neurons", *files, *words]) == 0
    printed = capsys.readouterr().out
    found = json.loads(printed[printed.index("{") :])
    assert found["policies"] == ["0000", "0001", "0002"] and len(found["neurons"]) == 12
    driven = [name.startswith("driven") for name in found["neurons"]]
    scores = np.array(found["layers"][SITE]["scores"])[:, driven]
    assert np.argmax(scores.mean(1)) == 1
    page = (tmp_path / "page.html").read_text()
    assert "3 policies imitated" in page and page.count("<svg") == 1


def test_too_few_policies_are_refused(walks, tmp_path, capsys):
    write_policy_set(PolicySet("walks", "walks", ()), tmp_path)
    files = [str(tmp_path), str(walks / "session.h5"), str(walks / "spikes.npz")]
    assert main(["population", "neurons", *files]) == 2
    assert "0 of 0 policies reach the criterion; 3 are needed" in capsys.readouterr().err


def test_a_setting_that_decides_is_found_and_others_are_not():
    random = np.random.default_rng(0)
    size, kind, other = (
        random.uniform(0, 1, 40),
        random.choice(["adam", "muon"], 40),
        random.uniform(0, 1, 40),
    )
    values = {"size": size.tolist(), "kind": kind.tolist(), "other": other.tolist(), "same": [1] * 40}
    means = {
        "by size": -size + random.normal(0, 0.1, 40),
        "by kind": (kind == "muon") + random.normal(0, 0.2, 40),
    }
    found = {(one.layer, one.setting): one for one in predictors(values, means, permutations=499, seed=0)}
    assert {setting for _, setting in found} == {"size", "kind", "other"}
    clear = {key for key, one in found.items() if one.p_holm <= 0.05}
    assert clear == {("by size", "size"), ("by kind", "kind")}
    assert found["by size", "size"].association < -0.9 and found["by size", "size"].best == "low"
    assert found["by kind", "kind"].association > 0.8 and found["by kind", "kind"].best == "muon"


def test_settings_that_do_not_matter_are_found_at_their_level():
    random = np.random.default_rng(1)
    false = 0
    for i in range(100):
        values = {"kind": random.choice(["a", "b", "c"], 24).tolist()}
        (one,) = predictors(values, {"layer": random.normal(size=24)}, permutations=99, seed=i)
        false += one.p <= 0.05
    assert false <= 11  # of 5 expected; more has a chance of one percent


def test_policies_that_differ_are_reliable():
    random = np.random.default_rng(2)
    own = random.normal(size=20)
    value, p = reliability(own + random.normal(0, 0.3, (2, 20)), permutations=199, seed=0)
    assert value > 0.8 and p == pytest.approx(1 / 200)
    assert reliability(random.normal(size=(2, 20)), permutations=199, seed=0)[1] > 0.05
