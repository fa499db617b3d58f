import numpy as np
import pytest

from analysis.effects.effect import Effects
from analysis.effects.outcomes import OutcomeTable
from analysis.effects.screen import Screen
from analysis.effects.settings import EffectSettings
from analysis.effects.simulation import OutcomeModel, simulate_outcomes

UNIT = 17


def fitted(control_draws):
    model = OutcomeModel(policies=1, draws=40, control_draws=control_draws, between_draws=1.0, noise=1.0)
    table = simulate_outcomes({"layer": {1.0: 0.0}}, model)
    hit = (table["arm"] == "layer") & (table["control"] == "") & (table["draw"] == UNIT)
    tracked = table["frames_tracked"] - 30 * hit
    table = OutcomeTable(dict(table.columns) | {"frames_tracked": tracked})
    effects = Effects(EffectSettings(bootstraps=100)).fit(table, ["frames_tracked"])
    return Screen().fit(effects, "frames_tracked", "layer", 1.0)


def test_the_unit_that_matters_is_found_in_a_screen():
    found = fitted(control_draws=1999)
    assert found.ranking_[0] == UNIT and found.effect_[UNIT] == pytest.approx(-30, abs=4)
    assert found.low_[UNIT] < found.effect_[UNIT] < found.high_[UNIT] < -25
    assert found.p_[UNIT] == 2 / 2000 and (found.q_ <= 0.05).sum() == 1 and found.q_[UNIT] <= 0.05
    assert found.draws_.tolist() == list(range(40)) and found.control_draws_ == 1999


def test_without_controls_there_is_a_ranking_and_no_p():
    found = fitted(control_draws=0)
    assert found.ranking_[0] == UNIT and np.isnan(found.p_).all() and np.isnan(found.q_).all()
