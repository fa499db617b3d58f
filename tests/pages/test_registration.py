"""What the page of a registration tells: how paws meet the floor, where clips are, which seconds to film."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from rodent.cli import main
from rodent.clips import ClipSet, read_clips
from rodent.kinematics.paws import PAW_NAMES, STANDING
from rodent.kinematics.skeleton import Skeleton
from rodent.pages.registration import _gaps
from rodent.pages.registration_film import _most
from rodent.registration import ClipOptions, clip_frames, read_markers
from rodent.registration.figures import _binned
from rodent.registration.ground import _BLOCK, lowest_paws, paw_contacts
from rodent.registration.summary import paws_of

FPS = 50.0


@pytest.fixture(scope="module")
def stand() -> np.ndarray:
    """Poses of a rat that stands, shape (frames, 74)."""
    return read_clips("gaits")["stand"].qpos


def test_a_rat_that_stands_neither_slides_nor_sinks(stand, body):
    contacts = paw_contacts(stand, FPS, body)
    assert contacts.height.shape == contacts.sliding.shape == (len(stand), 4)
    assert np.abs(contacts.height).max() < 0.001
    assert np.nanmax(contacts.sliding) < 0.01
    # the last frame has no next one
    assert np.isnan(contacts.sliding[-1]).all()
    assert np.isfinite(contacts.sliding[:-1]).all()


def test_sliding_is_the_horizontal_speed_of_paws_that_stand(stand, body):
    pushed = stand.copy()
    pushed[:, 0] += 0.3 * np.arange(len(stand)) / FPS
    pushed[:, 1] += 0.4 * np.arange(len(stand)) / FPS
    assert np.nanmean(paw_contacts(pushed, FPS, body).sliding) == pytest.approx(0.5, rel=0.02)
    # in the air nothing slides
    pushed[50:, 2] += 2 * STANDING
    sliding = paw_contacts(pushed, FPS, body).sliding
    assert np.isnan(sliding[49:]).all()
    assert np.isfinite(sliding[:49]).all()


def test_depth_is_that_of_each_paw(stand, body):
    sunk = stand.copy()
    sunk[:, 2] -= 0.004
    np.testing.assert_allclose(paw_contacts(sunk, FPS, body).depth, 0.004, atol=0.001)
    sunk[:, 2] += 0.02
    assert np.all(paw_contacts(sunk, FPS, body).depth == 0)


def test_steps_that_are_planted_slide_less_than_steps_that_drag(body):
    walk = read_clips("gaits")["walk"]
    planted = paw_contacts(walk.qpos, walk.fps, body)
    standing = np.isfinite(planted.sliding).mean(axis=0)
    assert np.all((standing > 0.4) & (standing < 0.95))
    assert np.nanmedian(planted.sliding) < 0.01
    # played half as fast over the same ground
    dragged = walk.qpos.copy()
    dragged[:, 0] *= 0.5
    assert np.nanmedian(paw_contacts(dragged, walk.fps, body).sliding) > 0.05


def test_blocks_leave_no_seam(stand, body):
    many = np.resize(stand, (_BLOCK + 3, 74))
    heights = paw_contacts(many, FPS, body).height
    np.testing.assert_allclose(heights[len(stand) :][: len(stand)], heights[: len(stand)], atol=1e-12)
    np.testing.assert_array_equal(lowest_paws(many, body)[:, 2], heights.min(axis=1))


@pytest.fixture(scope="module")
def found() -> SimpleNamespace:
    """A rat that walks for 200 frames."""
    qpos = read_clips("gaits")["walk"].qpos
    return SimpleNamespace(qpos=qpos, fps=FPS, error=np.zeros((len(qpos), 5)))


@pytest.fixture(scope="module")
def cut(found) -> ClipSet:
    """Of it frames 10 to 60 and 100 to 150."""
    gaits = read_clips("gaits")
    clips = [
        dataclasses.replace(gaits["walk"], name=f"Walk_{a}", qpos=found.qpos[a:b], qvel=None)
        for a, b in ((10, 60), (100, 150))
    ]
    return dataclasses.replace(gaits, clips=tuple(clips))


def test_clips_are_where_the_rat_was_seen(found):
    error = np.full_like(found.error, np.nan)
    error[10:60] = error[100:150] = 0.0
    seen = SimpleNamespace(**vars(found) | {"error": error})
    assert clip_frames(seen, ClipOptions()) == [slice(10, 60), slice(100, 150)]


def test_what_is_in_no_clip_is_told_longest_first(found):
    error = found.error.copy()
    error[60:80] = np.nan
    (table,) = _gaps(SimpleNamespace(**vars(found) | {"error": error}), [slice(10, 60), slice(100, 150)])
    assert table.cells == [["3.00", "1.00", "100%"], ["1.20", "0.80", "50%"], ["0.00", "0.20", "100%"]]
    assert _gaps(found, [slice(0, len(found.qpos))]) == []


def test_paws_of_clips_do_not_slide_from_one_into_the_next(cut, body):
    contacts = paws_of(cut, body)
    assert contacts.height.shape == (100, 4)
    assert np.isnan(contacts.sliding[[49, 99]]).all()


def test_the_seconds_with_most_of_something():
    values = np.zeros(100)
    values[40:45], values[80:90] = 3.0, 1.0
    assert _most(values, [slice(0, 100)], 5) == slice(40, 45)
    assert _most(values, [slice(50, 100)], 10) == slice(80, 90)
    assert _most(values, [slice(0, 30), slice(82, 86)], 10) == slice(82, 86)


def test_bins_are_means_of_what_is_there():
    values = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, 5.0]])
    np.testing.assert_array_equal(_binned(values, 2), [[2.0, np.nan], [np.nan, 5.0]])


def test_paws_and_time_in_clips_are_in_the_json(body, tmp_path, capsys):
    file = tmp_path / "rat.npz"
    stand = read_clips("gaits")["stand"]

    markers = read_markers("rat23")
    points = Skeleton(body, markers.bodies).positions(stand.qpos[:60], markers.offsets * body.scale)
    # two keypoints that the marker set does not know, and one of its own, are left out
    points = np.concatenate([points, points[:, :2] + 0.01], axis=1)
    names = np.array([*markers.names, "TailTip", "Collar"])
    np.savez(file, points=1000 * points, names=names, fps=FPS, units="mm")
    command = ["register", str(file), "--out", str(tmp_path / "clips.h5"), "--scale", "0.9", "--json"]
    assert main([*command, "--ignore", "TailTip", "Collar", "EarL"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [paw["name"] for paw in result["paws"]] == list(PAW_NAMES)
    for paw in result["paws"]:
        assert paw["standing"] > 0.5
        assert paw["sliding_mm_per_s"] < 20
        assert paw["penetration_mm"] <= paw["deepest_mm"] < 2
    assert list(result["standing"]) == list(PAW_NAMES)
    assert min(result["standing"].values()) > 0.5
    assert min(paw["kept"] for paw in result["standing_against_keypoints"].values()) > 0.9
    assert result["offsets_beyond_freedom"] == {}
    assert result["warnings"] == []
    assert min(result["scale_profile"]["cost"]) > 0
    assert result["scale_profile"]["optima"][0] == pytest.approx(0.9, rel=0.1)
    assert result["foot_sliding_mm_per_s"] < 20
    assert result["floor_penetration_mm"] < 2
    assert result["seconds_in_clips"] == pytest.approx(1.2, abs=0.03)
    assert result["left_out"] == ["TailTip", "Collar", "EarL"]
    assert [one["name"] for one in result["keypoints"]] == [name for name in markers.names if name != "EarL"]
