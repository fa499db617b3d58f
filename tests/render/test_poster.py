"""Posters: every moment is in the picture, the nearer body hides the other, and times are checked."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from rodent.clips import read_clips
from rodent.errors import InputError
from rodent.render import RenderOptions, render
from rodent.render.camera import camera_angles
from rodent.render.poster import Axes, body_points, chosen_moments, composed, composite, fitting_count
from rodent.render.renderer import Frame

OPTIONS = RenderOptions(poster="path", size=(300, 120), camera="side")


@pytest.fixture(scope="module")
def walk():
    """Five moments of a walk over 0.8 m."""
    return read_clips("gaits")["walk"].qpos[[0, 50, 100, 150, 199]]


@pytest.mark.parametrize("camera", ["side", "oblique", "top"])
@pytest.mark.parametrize("poster", ["path", "row"])
def test_all_bodies_are_in_the_picture(body, walk, camera, poster):
    options = dataclasses.replace(OPTIONS, camera=camera, poster=poster)
    found = composed(body, walk, camera_angles(walk, camera), options)
    axes = Axes.of(found.view.azimuth, found.view.elevation)
    away = body_points(body, walk) + found.move[:, None] - found.view.lookat
    x, y, z = (away @ axis for axis in axes)
    half = np.tan(np.radians(15)) * (found.distance + z)
    across, along = np.abs(x / half / 2.5).max(), np.abs(y / half).max()
    assert across < 0.93 and along < 0.79 and max(across / 0.92, along / 0.78) > 0.99
    if poster == "row":
        # from left to right, none over another
        ranges = np.stack([x.min(1), x.max(1)], axis=1)
        assert (ranges[1:, 0] > ranges[:-1, 1]).all()
    else:
        assert not found.move.any()


def test_which_moments(body, walk):
    assert chosen_moments((), 101, 50, 3).tolist() == [0, 50, 100]
    assert chosen_moments((0.5, 0.02), 101, 50, 3).tolist() == [1, 25]
    with pytest.raises(InputError, match=r"the time 2\.5 s is not in the clip; expected 0 to 2 s"):
        chosen_moments((2.5,), 101, 50, 3)
    # seen from ahead, a walk needs no room
    assert fitting_count(walk, body, "side") > fitting_count(walk, body, "front") == 3


def test_the_nearer_body_hides_the_other_and_shadows_stay():
    ground, far, near = 0.9, 0.8, 0.5
    colors = np.full((2, 16, 64, 3), 200, np.uint8)
    depth = np.full((2, 16, 64), ground, np.float32)
    colors[0, :, 16:32], depth[0, :, 16:32] = 90, near
    colors[1, :, 16:48], depth[1, :, 16:48] = 120, far
    colors[1, :, 48:] = 60  # a shadow on the ground
    image = composite([Frame(c, d, None) for c, d in zip(colors, depth, strict=True)])
    assert image[8, 8::16, 0].tolist() == [200, 90, 120, 60]


@pytest.mark.usefixtures("drawing")
def test_a_poster_and_what_it_refuses(clip_file, tmp_path):
    out = tmp_path / "poster.png"
    options = dataclasses.replace(OPTIONS, clips=("sway_1",), times=(0.0, 0.2))
    assert render(clip_file, out, options).frames == 2
    with Image.open(out) as image:
        assert image.size == (300, 120) and np.asarray(image).std() > 10
    with pytest.raises(
        InputError, match="a poster shows one of 2 clips; choose it with --clip: sway_0, sway_1"
    ):
        render(clip_file, out, OPTIONS)
    with pytest.raises(InputError, match=r"film\.mp4 must end in \.png"):
        render(clip_file, tmp_path / "film.mp4", options)
    with pytest.raises(InputError, match="neither fps nor speed"):
        dataclasses.replace(OPTIONS, speed=2.0)
    with pytest.raises(InputError, match="times are given without a poster"):
        RenderOptions(times=(1.0,))
