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


@pytest.fixture(scope="module")
def figure():
    return GeomFigure(make_scene(SMALL))


SMALL = SceneConfig(body=HOPPER)


def test_geoms_go_where_the_body_goes(figure):
    moved = figure.rest.copy()
    moved[:2] += (0.3, -0.2)
    here, there = figure.pose(figure.rest), figure.pose(figure.rest, moved)
    assert here.ghost is None and len(here.eyes) == 0
    shift = np.tile((0.3, -0.2, 0.0), (len(here.skin), 1))
    np.testing.assert_allclose(there.ghost - there.skin, shift, atol=1e-6)
    # a trunk 6 cm long with a tail, whose feet of 8 mm stand on the floor
    assert np.ptp(here.skin[:, 0]) == pytest.approx(0.088, abs=0.003)
    assert here.skin[:, 2].min() == pytest.approx(0.03 - 0.022 - 0.009, abs=5e-4)
    assert 0.02 < figure.middle < 0.04


def test_the_patches_are_the_whole_body(figure):
    faces = np.concatenate([patch.vertices[patch.faces] for patch in figure.patches])
    np.testing.assert_array_equal(np.unique(faces, axis=0), np.unique(figure.faces, axis=0))
    assert figure.faces.max() == len(figure.pose(figure.rest).skin) - 1


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
        before = page._coat[0].vertices.copy()
        page.step(0.1)
        assert np.abs(page._coat[0].vertices - before).max() > 1e-3
