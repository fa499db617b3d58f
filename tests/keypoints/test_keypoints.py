"""What keypoints must be, and taking parts of them."""

import dataclasses

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.keypoints import Keypoints

NAMES = ("Snout", "EarL", "EarR")


@pytest.fixture
def points(rng) -> np.ndarray:
    return rng.normal(size=(5, 3, 3))


def test_a_point_without_one_of_its_numbers_is_missing(points):
    points[2, 1, 2] = np.nan
    keypoints = Keypoints(points, list(NAMES), 50)
    assert (keypoints.n_frames, keypoints.names, keypoints.fps) == (5, NAMES, 50.0)
    assert np.argwhere(keypoints.missing).tolist() == [[2, 1]]
    assert np.isnan(keypoints.points[2, 1]).all()
    np.testing.assert_array_equal(keypoints.points[keypoints.missing == 0], points[~np.isnan(points).any(-1)])
    # what was handed in is untouched
    assert np.isfinite(points[2, 1, 0])


def test_subset_takes_the_named_in_their_order(points):
    confidence = np.arange(15.0).reshape(5, 3)
    part = Keypoints(points, NAMES, 50.0, confidence, "a.npz").subset(["EarR", "Snout"])
    assert (part.names, part.source) == (("EarR", "Snout"), "a.npz")
    np.testing.assert_array_equal(part.points, points[:, [2, 0]])
    np.testing.assert_array_equal(part.confidence, confidence[:, [2, 0]])


def test_subset_knows_what_there_is(points):
    keypoints = Keypoints(points, NAMES, 50.0, source="a.npz")
    with pytest.raises(InputError) as error:
        keypoints.subset(["Snoot"])
    wanted = "unknown keypoint 'Snoot' in a.npz; did you mean 'Snout'? There are: Snout, EarL, EarR"
    assert str(error.value) == wanted
    with pytest.raises(InputError, match="keypoints 0 and 1 are both named 'EarL'"):
        keypoints.subset(["EarL", "EarL"])


def test_select_takes_neighbouring_frames(points):
    keypoints = Keypoints(points, NAMES, 50.0, np.arange(15.0).reshape(5, 3))
    part = keypoints.select(slice(1, 4))
    np.testing.assert_array_equal(part.points, points[1:4])
    np.testing.assert_array_equal(part.confidence, keypoints.confidence[1:4])
    assert part.fps == 50.0
    with pytest.raises(InputError, match="in steps of 2"):
        keypoints.select(slice(None, None, 2))
    with pytest.raises(InputError, match="there are 1 frames; at least 2"):
        keypoints.select(slice(4, None))


def test_confident_makes_the_doubtful_missing(points):
    confidence = np.full((5, 3), 0.9)
    confidence[3, 1], confidence[4, 2] = 0.4, np.nan
    keypoints = Keypoints(points, NAMES, 50.0, confidence)
    assert np.argwhere(keypoints.confident(0.5).missing).tolist() == [[3, 1], [4, 2]]
    assert not keypoints.confident(0).missing.any()
    with pytest.raises(InputError, match=r"'Snout' has a confidence of at least 0.95 in none of 5 frames"):
        keypoints.confident(0.95)
    with pytest.raises(InputError, match="the keypoints have none; leave out --min-confidence"):
        dataclasses.replace(keypoints, confidence=None).confident(0.5)


def spoilt(points, frame, keypoint, value):
    points = points.copy()
    points[frame, keypoint] = value
    return points


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda p: {"points": p[..., :2]}, r"shape \(5, 3, 2\); \(frames, 3, 3\) is expected"),
        (lambda p: {"points": p[:, 0]}, r"shape \(5, 3\)"),
        (lambda p: {"points": p[:, :2]}, r"shape \(5, 2, 3\); \(frames, 3, 3\) is expected for 3 names"),
        (lambda p: {"points": p[:, :0], "names": ()}, r"shape \(5, 0, 3\)"),
        (lambda p: {"points": p[:1]}, "there are 1 frames; at least 2"),
        (lambda p: {"names": ("a", "b", "a")}, "keypoints 0 and 2 are both named 'a'"),
        (lambda p: {"names": ("a", " ", "c")}, "keypoint 1 is named ' '"),
        (lambda p: {"fps": 0.0}, "fps is 0; a positive"),
        (lambda p: {"fps": -1.0}, "fps is -1"),
        (lambda p: {"fps": np.nan}, "fps is nan"),
        (lambda p: {"fps": np.inf}, "fps is inf"),
        (lambda p: {"confidence": np.zeros((5, 2))}, r"confidence has shape \(5, 2\); \(5, 3\) is expected"),
        (lambda p: {"points": spoilt(p, 3, 1, np.inf)}, "keypoint 'EarL' frame 3: x is inf m"),
        (lambda p: {"points": spoilt(p, 4, 2, [0, -1e30, 0])}, r"'EarR' frame 4: y is -1e\+30 m"),
        (lambda p: {"points": np.full_like(p, np.nan)}, "all keypoints are missing in all 5 frames"),
        (lambda p: {"points": spoilt(p, slice(None), 2, np.nan)}, "keypoint 'EarR' is missing in all 5"),
    ],
)
def test_what_is_wrong_is_named(points, change, wanted):
    arguments = {"points": points, "names": NAMES, "fps": 50.0} | change(points)
    with pytest.raises(InputError, match=wanted) as error:
        Keypoints(**arguments)
    assert "\n" not in str(error.value)
