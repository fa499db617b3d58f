import dataclasses

from analysis.twin.config import TruthConfig
from analysis.twin.results import claims_section, met
from analysis.twin.truth_run import run_truth, truth_to_json
from tests.analysis.twin.conftest import SMALL, behavior
from tests.analysis.twin.test_twin import FEW

CONFIG = TruthConfig(
    rats=2,
    new_rats=1,
    labelled_rats=3,
    neurons=9,
    permutations=3,
    wired_neurons=20,
    wirings=2,
    core_minutes=0.35,
    glm_minutes=0.35,
    share_minutes=0.68,
    test_minutes=0.4,
    unseen_minutes=0.1,
    twin=dataclasses.replace(SMALL, core="linear", steps=2),
    adapt=FEW,
)


def test_claims_are_read_from_the_curves():
    found = run_truth(CONFIG, [behavior(seed) for seed in range(6)], seed=0)
    bits = {(one.model, one.minutes): one.bits.median for one in found.points}
    first, share, consistency, *of_types, depth, unseen, power, false, confused = found.claims
    assert first["value"] == bits["linear core", 0.35] - bits["GLM", 0.35] and first["at"] == "least"
    assert share["value"] == bits["linear core", 0.68] / found.true_bits.median
    assert found.true_bits.median > max(bits.values())
    assert consistency["at"] == "most" and consistency["value"] == abs(found.consistency[1])
    accuracy = found.maps[0].decodings["readouts"].accuracy
    assert of_types[0]["value"] == accuracy
    assert of_types[1]["value"] == accuracy - found.maps[0].decodings["GLM weights"].accuracy
    assert depth["at"] == "least" and depth["value"] >= found.maps[2].decodings["readouts"].p
    models = found.unseen.models
    assert unseen["value"] == models["linear core"].share / models["true rates"].share
    assert models["true rates"].unseen.median > models["linear core"].unseen.median
    of_none, of_lag = found.wirings["nothing"], found.wirings["lag"]
    assert power["value"] <= found.wirings["features"]["features"] <= 1 and power["at"] == "least"
    assert false["value"] == max(of_none["features"], of_none["lag"])
    assert confused["value"] == of_lag["features"] and confused["at"] == "most"
    page = truth_to_json(found, CONFIG)
    assert page["claims"] == found.claims and len(page["curves"]) == 4 * 2
    (table,) = claims_section(found.claims).parts
    assert [row[-1] for row in table.rows] == ["yes" if met(one) else "no" for one in found.claims]
