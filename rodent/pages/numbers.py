"""The numbers of a figure as a table, so that others can draw it again.

    Path("curve.csv").write_text(numbers(figure))

A row is a point, a corner of a band, a bar, or a pixel of a map.
"""

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("panel", "x_label", "y_label", "kind", "label", "x", "y", "value")
Row = tuple[str, str, float, float, float | str]
"""Kind, label, x, y, and the value of a pixel; else empty."""


def numbers(figure: "Figure") -> str:
    """The numbers of all panels of a figure as CSV.

    Columns: panel (its title, or its number from 1), labels of its axes, kind (line, point, band, segment,
    bar or pixel), label of what is drawn, x, y, and the value of a pixel.
    """
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for number, axes in enumerate(figure.axes, 1):
        head = (axes.get_title() or str(number), axes.get_xlabel(), axes.get_ylabel())
        table.writerows((*head, *row) for row in _rows(axes))
    return text.getvalue()


def _rows(axes: "Axes") -> Iterator[Row]:
    for line in axes.lines:
        if line.get_transform() == axes.transData:  # not those that span the panel
            yield from _points("line", line, np.asarray(line.get_xydata()))
    for drawn in axes.collections:
        yield from _of_collection(drawn)
    for bar in (patch for group in axes.containers for patch in getattr(group, "patches", ())):
        middle = bar.get_x() + bar.get_width() / 2
        yield "bar", _label(bar), middle, bar.get_y() + bar.get_height(), ""
    for image in axes.images:
        values = np.ma.filled(np.ma.asarray(image.get_array(), float), np.nan)
        left, right, bottom, top = image.get_extent()
        rows, columns = values.shape[:2]
        x = left + (np.arange(columns) + 0.5) * (right - left) / columns
        first, last = (bottom, top) if image.origin == "lower" else (top, bottom)
        y = first + (np.arange(rows) + 0.5) * (last - first) / rows
        if values.ndim == 2:  # not a picture
            for i, j in np.ndindex(rows, columns):
                yield "pixel", _label(image), float(x[j]), float(y[i]), float(values[i, j])


def _of_collection(drawn: Any) -> Iterator[Row]:
    from matplotlib.collections import LineCollection, PathCollection, PolyCollection

    if isinstance(drawn, PathCollection):
        yield from _points("point", drawn, np.ma.filled(drawn.get_offsets(), np.nan))
    elif isinstance(drawn, LineCollection):
        for segment in drawn.get_segments():
            yield from _points("segment", drawn, np.asarray(segment))
    elif isinstance(drawn, PolyCollection):
        for path in drawn.get_paths():
            yield from _points("band", drawn, path.vertices)


def _points(kind: str, artist: Any, points: np.ndarray) -> Iterator[Row]:
    """Rows of points, shape (n, 2)."""
    for x, y in points.tolist():
        yield kind, _label(artist), x, y, ""


def _label(artist: Any) -> str:
    """What the legend calls it; matplotlib begins names of its own with an underscore."""
    label = str(artist.get_label())
    return "" if label.startswith("_") else label
