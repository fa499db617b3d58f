"""Forces of the ground in a film: vectors at the paws, and a strip over time below the picture.

strip = ForceStrip(forces, size=(640, 480), scale=0.9)
strip.image(frame)          # uint8, (strip_height(480), 640, 3)
"""

from typing import Any, NamedTuple

import numpy as np

from rodent.recording.ground import GroundForces
from rodent.render.marks import Arrow

SMALLEST = (320, 240)
"""Width and height of a film with forces, pixels, at least."""

_PART = 0.36  # of the film's height
_SECONDS = 2.0  # that the strip shows at once
_METRES = 0.1  # length of the arrow of a body weight at scale 1
_LEAST = 0.02  # body weights without an arrow
_CURSOR = (90, 90, 100)
_STYLE: dict[Any, Any] = {"font.size": 7.5, "axes.linewidth": 0.6}
_WIDTH, _DPI = 640, 100  # of a film whose letters have their usual size


def strip_height(height: int) -> int:
    """Height of the strip in a film of a height, pixels; even."""
    return 2 * round(_PART * height / 2)


def force_arrows(forces: GroundForces, frame: int, scale: float) -> list[Arrow]:
    """Vectors of the forces on the paws in a frame.

    Args:
        forces: of the rollout.
        frame: its number.
        scale: size of the body relative to dm_control's rat.
    """
    from matplotlib.colors import to_rgba

    found = []
    for part, vectors in list(forces.body_weights.items())[:-1]:
        vector = np.nan_to_num(vectors[frame])
        if np.linalg.norm(vector) > _LEAST:
            found.append(Arrow(part, _METRES * scale * vector, to_rgba(forces.colors[part])))
    return found


class _Page(NamedTuple):
    """Some seconds of a strip without its line, the columns of its borders, and the rows of its axes."""

    number: int
    image: np.ndarray
    columns: tuple[float, float]
    rows: slice


class ForceStrip:
    """The upward force on each paw over time, a few seconds at once, with a line at the present.

    Args:
        forces: of the rollout.
        size: width and height of the film, pixels.
        scale: size of the body relative to dm_control's rat.
    """

    def __init__(self, forces: GroundForces, size: tuple[int, int], scale: float):
        self._forces, self._shape = forces, (strip_height(size[1]), size[0])
        self._note = f"arrow of {1000 * _METRES * scale:.0f} mm: 1 body weight"
        self._page = self._draw(0)

    def image(self, frame: int) -> np.ndarray:
        """The strip in a frame, uint8, shape (height, width, 3)."""
        seconds = frame / self._forces.fps
        number = int(seconds / _SECONDS)
        if number != self._page.number:
            self._page = self._draw(number)
        image, (left, right), rows = self._page.image.copy(), self._page.columns, self._page.rows
        column = round(left + (right - left) * (seconds / _SECONDS - number))
        image[rows, column : column + max(1, self._shape[1] // _WIDTH)] = _CURSOR
        return image

    def _draw(self, number: int) -> _Page:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        height, width = self._shape
        dpi = _DPI * width / _WIDTH
        with matplotlib.rc_context(_STYLE):
            figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi, layout="constrained")
            canvas = FigureCanvasAgg(figure)
            axes = self._forces.plot(figure.subplots())
            axes.set_xlim(number * _SECONDS, (number + 1) * _SECONDS)
            axes.text(0.99, 0.95, self._note, transform=axes.transAxes, ha="right", va="top")
            canvas.draw()
        image = np.asarray(canvas.buffer_rgba())[:height, :width, :3].copy()
        box = axes.get_window_extent()
        return _Page(number, image, (box.x0, box.x1), slice(round(height - box.y1), round(height - box.y0)))
