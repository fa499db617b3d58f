import numpy as np
import pytest

from analysis.effects.dose import HillCurve, dose_response
from analysis.effects.effect import Effects
from analysis.effects.settings import EffectSettings
from analysis.effects.simulation import OutcomeModel, simulate_outcomes
from rodent.errors import InputError

DOSES = np.array([0.05, 0.1, 0.2, 0.4, 0.8])
QUICK = EffectSettings(bootstraps=100)


def hill(dose, ed50, power, top):
    return top * dose**power / (dose**power + ed50**power)


@pytest.mark.parametrize(("ed50", "power", "top"), [(0.2, 1.0, -80.0), (0.07, 3.0, 5.0), (0.6, 2.0, -1e-3)])
def test_the_curve_that_made_the_data_is_found(ed50, power, top):
    curve = HillCurve().fit(DOSES, hill(DOSES, ed50, power, top))
    assert curve.ed50_ == pytest.approx(ed50, rel=0.05)
    assert curve.hill_ == pytest.approx(power, rel=0.1) and curve.top_ == pytest.approx(top, rel=0.05)
    between = np.array([0.15, 0.3])
    assert curve.predict(between) == pytest.approx(hill(between, ed50, power, top), rel=0.03)
    assert curve.predict(ed50) == pytest.approx(curve.top_ / 2, rel=0.05)


def test_many_curves_are_fitted_at_once():
    ed50 = np.array([[0.1, 0.2], [0.3, 0.4]])
    curve = HillCurve().fit(DOSES, hill(DOSES, ed50[..., None], 2.0, -30.0))
    assert curve.ed50_ == pytest.approx(ed50, rel=0.05)
    assert curve.predict(DOSES).shape == (2, 2, 5)


def test_without_a_plateau_ed50_is_infinite():
    assert HillCurve().fit(DOSES, -(DOSES**4)).ed50_ == np.inf
    assert HillCurve().fit(DOSES, np.ones(5)).ed50_ == 0.0


@pytest.mark.parametrize("doses", [[0.1, 0.2], [0.0, 0.1, 0.2], [0.1, 0.1, 0.2]])
def test_too_few_doses_are_refused(doses):
    with pytest.raises(InputError, match="expected 3 or more different ones above 0"):
        HillCurve().fit(np.array(doses), np.zeros(len(doses)))


def test_dose_response_of_an_experiment():
    planted = {float(d): float(hill(d, 0.2, 2.0, -80.0)) for d in DOSES}
    nothing = {float(d): 0.0 for d in DOSES}
    model = OutcomeModel(control_draws=5, between_policies=0.1, between_clips=0.1)
    effects = Effects(QUICK).fit(
        simulate_outcomes({"hip": planted, "ear": nothing}, model), ["frames_tracked"]
    )
    found = dose_response(effects, "frames_tracked", "hip")
    assert found.doses.tolist() == DOSES.tolist()
    assert found.ed50_low <= 0.2 <= found.ed50_high and found.ed50 == pytest.approx(0.2, rel=0.2)
    assert (found.low <= found.change).all() and (found.change <= found.high).all()
    assert (np.diff(found.change) < 0).all()
    control = dose_response(effects, "frames_tracked", "hip", "matched")
    assert np.abs(control.change).max() < 4 and control.ed50_high / max(control.ed50_low, 1e-9) > 20


def test_two_doses_have_no_curve():
    model = OutcomeModel(policies=1, control_draws=0)
    effects = Effects(QUICK).fit(
        simulate_outcomes({"hip": {0.5: -3.0, 1.0: -9.0}}, model), ["frames_tracked"]
    )
    found = dose_response(effects, "frames_tracked", "hip")
    assert found.curve is None and np.isnan([found.ed50, found.ed50_low]).all() and len(found.change) == 2
