"""The view when a page is opened."""

import types

import numpy as np
import pytest

pytest.importorskip("trimesh", reason="trimesh is not installed: pip install 'virtual-rodent[viewer]'")

from rodent.view.stage import Camera


@pytest.mark.parametrize("aspect", [0.5, 1.0, 1.6])
@pytest.mark.parametrize("width", [0.0, 0.4])
def test_rats_in_a_row_are_all_seen(clips, aspect, width):
    camera = Camera(clips[0].qpos[0], 0.02, 0.9)
    view = types.SimpleNamespace()
    camera.place(view, width, aspect)
    ahead = view.look_at - view.position
    depth = np.linalg.norm(ahead)
    assert view.position[2] > 0.1
    assert camera.right @ ahead == pytest.approx(0)
    up = np.cross(camera.right, ahead / depth)
    height = (np.array([0, 0, 0.02]) - view.look_at) @ up / (np.tan(view.fov / 2) * depth)
    assert height == pytest.approx(0.55 if aspect < 1 else 0.0, abs=1e-6)
    tangent = np.tan(view.fov / 2) * aspect
    for end in (-width / 2 - 0.12, width / 2 + 0.12):
        across = (end * camera.right - view.look_at) @ camera.right
        assert abs(across) < tangent * depth
