"""Forces of drags."""

import numpy as np
import pytest

from rodent.view.push_panel import STIFFNESS, STRONGEST, drag_force


def test_a_drag_is_a_spring_with_a_limit():
    start = np.array([0.3, -0.1, 0.05])
    np.testing.assert_array_equal(drag_force(start, start), np.zeros(3))
    np.testing.assert_allclose(drag_force(start, start + np.array([0, 0.1, 0])), (0, 0.1 * STIFFNESS, 0))
    far = drag_force(start, start + np.array([2.0, 0, 2.0]))
    assert np.linalg.norm(far) == pytest.approx(STRONGEST) and far[0] == pytest.approx(far[2])
