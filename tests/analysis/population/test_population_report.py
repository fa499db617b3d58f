"""The report of a population of untrained policies, and its parts on planted differences."""

import json

import numpy as np
import pytest

from analysis.population.alike import layer_similarity, mantel, movement_distances
from analysis.population.lesions import breakage
from rodent.cli import main
from rodent.clips import write_clips
from rodent.policy.policy import save_policy
from rodent.policy.policy_set import Member, PolicySet, write_policy_set
from rodent.policy.sizes import NetworkConfig
from rodent.synthesis.stance import stance_clips
from tests.policies import TINY, untrained_policy

NETWORKS = (TINY, TINY, NetworkConfig(latent=4, encoder=(16,), decoder=(12,), value=(6,)))


@pytest.fixture(scope="module")
def population(body, tmp_path_factory):
    folder = tmp_path_factory.mktemp("population")
    (folder / "policies").mkdir()
    write_clips(stance_clips(body, frames=60), folder / "clips.h5")
    members = []
    for number, network in enumerate((*NETWORKS, TINY)):
        policy = untrained_policy(body, network, seed=number)
        save_policy(policy, folder / "policies" / f"{number:04d}")
        values = {"network.latent": network.latent, "ppo.latent_kl": 0.1 * number}
        figures = {"success_rate": float(number < 3), "mean_frames": None}
        members.append(
            Member(f"{number:04d}", f"policies/{number:04d}", policy.digest(), values, figures, number < 3)
        )
    write_policy_set(PolicySet("stand", "stands", tuple(members)), folder)
    return folder


def test_report_compares_the_policies_that_reach_the_criterion(population, tmp_path, capsys):
    out = tmp_path / "page.html"
    words = ["--out", str(out), "--draws", "2", "--doses", "50", "--permutations", "99", "--json"]
    assert main(["population", "report", str(population), *words]) == 0
    printed = capsys.readouterr().out
    found = json.loads(printed[printed.index("{") :])
    assert (found["trained"], found["reached"]) == (4, 3)
    assert found["compared"] == ["0000", "0001", "0002"]
    assert found["frames"] >= 50
    cka = np.array(found["layers"]["latent/mean"]["cka"])
    assert cka.shape == (3, 3) and np.allclose(cka, cka.T)
    assert [one["site"] for one in found["lesions"]] == ["encoder/layer_0", "latent/mean", "decoder/layer_0"]
    page = out.read_text()
    assert "3 of 4 policies reach the criterion" in page and page.count("<svg") == 3


def test_a_layer_that_a_policy_lacks_is_named(population, capsys):
    assert main(["population", "report", str(population), "--sites", "decoder/layer_1"]) == 2
    assert "decoder/layer_1" in capsys.readouterr().err


def test_rotated_activity_is_alike_and_other_activity_is_not():
    random = np.random.default_rng(0)
    first, other = random.standard_normal((2, 300, 8))
    turn = np.linalg.qr(random.standard_normal((8, 8)))[0]
    found = layer_similarity([first, first @ turn, other])
    assert found.cka[0, 1] == pytest.approx(1) and abs(found.cka[0, 2]) < 0.1
    assert found.procrustes[0, 1] == pytest.approx(0, abs=1e-6)
    assert found.dimensions[0] == pytest.approx(8, abs=0.5)


def test_policies_that_move_alike_and_fire_alike_are_found():
    random = np.random.default_rng(0)
    place = random.random((14, 2))
    apart = np.linalg.norm(place[:, None] - place[None], axis=-1)
    noise = np.triu(random.normal(0, 0.05, (14, 14)), 1)
    correlation, p = mantel(apart + noise + noise.T, apart, permutations=199, seed=0)
    assert correlation > 0.8 and p == pytest.approx(1 / 200)
    unrelated = np.triu(random.random((14, 14)), 1)
    assert mantel(unrelated + unrelated.T, apart, permutations=199, seed=0)[1] > 0.05
    joints = [np.zeros((50, 4)), np.full((50, 4), np.pi / 180)]
    assert movement_distances(joints) == pytest.approx(np.array([[0, 1], [1, 0]]))


@pytest.mark.parametrize("differ", [True, False])
def test_policies_that_break_differently_are_found(differ):
    random = np.random.default_rng(1)
    names = [f"p{i}" for i in range(20)]
    own = dict(zip(names, random.uniform(0, 80, 20), strict=True))
    rows = [(name, "intact", 0.0, 0, 100.0) for name in names]
    rows += [
        (name, "decoder", 50.0, draw, 100 - (own[name] if differ else 40) + random.normal(0, 10))
        for name in names
        for draw in range(8)
    ]
    columns = zip(("policy", "arm", "dose", "draw", "frames_tracked"), zip(*rows, strict=True), strict=True)
    (found,) = breakage(Table({name: np.array(x) for name, x in columns}), names, permutations=199, seed=0)
    assert found.mean == pytest.approx(0.4, abs=0.08)
    assert (found.reliability > 0.9) == differ and (found.p < 0.01) == differ


class Table(dict):
    """Columns, as of a table of outcomes."""

    @property
    def arms(self):
        """The arms."""
        return tuple(name for name in dict.fromkeys(self["arm"].tolist()) if name != "intact")
