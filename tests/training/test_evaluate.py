"""The tracking metrics on traces made by hand."""

import dataclasses

import numpy as np
import pytest

from rodent.tasks.metrics import tracking_metrics
from rodent.tasks.settings import ImitationLimits
from rodent.tasks.task import Metric
from training.evaluate import Trace, attainment, deciding_metric, scores


@pytest.mark.parametrize("past_failure", [False, True])
def test_the_metric_that_decides_is_a_score(past_failure):
    metrics = {
        "met": Metric("met", "1", 1.0, 0.0, parts=("3 cm", "4 cm")),
        "speed": Metric("speed", "m/s", 1.0, 0.0, past_failure=past_failure),
    }
    errors = {"met": np.zeros((10, 2)), "speed": np.ones(10)}
    trace = Trace("run", "", metrics, errors, np.zeros(10, bool))
    assert scores([trace])["mean"][deciding_metric(metrics)] == 1.0


def make_trace(name, millimetres, fails_at=None, frames=10):
    failed = np.zeros(frames, bool)
    if fails_at is not None:
        failed[fails_at:] = True
    error = np.full(frames, float(millimetres))
    return Trace(
        name=name,
        behavior="walk",
        metrics=tracking_metrics(ImitationLimits(), ("hand_L", "hand_R", "foot_L", "foot_R", "skull")),
        errors={
            "root_position": error,
            "root_orientation": np.full(frames, 9.0),
            "joint_angle": np.full(frames, 5.0),
            "body_position": error / 2,
            "end_effector": np.tile(np.arange(1.0, 6.0), (frames, 1)),
        },
        failed=failed,
    )


def test_success_is_reaching_the_last_frame():
    found = scores(
        [
            make_trace("a", 10),
            make_trace("b", 25),
            make_trace("c", 10, fails_at=4),
            make_trace("d", 10, fails_at=9),
        ]
    )
    assert [clip["success"] for clip in found["clips"]] == [True, True, False, False]
    assert [clip["lifespan_frames"] for clip in found["clips"]] == [10, 10, 4, 9]
    assert found["success_rate"] == 0.5
    assert found["mean"]["lifespan_frames"] == pytest.approx(33 / 4)


@pytest.mark.parametrize(("millimetres", "within"), [(15, (1, 1, 1)), (25, (0, 1, 1)), (40, (0, 0, 1))])
def test_success_at_a_limit_is_never_being_further_off(millimetres, within):
    found = scores([make_trace("a", millimetres)])
    assert tuple(found[f"success_rate_{mm}mm"] for mm in (20, 30, 50)) == within


def test_one_bad_frame_spoils_a_limit_but_not_success():
    trace = make_trace("a", 10)
    trace.errors["root_position"][3] = 35.0
    found = scores([trace])
    assert found["success_rate"] == 1
    assert (found["success_rate_30mm"], found["success_rate_50mm"]) == (0, 1)


def test_errors_are_means_over_the_frames_alive_and_over_all():
    trace = make_trace("a", 10, fails_at=5)
    trace.errors["root_position"][5:] = 1000.0  # after the failure nothing counts but the failure
    (clip,) = scores([trace])["clips"]
    assert clip["root_position_error_mm"] == pytest.approx(10)
    assert clip["root_position_error_mm_all_frames"] == pytest.approx((5 * 10 + 5 * 50) / 10)
    assert clip["root_orientation_error_deg"] == pytest.approx(9)
    assert clip["root_orientation_error_deg_all_frames"] == pytest.approx((5 * 9 + 5 * 90) / 10)
    assert clip["end_effector_error_mm"] == {"hand_L": 1, "hand_R": 2, "foot_L": 3, "foot_R": 4, "skull": 5}


def test_a_rat_lost_at_once_counts_as_lost():
    (clip,) = scores([make_trace("a", 10, fails_at=0)])["clips"]
    assert clip["lifespan_frames"] == 0
    assert clip["root_position_error_mm"] == 50
    assert clip["joint_angle_error_deg"] == 90
    assert set(clip["end_effector_error_mm"].values()) == {50}


def test_a_failure_does_not_change_what_is_only_compared_with():
    trace = make_trace("a", 10, fails_at=4)
    metric = Metric("oracle_per_min", "1/s", 60.0, 0.0, past_failure=True)
    trace = dataclasses.replace(
        trace,
        metrics={**trace.metrics, "oracle": metric},
        errors={**trace.errors, "oracle": np.arange(10.0)},
    )
    (clip,) = scores([trace])["clips"]
    assert clip["oracle_per_min"] == pytest.approx(4.5)
    assert "oracle_per_min_all_frames" not in clip


def _figure(value, bar, at):
    return {"figure": "a figure", "value": value, "bar": bar, "at": at}


def test_attainment_is_the_mean_share_of_the_bars():
    assert attainment([_figure(0.45, 0.9, "least"), _figure(0.05, 0.1, "most")]) == 0.75
    assert attainment([_figure(0.2, 0.1, "most"), _figure(7.0, None, None)]) == 0.5
    assert attainment([_figure(np.nan, 0.1, "most"), _figure(2.0, 0.9, "least")]) == 0.5
    assert attainment([_figure(7.0, None, None)]) is None
    assert attainment([_figure(1.35, 0.9, "least"), _figure(0.04, 0.1, "most")], most=2.0) == 1.75
    assert attainment([_figure(0.0, 0.1, "most"), _figure(0.2, 0.1, "most")], most=2.0) == 1.25
