"""Joints that are turned in a pause."""

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed: pip install 'virtual-rodent[viewer]'")

from rodent.view.joint_panel import JointPanel
from rodent.view.server import open_server


def test_a_joint_is_turned_until_playback_goes_on(body, clips):
    qpos = clips[0].qpos[3]
    with open_server() as server:
        panel = JointPanel(server.gui, body, lambda action: lambda event: action())
        assert panel.pose(qpos, paused=False) is qpos and not panel._folder.visible
        panel._joint.value = "knee_L"
        np.testing.assert_array_equal(panel.pose(qpos, paused=True), qpos)
        column = body.model.joint("knee_L").qposadr[0]
        assert panel._folder.visible and panel._angle.value == pytest.approx(np.degrees(qpos[column]))
        low, high = np.degrees(body.model.joint("knee_L").range)
        assert (panel._angle.min, panel._angle.max) == (pytest.approx(low), pytest.approx(high))
        panel._angle.value = (low + high) / 2
        panel._turn()
        turned = panel.pose(qpos, paused=True)
        assert turned[column] == pytest.approx(np.radians((low + high) / 2))
        assert (np.delete(turned, column) == np.delete(qpos, column)).all()
        panel._joint.value = "ankle_L"  # the knee stays turned
        assert panel.pose(qpos, paused=True)[column] == turned[column]
        panel.pose(qpos, paused=False)
        np.testing.assert_array_equal(panel.pose(qpos, paused=True), qpos)
