"""Forces in a film: the strip over time, the vectors at the paws, and what is refused."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from rodent.errors import InputError
from rodent.recording import Header, RecordingWriter
from rodent.recording.channels import GROUND_FORCE
from rodent.recording.ground import GroundForces, ground_channel
from rodent.render import RenderOptions, render
from rodent.render.force_strip import ForceStrip, force_arrows, strip_height
from rodent.scene.ground import animal_weight, ground_parts
from tests.recordings import block

WEIGHT, SIZE = 2.0, (320, 240)
OPTIONS = RenderOptions(size=SIZE, forces=True, camera="top")


@pytest.fixture(scope="module")
def forces(body):
    """Three seconds, in which the left hand carries half of the rat in the third frame."""
    newtons = np.zeros((150, 5, 3))
    newtons[2, 0] = 0.1, 0, WEIGHT / 2
    return GroundForces("walk", 50.0, ground_parts(body), newtons, WEIGHT)


def test_a_line_moves_over_a_strip_that_turns_its_pages(forces):
    strip = ForceStrip(forces, SIZE, 0.9)
    images = {frame: strip.image(frame).astype(int) for frame in (0, 50, 100)}
    assert images[0].shape == (strip_height(240), 320, 3)
    # columns in which two frames of a page differ: those of their lines
    lines = np.flatnonzero(np.abs(images[0] - images[50]).any(axis=(0, 2)))
    assert len(lines) == 2 and 0.35 * 320 < np.ptp(lines) < 0.5 * 320
    # the second page has its line where the first one began
    assert np.array_equal(images[100][20, lines[0]], images[0][20, lines[0]])
    assert not np.array_equal(images[0], images[100])


def test_an_arrow_is_as_long_as_the_force(forces):
    assert force_arrows(forces, 0, 1.0) == []
    (arrow,) = force_arrows(forces, 2, 1.0)
    assert arrow.body == "hand_L"
    np.testing.assert_allclose(arrow.vector, [0.005, 0, 0.05])


@pytest.fixture(scope="module")
def recordings(body, clips, tmp_path_factory):
    """One frame of a rat whose left hand is pushed to the left by a weight; and one without forces."""
    folder = tmp_path_factory.mktemp("forces")
    rows = block(0, 1) | {"qpos": clips[0].qpos[:1], "reference": clips[0].qpos[:1]}
    pushed = np.zeros((1, 5, 3))
    pushed[0, 0, 1] = animal_weight(body)
    for name, force in (("pushed", pushed), ("free", np.zeros((1, 5, 3))), ("before", None)):
        channels = {} if force is None else {GROUND_FORCE: ground_channel(body)}
        more = {} if force is None else {GROUND_FORCE: force.reshape(1, 15)}
        with RecordingWriter(folder / f"{name}.h5", Header.of(body, fps=50, channels=channels)) as writer:
            writer.rollout("walk").append(rows | more)
    return folder


@pytest.mark.usefixtures("drawing")
def test_vectors_are_drawn_at_the_paws(recordings, tmp_path):
    pictures = {}
    for name in ("pushed", "free"):
        render(recordings / f"{name}.h5", tmp_path / f"{name}.png", OPTIONS)
        with Image.open(tmp_path / f"{name}.png") as image:
            pictures[name] = np.asarray(image.convert("RGB")).astype(int)
    assert pictures["free"].shape == (240, 320, 3)
    above = slice(0, 240 - strip_height(240))
    bluer = (pictures["pushed"] - pictures["free"])[above] @ [-1, 0, 1] > 60
    assert 20 < bluer.sum() < 1000
    # the strip has its axes
    assert (pictures["free"][240 - strip_height(240) :] == 255).mean() > 0.5


def test_films_without_forces_are_refused(recordings, clip_file, tmp_path):
    out = tmp_path / "film.mp4"
    with pytest.raises(InputError, match="is from before ground_force was recorded"):
        render(recordings / "before.h5", out, OPTIONS)
    with pytest.raises(InputError, match="has clips, which have no forces; omit --forces"):
        render(clip_file, out, OPTIONS)
    with pytest.raises(InputError, match="160x120; a film with forces needs at least 320x240"):
        dataclasses.replace(OPTIONS, size=(160, 120))
    assert not out.exists()
