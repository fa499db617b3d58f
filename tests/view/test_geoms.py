"""Bodies without a skin, and arenas, as triangles."""

import itertools

import numpy as np
import pytest

from rodent.scene import make_scene
from rodent.scene_config import GapsConfig, SceneConfig
from tests.bodies import HOPPER

pytest.importorskip("trimesh", reason="trimesh is not installed: pip install 'virtual-rodent[viewer]'")

from rodent.view.geoms import GeomFigure, has_plane, surroundings
from rodent.view.page import Page
from rodent.view.server import open_server
from rodent.view.session import Session
from tests.view.sources import moving_hopper
from tests.view.test_figure import skinned


@pytest.fixture(scope="module")
def figure():
    return GeomFigure(make_scene(SMALL))


SMALL = SceneConfig(body=HOPPER)


def test_geoms_go_where_the_body_goes(figure):
    moved = figure.rest.copy()
    moved[:2] += (0.3, -0.2)
    here, there = figure.pose(figure.rest), figure.pose(moved)
    shift = np.tile((0.3, -0.2, 0.0), (len(here.positions), 1))
    np.testing.assert_allclose(there.positions - here.positions, shift, atol=1e-9)
    np.testing.assert_array_equal(there.quaternions, here.quaternions)
    # a trunk 6 cm long with a tail, whose feet of 8 mm stand on the floor
    vertices = skinned(figure, figure.outline, figure.rest)
    assert np.ptp(vertices[:, 0]) == pytest.approx(0.088, abs=0.003)
    assert vertices[:, 2].min() == pytest.approx(0.03 - 0.022 - 0.009, abs=5e-4)
    assert 0.02 < figure.middle < 0.04


def test_the_patches_are_the_whole_body(figure):
    assert sum(len(patch.faces) for patch in figure.patches) == len(figure.outline.faces)
    assert len({patch.color for patch in figure.patches}) == len(figure.patches)
    for patch in (*figure.patches, figure.outline):
        assert (patch.weights.sum(axis=1) == 1).all() and patch.faces.max() == len(patch.vertices) - 1


def test_an_arena_of_boxes_is_drawn():
    scene = make_scene(SceneConfig(arena=GapsConfig(seed=3, count=4)))
    boxes = surroundings(scene)
    assert len(boxes) == 5 and not has_plane(scene)
    for one, other in itertools.pairwise(boxes):
        assert 0.05 <= other.vertices[:, 0].min() - one.vertices[:, 0].max() <= 0.15
    assert max(box.vertices[:, 2].max() for box in boxes) == pytest.approx(0)
    assert has_plane(make_scene()) and not surroundings(make_scene())


def test_the_page_shows_a_body_without_a_skin():
    with open_server() as server:
        page = Page(server, Session(moving_hopper(SMALL)))
        page.step(0.0)
        before = page._rats[0].puppet.shown.positions
        page.step(0.1)
        moved = page._rats[0].puppet.shown.positions - before
        np.testing.assert_allclose(moved, np.tile((0.05, 0, 0), (len(before), 1)), atol=1e-9)
