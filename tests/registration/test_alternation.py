import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from rodent.registration.alternation import LEAST_NOISE, WITHIN, Alternation, Evidence, white_noise
from rodent.registration.offsets import ASSUMED
from rodent.registration.pose import PoseSettings


@pytest.fixture
def still():
    """Points that differ from their means by white noise of 1 mm, shape (2000, 5, 3)."""
    return np.random.default_rng(0).normal(0, 0.001, (2000, 5, 3))


def refined(evidence, size=0.5):
    fit = Alternation(lambda offsets, settings: None, PoseSettings(), size, lambda: None)
    return fit.refined(evidence).settings


def test_white_noise_is_told_from_movement_and_from_misfit(still):
    swing = 0.03 * np.sin(np.arange(2000) / 25)[:, None, None]
    assert white_noise(still + swing) == pytest.approx(0.001, rel=0.03)
    assert white_noise(gaussian_filter1d(30 * still, 20, axis=0)) < 1e-4


def test_missing_points_are_left_out(still):
    holes = np.where(np.random.default_rng(1).random(still.shape[:2])[..., None] < 0.2, np.nan, still)
    assert white_noise(holes) == pytest.approx(0.001, rel=0.05)
    assert white_noise(np.full((9, 2, 3), np.nan)) == np.inf


def test_a_sample_with_independent_noise_counts_as_many_frames_and_holds_offsets_within_their_freedoms(still):
    evidence = Evidence.of(still, 0.001, 200)
    assert evidence.worth == pytest.approx(60, rel=0.05)
    assert evidence.spread == pytest.approx(WITHIN, rel=0.1)


def test_a_misfit_that_lasts_counts_as_few_frames(still):
    evidence = Evidence.of(gaussian_filter1d(30 * still, 20, axis=0), 0.002, 200)
    assert evidence.worth == ASSUMED
    assert evidence.spread == pytest.approx(1.0, abs=0.01)


def test_noise_has_a_lower_bound(still):
    assert Evidence.of(still, 1e-6, 200).noise == LEAST_NOISE


def test_what_is_assumed_of_all_frames_counts_the_same_however_many_there_are():
    given, many = PoseSettings(), refined(Evidence(0.0005, 1.0, 4800))
    frames = 0.3 * 4800
    for name in ("rest_error", "stance_error", "stance_height_error"):
        assert getattr(many, name) ** -2 * frames == pytest.approx(getattr(given, name) ** -2 * ASSUMED)
    assert many.keypoint_error == pytest.approx(0.0005 / 0.5)


def test_keypoints_are_never_trusted_less_than_given():
    assert refined(Evidence(0.009, 0.1, 200)).keypoint_error == PoseSettings().keypoint_error
