import numpy as np
import pytest
from scipy.stats import permutation_test

from analysis.effects.effect import Effects
from analysis.effects.outcomes import OutcomeTable
from analysis.effects.screen import Screen, sign_flip_p
from analysis.effects.settings import EffectSettings
from analysis.effects.simulation import OutcomeModel, simulate_outcomes
from analysis.multiple_testing import benjamini_hochberg

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


def test_without_controls_p_is_by_sign_flips_over_clips():
    found = fitted(control_draws=0)
    assert found.ranking_[0] == UNIT and found.control_draws_ == 0
    assert found.p_[UNIT] == 2 / 2**6 and found.p_.min() == found.p_[UNIT]


def test_units_that_matter_are_found_without_controls_and_others_are_not():
    changes = np.random.default_rng(0).normal(size=(13, 400))
    changes[:, :10] += 3
    q = benjamini_hochberg(sign_flip_p(changes))
    assert (q[:10] <= 0.05).all() and (q[10:] <= 0.05).sum() <= 1


@pytest.mark.parametrize("n", [8, 16])
def test_sign_flips_agree_with_scipy(n):
    changes = np.random.default_rng(1).normal(0.4, 1, (n, 3))
    changes[0, 1] = np.nan
    found = sign_flip_p(changes)
    for values, p in zip(changes.T, found, strict=True):
        known = values[np.isfinite(values)]
        exact = permutation_test((known,), np.mean, permutation_type="samples", n_resamples=np.inf)
        assert p == pytest.approx(exact.pvalue, abs=0.02 if n > 13 else 1e-9)


def test_units_without_a_change_are_not_found():
    assert sign_flip_p(np.zeros((13, 2))).tolist() == [1.0, 1.0]
    assert np.isnan(sign_flip_p(np.full((1, 2), 3.0))).all()
