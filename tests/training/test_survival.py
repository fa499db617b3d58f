"""How long clips last and what ends them, on traces made by hand."""

import dataclasses

import numpy as np
import pytest

from tests.training.test_evaluate import make_trace
from training.evaluate import scores
from training.survival import THRESHOLDS_MM, alive_by_frame, ended_by, limits, success_within


def test_clips_of_one_length_survive_as_their_plain_share():
    traces = [make_trace("a", 10), make_trace("b", 10, fails_at=4), make_trace("c", 10, fails_at=0)]
    frames, share = alive_by_frame(traces)
    assert frames.tolist() == [0, 4]
    assert share == pytest.approx([2 / 3, 1 / 3])


def test_a_clip_that_is_over_counts_no_more():
    """Two of three clips end at frame 5; of the one at risk then, all are lost."""
    traces = [
        make_trace("a", 10, frames=5),
        make_trace("b", 10, fails_at=2, frames=5),
        make_trace("c", 10, fails_at=8),
    ]
    frames, share = alive_by_frame(traces)
    assert frames.tolist() == [0, 2, 8]
    assert share == pytest.approx([1, 2 / 3, 0])


def test_no_clip_is_ever_lost():
    frames, share = alive_by_frame([make_trace("a", 10, frames=5), make_trace("b", 10)])
    assert (frames.tolist(), share.tolist()) == ([0], [1])


def test_success_against_a_threshold_agrees_with_the_rates():
    traces = [make_trace("a", 12.5), make_trace("b", 35), make_trace("c", 10, fails_at=3)]
    found = scores(traces)
    curve = dict(zip(found["survival_mm"]["threshold"], found["survival_mm"]["success"], strict=True))
    assert list(curve) == list(range(1, 51))
    assert (curve[12], curve[13], curve[34], curve[35]) == pytest.approx((0, 1 / 3, 1 / 3, 2 / 3))
    assert all(curve[mm] == found[f"success_rate_{mm}mm"] for mm in (20, 30, 50))
    assert np.all(np.diff(list(curve.values())) >= 0)


def test_the_root_alone_may_do_better():
    trace = make_trace("a", 10)
    trace = dataclasses.replace(trace, errors={**trace.errors, "body_position": np.full(10, 40.0)})
    found = scores([trace])["survival_mm"]
    assert found["root_position"][9] == 1 and found["success"][9] == 0
    assert success_within([trace], THRESHOLDS_MM)[38:40].tolist() == [0, 1]


LIMITS = limits(make_trace("any", 10))


@pytest.mark.parametrize("error", LIMITS)
def test_a_clip_is_ended_by_the_error_furthest_beyond_its_limit(error):
    trace = make_trace("a", 10, fails_at=6)
    trace.errors[error][6] = 1.3 * LIMITS[error]
    other = next(name for name in LIMITS if name != error)
    trace.errors[other][6] = 1.1 * LIMITS[other]
    trace.errors[other][7:] = 9 * LIMITS[other]  # after the failure nothing counts
    assert ended_by(trace) == error


def test_a_clip_ends_when_the_state_is_not_finite():
    trace = make_trace("a", 10, fails_at=6)  # no error is beyond its limit
    assert ended_by(trace) == "not_finite"
    trace.errors["root_position"][6:] = np.nan
    assert ended_by(trace) == "not_finite"
    assert ended_by(make_trace("b", 10)) is None


def test_limits_in_single_precision_are_beyond_themselves():
    """The engine's errors are float32: what just fails must count as beyond its limit here, too."""
    just = {
        "root_position": 1e3 * np.nextafter(np.full(1, 0.05, np.float32), np.float32(1)),
        "root_orientation": np.degrees(np.nextafter(np.full(1, np.deg2rad(60.0), np.float32), np.float32(9))),
    }
    for name, values in just.items():
        trace = make_trace("a", 1, fails_at=0, frames=1)
        trace = dataclasses.replace(trace, errors={**trace.errors, name: values})
        assert ended_by(trace) == name


def test_groups_are_means_of_their_clips():
    traces = [
        dataclasses.replace(make_trace("a", 10), behavior="Rear"),
        dataclasses.replace(make_trace("b", 20, fails_at=4), behavior="Walk"),
        dataclasses.replace(make_trace("c", 30), behavior="Rear"),
    ]
    found = scores(traces, {"train": ["a", "b"], "test": ["c"]})
    rear, walk = found["behaviors"]
    assert (rear["behavior"], rear["clips"], rear["success"]) == ("Rear", 2, 1)
    assert rear["root_position_error_mm"] == pytest.approx(20)
    assert (walk["clips"], walk["lifespan_frames"]) == (1, 4)
    assert [(part["split"], part["clips"]) for part in found["splits"]] == [("train", 2), ("test", 1)]
    assert [clip["split"] for clip in found["clips"]] == ["train", "train", "test"]
    assert "splits" not in scores(traces)
