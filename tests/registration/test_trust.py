"""What a registration warns of."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from rodent.kinematics.paws import PAW_NAMES
from rodent.registration.scale import ScaleProfile
from rodent.registration.trust import StandingPaw, warnings_of

GOOD = tuple(StandingPaw(name, 0.7, 0.7, 0.98, 0.01, 0.001) for name in PAW_NAMES)


@pytest.fixture
def registration() -> SimpleNamespace:
    """Fitted at the better of two optima, 0.4 and 0.9."""
    scales = np.array([0.3, 0.4, 0.6, 0.9, 1.2])
    profile = ScaleProfile(scales, np.array([90.0, 40, 80, 20, 50]), np.array([9.0, 4, 8, 2, 5]) / 1000)
    return SimpleNamespace(scale=None, scale_=0.91, profile_=profile, beyond_freedom={})


def test_nothing_is_said_if_nothing_is_wrong(registration):
    assert warnings_of(registration, GOOD) == []


def test_a_scale_at_another_optimum(registration):
    registration.scale_ = 0.41
    (text,) = warnings_of(registration, GOOD)
    assert "the scale 0.410 is at another optimum than the best one, 0.900" in text


def test_a_given_scale_that_fits_worse(registration):
    registration.scale = registration.scale_ = 0.6
    (text,) = warnings_of(registration, GOOD)
    assert text.startswith("at the given scale of 0.600")
    assert "8.0 mm off, at 0.90 they are 2.0 mm off" in text
    registration.scale = registration.scale_ = 0.92
    assert warnings_of(registration, GOOD) == []


def test_markers_beyond_their_freedom_are_named_with_millimetres(registration):
    registration.beyond_freedom = {"TailBase": 0.0153, "Snout": 0.002}
    (text,) = warnings_of(registration, GOOD)
    assert "TailBase by 15.3 mm, Snout by 2.0 mm" in text


def test_paws_that_hover_that_never_stand_and_that_are_unknown(registration):
    hovers = dataclasses.replace(GOOD[0], kept=0.5, height=0.012)
    never = dataclasses.replace(GOOD[1], fitted=0.0, keypoints=0.0, kept=np.nan, height=np.nan)
    unknown = dataclasses.replace(GOOD[2], keypoints=np.nan, kept=np.nan)
    texts = warnings_of(registration, (hovers, never, unknown, GOOD[3]))
    assert "fore_L stands in 50% of the frames in which its keypoints stand; 90% are expected" in texts[0]
    assert "12.0 mm above the floor" in texts[0]
    assert texts[1].startswith("fore_R never stands")
    assert texts[2].startswith("nothing is known of hind_L")
    assert len(texts) == 3


def test_a_table_shows_what_is_not_known_as_a_dash():
    unknown = StandingPaw("fore_L", 0.5, np.nan, np.nan, np.nan, np.nan)
    assert unknown.row() == ["fore_L", "50%", "-", "-", "-", "-"]
