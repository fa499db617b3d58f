import numpy as np
import pytest

from analysis.effects.effect import Effects
from analysis.effects.outcomes import OutcomeTable, outcome_of
from analysis.effects.settings import EffectSettings
from analysis.effects.simulation import OutcomeModel, simulate_outcomes
from analysis.effects.variability import deviations, with_variability

PLANTED = {"intact": 0.01, "noisy": 0.03}


@pytest.fixture(scope="module")
def table():
    """Repeats whose speed has a planted standard deviation, by the arm."""
    model = OutcomeModel(policies=1, clips=6, seeds=8, control_draws=0)
    plain, random = simulate_outcomes({"noisy": {1.0: 0.0}}, model), np.random.default_rng(0)
    spread = np.vectorize(PLANTED.get)(plain["arm"])
    speed = np.empty(len(plain), object)
    for i, one in enumerate(spread):
        speed[i] = 0.2 + one * random.standard_normal(random.integers(60, 90))
    return OutcomeTable(dict(plain.columns) | {"series:speed": speed, "series:phase/foot_L": speed})


def test_the_planted_variability_is_found(table):
    found = with_variability(table)
    for arm, expected in PLANTED.items():
        values = found["variability:speed"][table["arm"] == arm]
        assert np.sqrt((values**2).mean()) == pytest.approx(expected, rel=0.03)
    assert "variability:phase/foot_L" not in found.columns
    (effect,) = Effects(EffectSettings(bootstraps=50)).fit(found, ["variability:speed"]).effects_
    assert effect.low < effect.value < effect.high and effect.value == pytest.approx(0.02, rel=0.05)


def test_one_seed_has_no_variability(table):
    first = table["seed"] == 0
    one = OutcomeTable({name: values[first] for name, values in table.columns.items()})
    assert with_variability(one) is one


def test_frames_that_one_repeat_alone_has_reached_do_not_count():
    found = deviations([np.array([1.0, 1.0, 50.0]), np.array([1.0, 1.0]), np.array([])])
    assert found[:2].tolist() == [0.0, 0.0] and np.isnan(found[2])


def test_variability_has_label_and_unit():
    assert outcome_of("variability:height/hand_L").axis == "variability of height of hand_L, mm"
    assert outcome_of("variability:speed").unit == "m/s"
