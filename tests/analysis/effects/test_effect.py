import numpy as np
import pytest

from analysis.effects.effect import Effects, rank_among_draws
from analysis.effects.settings import EffectSettings
from analysis.effects.simulation import OutcomeModel, simulate_outcomes
from rodent.errors import InputError

QUICK = EffectSettings(bootstraps=300)
TRACKED = ["frames_tracked"]


@pytest.fixture(scope="module")
def found():
    planted = {"ear": {1.0: 0.0}, "hip": {0.5: -20.0, 1.0: -40.0}}
    return Effects(QUICK).fit(simulate_outcomes(planted, OutcomeModel(between_policies=0.1)), TRACKED)


def test_planted_effects_are_found(found):
    ear, half, full = found.effects_
    assert (half.arm, half.dose, full.dose) == ("hip", 0.5, 1.0)
    assert half.low <= -20 <= half.high < 0 and full.low <= -40 <= full.high < half.low
    assert ear.low <= 0 <= ear.high
    assert full.p == 0.01 and full.p_holm == 0.03 and full.q == 0.015 and ear.p > 0.05
    assert full.value < half.value < -10 and full.intact == pytest.approx(175, abs=5)
    assert (full.draws, full.control_draws, full.control) == (1, 199, "matched")
    assert found.notes_ == ()
    assert [one.arm for one in found.ranked("frames_tracked")] == ["hip", "hip", "ear"]


def test_the_effects_that_fewest_animals_show_come_first(found):
    first, *_, last = found.by_animals()
    assert (first.arm, last.arm) == ("hip", "ear")
    assert 2 <= first.animals_low <= first.animals <= first.animals_high < 15
    assert last.animals > 30 and last.animals_high == np.inf


def test_the_control_is_taken_off():
    model = OutcomeModel(policies=4, control_draws=30, between_policies=0.0, between_clips=0.0)
    table = simulate_outcomes({"hip": {1.0: -40.0}}, model, control={1.0: -25.0})
    (effect,) = Effects(QUICK).fit(table, TRACKED).effects_
    assert effect.value == pytest.approx(-15, abs=3) and effect.low <= -15 <= effect.high


def test_standardised_effects_are_of_animals():
    model = OutcomeModel(
        policies=40, clips=10, control_draws=20, seeds=1, between_policies=0.0, between_clips=0.0, noise=4.0
    )
    (effect,) = Effects(QUICK).fit(simulate_outcomes({"hip": {1.0: -10.0}}, model), TRACKED).effects_
    # noise of both, which share the intact rollout, and draws of both
    assert effect.d == pytest.approx(-10 / (2 * 4.0**2 + 2 * 2.0**2) ** 0.5, rel=0.15)
    assert effect.d_low <= effect.d <= effect.d_high


def test_few_draws_and_missing_controls_are_said():
    model = OutcomeModel(policies=1, clips=6, control_draws=20)
    found = Effects(QUICK).fit(simulate_outcomes({"hip": {1.0: -40.0}}, model), TRACKED)
    assert "intervals are over clips of one policy" in found.notes_[0]
    assert "'hip': 20 draws of the control, so p of a fixed arm is 0.095 or more" in found.notes_[1]
    model = OutcomeModel(policies=3, control_draws=0)
    found = Effects(QUICK).fit(simulate_outcomes({"hip": {1.0: -40.0}}, model), TRACKED)
    (effect,) = found.effects_
    assert effect.control == "" and np.isnan([effect.p, effect.p_holm]).all()
    assert effect.low <= -40 <= effect.high and "no control 'matched'" in found.notes_[0]


def test_all_measured_outcomes_are_used_and_unknown_ones_refused():
    table = simulate_outcomes({"hip": {1.0: -40.0}}, OutcomeModel(policies=1, clips=2, control_draws=2))
    found = Effects(QUICK).fit(table)
    assert [one.outcome for one in found.effects_] == list(table.outcomes) and len(table.outcomes) == 10
    with pytest.raises(InputError, match="unknown outcome 'sped'"):
        Effects(QUICK).fit(table, ["sped"])


def test_ranks_among_draws():
    control = np.arange(199.0)[None, None]
    assert rank_among_draws(np.full((1, 1, 1), -5.0), control) == 2 / 200
    assert rank_among_draws(np.full((1, 1, 1), 500.0), control) == 2 / 200
    assert rank_among_draws(np.full((1, 1, 1), 99.0), control) == 1.0
    assert rank_among_draws(np.full((1, 1, 1), 3.0), np.full((1, 1, 199), 3.0)) == 1.0
    assert np.isnan(rank_among_draws(np.full((1, 1, 1), np.nan), control))
    # drawn arms are compared as a group
    random = np.random.default_rng(0)
    arms, controls = random.standard_normal((2, 3, 8)) + 1.5, random.standard_normal((2, 3, 40))
    assert rank_among_draws(arms, controls) < 0.01
    # a draw that lacks a clip is not used
    controls[0, 1, 5] = np.nan
    assert rank_among_draws(arms, controls) < 0.01


def test_random_against_random_has_uniform_p():
    random = np.random.default_rng(1)
    p = [
        rank_among_draws(*(random.standard_normal((2, 2, n)).cumsum(1) for n in (1, 199))) for _ in range(400)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.07 and np.mean(np.array(p) <= 0.5) == pytest.approx(
        0.5, abs=0.08
    )
