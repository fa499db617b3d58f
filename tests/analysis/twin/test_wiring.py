import dataclasses
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.discrete.conditional_models import ConditionalPoisson
from statsmodels.tools.sm_exceptions import ModelWarning

from analysis.twin.descriptors import describe
from analysis.twin.truth_wiring import PLANS, WiringPlan, found_slopes, plant_wiring, wiring_claims
from analysis.twin.wiring import (
    Pairs,
    conditional_poisson,
    connection_slopes,
    paired_mean,
    paired_means,
    similarities,
    with_q,
)
from rodent.errors import InputError, WorkError

MICRONS = "neural/microns-like-to-like"


@pytest.fixture
def table() -> tuple[np.ndarray, ...]:
    """Counts, regressors, groups and offsets; some groups have no counts."""
    random, groups = np.random.default_rng(0), np.repeat(np.arange(20), 15)
    values, offset = random.standard_normal((300, 2)), random.normal(0, 0.5, 300)
    propensity = np.repeat(random.normal(-1.5, 1.5, 20), 15)
    counts = random.poisson(np.exp(values @ [0.5, -0.2] + propensity + offset))
    assert 0 in np.add.reduceat(counts, np.arange(0, 300, 15))
    return counts, values, groups, offset


def test_slopes_are_those_of_statsmodels(table):
    counts, values, groups, offset = table
    shuffled = np.random.default_rng(1).permutation(300)
    slopes, errors = conditional_poisson(*(one[shuffled] for one in table))
    with pytest.warns(ModelWarning, match="Dropped"):
        model = ConditionalPoisson(counts, values, groups=groups, offset=offset)
    reference = model.fit(disp=0)
    assert slopes == pytest.approx(reference.params, abs=1e-4)
    # an intercept for each group gives the same, and its dispersion
    heard = np.isin(groups, groups[counts > 0])
    design = np.column_stack([values, groups[:, None] == np.unique(groups[heard])])[heard]
    fitted = sm.GLM(counts[heard], design, sm.families.Poisson(), offset=offset[heard]).fit(scale="X2")
    assert slopes == pytest.approx(fitted.params[:2], abs=1e-6)
    assert errors == pytest.approx(fitted.bse[:2], rel=1e-5)


def test_the_unit_of_a_similarity_does_not_matter(table):
    counts, values, groups, offset = table
    slopes, errors = conditional_poisson(counts, values, groups, offset)
    small = conditional_poisson(counts, 5 + 1e-6 * values, groups, offset)
    assert small[0] == pytest.approx(1e6 * slopes, rel=1e-6)
    assert small[1] == pytest.approx(1e6 * errors, rel=1e-6)


def test_a_propensity_changes_nothing(table):
    counts, values, groups, offset = table
    more = offset + np.linspace(-2, 2, 20)[groups]
    assert conditional_poisson(counts, values, groups, more)[0] == pytest.approx(
        conditional_poisson(counts, values, groups, offset)[0]
    )


def test_what_is_planted_is_found(planted):
    random, n = np.random.default_rng(0), 90
    one = dataclasses.replace(
        planted[0], weights=random.standard_normal((n, 12)), lag=random.normal(0, 0.08, n)
    )
    lags = np.exp(-np.square(one.lag[:, None] - np.linspace(-0.2, 0.2, 11)) / 0.02)
    similar = similarities(describe(lags[:, :, None, None] * one.weights[:, None, None, :]))
    del similar["place"]
    found = found_slopes(one, similar, wirings=20, seed=0)
    assert found["features"]["features"] == found["lag"]["lag"] == found["both"]["lag"] == 1
    # 1 of 20 is expected; more than 4 in one of these have a probability of 1 %
    others = [found["nothing"]["features"], found["nothing"]["lag"], found["lag"]["features"]]
    assert max(others) <= 4 / 20
    power, false, confused = wiring_claims(found)
    assert power["value"] == 1 and false["value"] == max(others[:2]) and confused["value"] == others[2]


def test_connected_partners_are_closer(planted):
    many = dataclasses.replace(planted[0], weights=np.ones((60, 12)), lag=np.zeros(60))
    near = WiringPlan(distance=20.0, connected=3.0)
    pairs = plant_wiring(many, near, seed=0)
    connected = pairs.synapses > 0
    distance = pairs.covariates["distance"]
    assert distance[connected].mean() < 0.7 * distance[~connected].mean()
    several = plant_wiring(many, dataclasses.replace(PLANS["nothing"], connected=5.0), seed=0)
    assert several.synapses.max() >= 2 and (several.pre != several.post).all()


def test_a_slope_without_end_is_refused():
    counts, values = np.array([3.0, 0, 0, 0, 2, 0]), np.array([[1.0], [0], [0], [0], [1], [0]])
    with pytest.raises(WorkError, match=r"has no bound"):
        conditional_poisson(counts, values, np.repeat([0, 1], 3), np.zeros(6))


def test_means_are_paired_by_presynaptic_neuron():
    n = 6
    similar = np.zeros((n, n))
    similar[:, 4:] = 0.5
    similar += np.arange(n)[:, None] + 0.01 * np.arange(n) ** 2
    pre, post = np.nonzero(~np.eye(n, dtype=bool))
    synapses = np.where((post >= 4) & (pre < 4), 2.0, 0.0)
    pairs = Pairs(pre, post, synapses, np.ones(len(pre)), {}, np.full(len(pre), "all"))
    (found,) = paired_means(pairs, {"features": similar})
    # neurons 4 and 5 have no synapse, and are in no pair of means
    assert found.cells == 4 and 0.5 < found.difference < 0.9 and found.p < 0.001 and found.q == found.p


def test_few_neurons_have_no_test():
    few = paired_mean("features", "all", np.array([0.2, 0.3]), np.array([0.1, 0.1]))
    assert few.cells == 2 and np.isnan(few.p)
    many = paired_mean("features", "all", np.array([0.2, 0.3, 0.3]), np.array([0.1, 0.1, 0.2]))
    assert [one.q for one in with_q([few, many])][1] == many.p


def test_pairs_that_say_nothing_are_refused():
    pre, post = np.array([0, 0, 1, 1]), np.array([1, 2, 0, 2])
    pairs = Pairs(pre, post, np.zeros(4), np.ones(4), {}, np.full(4, "M1->S1"))
    with pytest.raises(InputError, match=r"projection M1->S1: no pair has a synapse"):
        connection_slopes(pairs, {"features": np.eye(3)})
    pairs = dataclasses.replace(pairs, synapses=np.array([1.0, 0, 0, 0]))
    with pytest.raises(InputError, match=r"2 pairs of 1 presynaptic neurons are too few for 1 slopes"):
        connection_slopes(pairs, {"features": np.arange(9.0).reshape(3, 3)})
    with pytest.raises(InputError, match=r"features is the same for all pairs"):
        connection_slopes(pairs, {"features": np.ones((3, 3))})


def test_published_means_of_microns_are_reproduced(data: Path):
    import pyarrow.feather

    rows = pyarrow.feather.read_table(data / MICRONS / "presyn_mean.feather").to_pylist()
    found = []
    for projection in ("V1->V1", "HVA->HVA", "V1->HVA", "HVA->V1"):
        of_kind: dict[str, dict[int, float]] = {"Connected": {}, "ADP": {}}
        for row in rows:
            mine = row["variable_name"] == "IN_SILICO_SIG_CORR_CVT" and row["proj_hva"] == projection
            if mine and row["population"] in of_kind:
                of_kind[row["population"]][row["pre_nucleus_id"]] = row["variable_mean"]
        cells = sorted(of_kind["Connected"].keys() & of_kind["ADP"].keys())
        means = [np.array([one[cell] for cell in cells]) for one in of_kind.values()]
        found.append(paired_mean("in-silico correlation", projection, *means))
    within = found[0]
    assert within.cells == 35 and within.difference == pytest.approx(0.030372, abs=1e-6)
    assert within.t == pytest.approx(5.284976, abs=1e-5) and within.p == pytest.approx(7.327571e-06, rel=1e-5)
    assert 0.018 < within.low < 0.020 and 0.041 < within.high < 0.043
    assert max(one.q for one in with_q(found)) < 0.002
