import dataclasses

import numpy as np
import pytest

from analysis.twin.adaptation import adapt
from analysis.twin.comparison import compare, fit_with_controls, score_readouts
from analysis.twin.consistency import readout_consistency, shuffled
from analysis.twin.results import curves_section, scores_to_json
from rodent.errors import InputError
from tests.analysis.twin.conftest import SMALL
from tests.analysis.twin.test_twin import FEW


def test_every_table_has_the_glm_and_the_control_cores(sessions):
    twins = fit_with_controls(sessions[:2], dataclasses.replace(SMALL, core="linear", steps=2))
    points = compare(twins, sessions[2:], (0.4, 0.6), FEW, test_minutes=0.4)
    models = ["GLM", "linear core", "random core", "shuffled core"]
    assert [(one.model, one.minutes) for one in points] == [(m, t) for m in models for t in (0.4, 0.6)]
    assert all(one.scores["day of rat 2"].bits_per_spike.shape == (6,) for one in points)
    page = scores_to_json(points)
    assert (
        page["noise_ceiling"] is None and page["curves"][0]["sessions"]["day of rat 2"]["animal"] == "rat 2"
    )
    assert len(curves_section(points).parts[1].rows) == 8


def test_the_scored_minutes_are_not_fitted(twin, sessions):
    with pytest.raises(InputError, match=r"0.6 to fit to and 0.7 to score need more"):
        compare({"mlp core": twin}, sessions[2:], (0.6,), FEW, test_minutes=0.7)


def test_readouts_are_scored_after_their_minutes(twin, sessions):
    readouts = adapt(twin, sessions[2], FEW, 0.6)
    (point,) = score_readouts(twin, readouts, sessions[2:])
    assert point.minutes == pytest.approx(0.6) and point.bits.animals == 1
    with pytest.raises(InputError, match=r"none are left to score"):
        score_readouts(twin, adapt(twin, sessions[2], FEW), sessions[2:])
    other = dataclasses.replace(sessions[2], neurons=tuple("abcdef"))
    with pytest.raises(InputError, match=r"give that session"):
        score_readouts(twin, readouts, [other])


def test_shuffled_animals_have_no_consistent_readouts(twin, sessions):
    real = [readout_consistency(twin, one, FEW, 1.0).mean() for one in sessions]
    turned = [readout_consistency(twin, shuffled(one, 7), FEW, 1.0).mean() for one in sessions]
    assert np.mean(real) > 0.4 > 0.25 > abs(np.mean(turned))
