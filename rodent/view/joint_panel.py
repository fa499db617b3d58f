"""Sliders of the joints of a rat that stands still."""

from typing import TYPE_CHECKING

import numpy as np

from rodent.scene import Scene
from rodent.view.callbacks import OnUser

if TYPE_CHECKING:
    import viser

_ROOT = 7  # numbers of the root's pose in qpos


class JointPanel:
    """Turns single joints of the first rat in a pause; the pose is gone when playback goes on.

    Args:
        gui: of the server.
        scene: of the rat.
        on_user: makes what a control calls.
    """

    def __init__(
        self,
        gui: "viser.GuiApi",
        scene: Scene,
        on_user: OnUser,
    ):
        names = scene.joint_names[: scene.body_joints]
        self._column = {name: _ROOT + i for i, name in enumerate(names)}
        hinges = np.degrees([scene.model.joint(name).range for name in names])
        self._limits = dict(zip(names, hinges.tolist(), strict=True))
        self._turned: dict[int, float] = {}  # radians by column of qpos
        self._folder = gui.add_folder("Joints", expand_by_default=False, visible=False)
        with self._folder:
            self._joint = gui.add_dropdown("Joint", names)
            self._angle = gui.add_slider("Angle (degrees)", -180.0, 180.0, 0.1, 0.0)
            back = gui.add_button("All as before")
        self._angle.on_update(on_user(self._turn))
        back.on_click(on_user(self._turned.clear))

    def pose(self, qpos: np.ndarray, paused: bool) -> np.ndarray:
        """The pose to show, and the controls brought up to date.

        Args:
            qpos: of the motion, shape (nq,).
            paused: whether the rat stands still.
        """
        self._folder.visible = paused
        if not paused:
            self._turned.clear()
            return qpos
        posed = qpos.copy()
        posed[list(self._turned)] = list(self._turned.values())
        low, high = self._limits[self._joint.value]
        angle = float(np.degrees(posed[self._column[self._joint.value]]))
        self._angle.min, self._angle.max = min(low, angle), max(high, angle)
        self._angle.value = angle
        return posed

    def _turn(self) -> None:
        self._turned[self._column[self._joint.value]] = float(np.radians(self._angle.value))
