"""Arms become treatments; controls act on other units that are similar."""

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.experiment import ArmConfig
from rodent.experiment.controls import matched, similar_units
from rodent.experiment.treatments import arms_at, treatments
from rodent.intervention import Preparation, Sites, Statistics, chosen_units, parsed

SITES = Sites({"a/layer_0": 8, "a/layer_1": 12, "a/out": 3}, {})


@pytest.fixture(scope="module")
def prepared():
    rng = np.random.default_rng(0)
    activity = {
        name: rng.normal(np.arange(size), 1 + np.arange(size), (500, size))
        for name, size in SITES.sizes.items()
    }
    params = {"policy": {"a": {"layer_1": {"kernel": rng.normal(size=(8, 12))}}}}
    return Preparation(SITES, params, 0.02, Statistics.of(activity))


def test_doses_and_draws_are_filled_in():
    arm = ArmConfig(
        "x", ("silence a/layer_0[{dose}%] to zero seed 4",), doses=(25, 50), draws=2, when="from 1 s"
    )
    found = treatments(arms_at([arm], SITES))
    assert [(one.dose, one.draw) for one in found] == [(25, 0), (25, 1), (50, 0), (50, 1)]
    assert str(found[3].acts[0]) == "silence a/layer_0[50%] to zero from 1 s seed 5"


def test_an_arm_is_repeated_for_each_site_and_unit():
    arm = ArmConfig("{site}", ("clamp {site}[{draw}] to 0",), sites=("a/layer_?",), each_unit=True)
    found = treatments(arms_at([arm], SITES))
    assert [one.arm for one in found] == ["a/layer_0"] * 8 + ["a/layer_1"] * 12
    assert [one.acts[0].units for one in found[:8]] == [str(i) for i in range(8)]
    assert {one.acts[0].seed for one in found} == {0}


def test_names_of_arms_differ_between_sites():
    arm = ArmConfig("same", ("clamp {site} to 0",), sites=("a/layer_?",))
    with pytest.raises(InputError, match=r"several arms have the name 'same'; put .site. in the name"):
        arms_at([arm], SITES)


def test_an_unknown_site_is_named_with_its_arm():
    with pytest.raises(InputError, match=r"arm 'x': unknown site 'b/.*There are: a/layer_0"):
        arms_at([ArmConfig("x", ("clamp {site} to 0",), sites=("b/*",))], SITES)


@pytest.mark.parametrize("match", ["activity", "weight"])
def test_a_control_acts_on_as_many_other_units(prepared, match):
    act = parsed("gain a/layer_1[0:4] by 0.5 from 1 s")
    (one,) = matched(act, prepared, match, draw=0)
    units = chosen_units(one, prepared)["a/layer_1"]
    assert len(units) == 4 and not {*units} & {0, 1, 2, 3}
    assert (one.start, one.by) == (act.start, act.by)
    assert matched(act, prepared, match, 0) == (one,)
    assert any(matched(act, prepared, match, draw) != (one,) for draw in range(1, 5))


def test_a_control_of_a_pattern_has_units_of_each_site(prepared):
    found = matched(parsed("gain a/layer_?[25%] by 0"), prepared, "activity", 0)
    assert [(one.site, len(chosen_units(one, prepared)[one.site])) for one in found] == [
        ("a/layer_0", 2),
        ("a/layer_1", 3),
    ]


def test_a_control_needs_units_that_are_left(prepared):
    with pytest.raises(InputError, match=r"acts on 8 of the 12 units of a/layer_1, and 4 are left"):
        matched(parsed("gain a/layer_1[0:8] by 0.5"), prepared, "activity", 0)


def test_matched_units_are_more_similar_than_random_ones():
    rng = np.random.default_rng(1)
    features = np.stack([rng.normal(size=200), rng.exponential(size=200)], 1)
    units = np.argsort(features[:, 0])[-20:]
    rest = np.setdiff1d(np.arange(200), units)
    found = similar_units(features, units, rest, rng)
    assert len({*found}) == 20 and not {*found} & {*units}
    scale = features.std(0)
    for column in range(2):
        means = [np.mean(features[rng.choice(rest, 20, replace=False), column]) for _ in range(200)]
        off = abs(features[found, column].mean() - features[units, column].mean()) / scale[column]
        at_random = np.mean(np.abs(means - features[units, column].mean())) / scale[column]
        assert off < 0.5 * at_random or off < 0.1
