import numpy as np
import pytest
from scipy.stats import CensoredData, ecdf

from analysis.effects.effect import Effects
from analysis.effects.settings import EffectSettings
from analysis.effects.simulation import OutcomeModel, simulate_outcomes
from analysis.effects.survival import survival

FRAMES = 60


@pytest.fixture(scope="module")
def effects():
    model = OutcomeModel(
        policies=6,
        clips=5,
        seeds=4,
        control_draws=4,
        frames=FRAMES,
        tracked=1.0,
        noise=15.0,
        whole=True,
        between_clips=0.0,
    )
    table = simulate_outcomes({"hip": {1.0: -25.0}}, model)
    return Effects(EffectSettings(bootstraps=200)).fit(table, ["frames_tracked"])


def test_curves_are_those_of_kaplan_and_meier(effects):
    table = effects.pairs_.table
    for (name, found), control in zip(
        survival(effects, "hip", 1.0).items(), ("", "matched", ""), strict=True
    ):
        arm = "intact" if name == "intact" else "hip"
        rows = (table["arm"] == arm) & (table["control"] == control)
        tracked, success = table["frames_tracked"][rows], table["success"][rows]
        assert success.any() and not success.all() and found.rollouts == rows.sum()
        expected = ecdf(CensoredData.right_censored(tracked, success)).sf
        np.testing.assert_allclose(found.fraction, expected.evaluate(found.frames), atol=1e-12)
        assert found.restricted_mean == pytest.approx(tracked.mean())
        assert (found.low <= found.fraction + 1e-9).all() and (found.fraction <= found.high + 1e-9).all()


def test_lesioned_animals_survive_less(effects):
    found = survival(effects, "hip", 1.0)
    assert found["hip"].high[40] < found["matched"].low[40]
    assert found["hip"].restricted_mean < found["matched"].restricted_mean - 10
    assert found["matched"].restricted_mean == pytest.approx(found["intact"].restricted_mean, abs=6)
