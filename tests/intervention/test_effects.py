"""What specifications become, in numbers."""

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.intervention import Preparation, Sites, Statistics, parsed
from rodent.intervention.effects import effects, needs_statistics
from rodent.intervention.weights import losses

SIZE = 40
SITES = Sites({"a": SIZE, "a.pre": SIZE, "b": 3}, {})
RNG = np.random.default_rng(0)
ACTIVITY = {name: RNG.normal(2.0, 0.5, size=(300, size)) for name, size in SITES.sizes.items()}
PREPARED = Preparation(SITES, {"policy": {}}, 0.02, Statistics.of(ACTIVITY))


def _rows(text):
    (effect,) = effects(parsed(text), PREPARED)
    return effect.site, effect.rows


@pytest.mark.parametrize(
    ("text", "gain", "add"),
    [
        ("silence a to zero", 0.0, 0.0),
        ("silence a to mean", 0.0, ACTIVITY["a"].mean(0)),
        ("clamp a to 3", 0.0, 3.0),
        ("clamp a to -2 sd", 0.0, ACTIVITY["a"].mean(0) - 2 * ACTIVITY["a"].std(0)),
        ("stimulate a by 0.5", 1.0, 0.5),
        ("stimulate a by 2 sd", 1.0, 2 * ACTIVITY["a"].std(0)),
        ("gain a by 3", 3.0, 0.0),
        ("drug a dose 3 ed50 3 effect -0.8", 0.6, 0.0),
        ("drug a dose 2 ed50 1 effect 0.5 hill 2", 1.4, 0.0),
        ("drug a dose 0 ed50 1 effect 0.5", 1.0, 0.0),
    ],
)
def test_gain_and_what_is_added(text, gain, add):
    site, rows = _rows(text)
    assert site == "a"
    np.testing.assert_allclose(rows["gain"], np.broadcast_to(gain, SIZE), rtol=1e-5)
    np.testing.assert_allclose(rows["add"], np.broadcast_to(add, SIZE), rtol=1e-5)


def test_a_threshold_acts_on_the_input_of_the_nonlinearity():
    deviation = ACTIVITY["a.pre"].std(0)
    for text, add in (("threshold a[3] by 2 sd", -2 * deviation[3]), ("threshold a.pre[3] by 0.1", -0.1)):
        site, rows = _rows(text)
        assert site == "a.pre" and np.flatnonzero(rows["add"]).tolist() == [3]
        assert rows["add"][3] == pytest.approx(add, rel=1e-5)
    site, rows = _rows("drug a dose 1 ed50 1 effect 1 sd on threshold")
    assert site == "a.pre"
    np.testing.assert_allclose(rows["add"], -0.5 * deviation, rtol=1e-5)


def test_receptors_are_fractions_of_the_units_and_exclude_each_other():
    text = "drug a dose 1 ed50 1 effect 1 receptors A=0.4,B=0.25 receptor {} seed {}"
    found = {
        (name, seed): set(np.flatnonzero(_rows(text.format(name, seed))[1]["gain"] > 1))
        for name in "AB"
        for seed in (1, 2)
    }
    assert [len(found[one, 1]) for one in "AB"] == [16, 10]
    assert not found["A", 1] & found["B", 1]
    assert found["A", 1] != found["A", 2]


def test_receptors_and_scores_of_a_table(tmp_path):
    table = tmp_path / "units.csv"
    table.write_text("layer,unit,receptor,score\na,3,D1,0.5\na,7,D2,0.1\na,9,D1,-1\nb,0,D2,2\n")
    rows = _rows(f"drug a dose 1 ed50 1 effect 1 table {table} receptor D1")[1]
    assert np.flatnonzero(rows["gain"] != 1).tolist() == [3, 9]
    for text, units in (("in {}", [3, 7, 9]), ("top 1 in {}", [3]), ("bottom 2 in {}", [7, 9])):
        assert np.flatnonzero(_rows(f"gain a[{text.format(table)}] by 2")[1]["gain"] != 1).tolist() == units
    for text, message in (
        (f"drug a dose 1 ed50 1 effect 1 table {table} receptor D3", "no unit .* has the receptor 'D3'"),
        (f"gain a.pre[in {table}] by 2", "has no unit of a.pre; it has units of a, b"),
    ):
        with pytest.raises(InputError, match=message):
            _rows(text)


def test_units_are_selected_by_their_tuning():
    rng = np.random.default_rng(1)
    speed, phase = rng.random(2000), rng.random(2000)
    noise = rng.normal(size=(2000, 4))
    tuned = np.stack([3 * speed, np.cos(2 * np.pi * (phase - 0.25)), speed**2, 0 * speed], 1)
    statistics = Statistics.of({"c": tuned + 0.3 * noise}, {"speed": speed, "phase/foot": phase})
    prepared = Preparation(Sites({"c": 4}, {}), {"policy": {}}, 0.02, statistics)

    def units(text):
        (effect,) = effects(parsed(f"gain c[{text}] by 2"), prepared)
        return np.flatnonzero(effect.rows["gain"] != 1).tolist()

    assert units("top 2 tuning speed") == [0, 2] and units("top 1 tuning phase/foot") == [1]
    assert 1 in units("phase 0.25 width 0.1 of phase/foot")
    with pytest.raises(InputError, match=r"unknown variable of behaviour 'sped'.*did you mean 'speed'"):
        units("top 1 tuning sped")


@pytest.mark.parametrize("mean", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_losses_have_their_mean_and_stay_between_0_and_1(mean):
    found = losses(mean, np.linspace(0, 1, 1001))
    assert found.mean() == pytest.approx(mean) and found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("silence a to zero", False),
        ("silence a to resampled", True),
        ("silence a[top 3 variance] to zero", True),
        ("gain a[top 3 weight] by 2", False),
        ("gain a[top 3 tuning speed] by 2", True),
        ("gain a[in scores.csv] by 2", False),
        ("cut a[top 3 variance] -> b", True),
        ("noise a by 1 sd", True),
        ("threshold a by 1", False),
        ("drug a dose 1 ed50 1 effect 1 sd on threshold", True),
    ],
)
def test_statistics_are_needed_where_they_are_referred_to(text, needed):
    assert needs_statistics(parsed(text)) == needed
