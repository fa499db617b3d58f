"""Charts of the units of a layer."""

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.scene import make_scene
from rodent.view.motion import Motion, Source
from rodent.view.session import Pushable, Session
from rodent.view.strip import Box, chart, mark

if TYPE_CHECKING:
    import viser

_INTERVAL = 0.1  # seconds between images
_ACTIONS = "action_mean"  # end of the name of the layer whose units are actuators


class UnitsPanel:
    """A choice of layer, and a chart of its units for every motion that has it.

    Args:
        gui: of the server.
        session: with motions with or without units.
    """

    def __init__(self, gui: "viser.GuiApi", session: Session):
        self._session = session
        self._layer = gui.add_dropdown("Units of layer", _layers(session) or ("",))
        self._charts = [_Chart(gui, source, several=len(session.sources) > 1) for source in session.sources]
        self.choose()

    def choose(self) -> None:
        """Bring the layers to choose from up to date with the current motions."""
        layers = _layers(self._session)
        self._layer.visible = bool(layers)
        if layers and self._layer.options != layers:
            self._layer.options = layers

    def draw(self) -> None:
        """Update the charts."""
        for one, motion in zip(self._charts, self._session.motions, strict=True):
            one.draw(motion, self._layer.value, self._session.clock.frame(motion.fps, motion.n_frames))


class _Chart:
    """The chart of one motion, which depends on layer, simulated frames and time."""

    def __init__(self, gui: "viser.GuiApi", source: Source, several: bool):
        self._image = gui.add_image(np.zeros((1, 1, 3), np.uint8), visible=False)
        self._title = f"{source.name}: unit" if several else "unit"
        model = make_scene(source.scene).model
        self._actuators = tuple(model.actuator(i).name for i in range(model.nu))
        self._content: tuple[Any, ...] = ()
        self._frame, self._time = -1, 0.0
        self._picture: tuple[np.ndarray, Box]

    def draw(self, motion: Motion, layer: str, frame: int) -> None:
        self._image.visible = layer in motion.layers
        now = time.monotonic()
        content = (motion, layer, motion.played if isinstance(motion, Pushable) else motion.n_frames)
        shown = self._content == content and self._frame == frame
        if not self._image.visible or shown or now - self._time < _INTERVAL:
            return
        if self._content != content:
            activity = motion.activity(layer)
            units = self._names(layer, activity.shape[1])
            self._picture = chart(activity, motion.n_frames / motion.fps, units, self._title)
        self._content, self._frame, self._time = content, frame, now
        picture, box = self._picture
        self._image.image = mark(picture, box, frame / motion.n_frames)

    def _names(self, layer: str, count: int) -> tuple[str, ...]:
        """Names of units: numbers, as in brackets of interventions, or what an action moves."""
        if layer.endswith(_ACTIONS) and count == len(self._actuators):
            return self._actuators
        return tuple(map(str, range(count)))


def _layers(session: Session) -> tuple[str, ...]:
    """Layers of any motion, in the order of the first that has them."""
    return tuple(dict.fromkeys(layer for motion in session.motions for layer in motion.layers))
