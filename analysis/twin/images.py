"""Streams of images: names of their pixels, and the places that features of a convolution have.

    Stream.images("movie", frames)                  # of (bins, height, width), or with channels
    image_shape(session.layout)                     # (height, width, channels); None if it is no image
    FeatureGrid.of(image_shape(session.layout), kernel=11).places       # (parts, 2)

A column is a pixel, named by its row, column and channel. So the layout of a session has the shape of its
images, and so have the files of a twin.
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from rodent.errors import InputError

Shape = tuple[int, int, int]
"""Height, width and channels of an image, pixels."""


def pixel_names(shape: Shape) -> tuple[str, ...]:
    """Names of the columns of an image, rows first.

    >>> pixel_names((1, 2, 1))
    ('0_0_0', '0_1_0')
    """
    return tuple("_".join(map(str, index)) for index in itertools.product(*map(range, shape)))


def image_shape(layout: Sequence[tuple[str, str, str]]) -> Shape | None:
    """The shape of the images of the one stream of a layout; None if it is another kind of stream."""
    names = tuple(column for _, column, _ in layout)
    last = names[-1].split("_") if names else []
    if len({stream for stream, *_ in layout}) > 1 or len(last) != 3 or not all(map(str.isdecimal, last)):
        return None
    height, width, channels = (int(index) + 1 for index in last)
    if height * width * channels != len(names):
        return None
    shape = (height, width, channels)
    return shape if names == pixel_names(shape) else None


def size_text(shape: Shape) -> str:
    """The size of an image in words.

    >>> size_text((24, 32, 1)), size_text((24, 32, 3))
    ('24 x 32 pixels', '24 x 32 pixels and 3 channels')
    """
    height, width, channels = shape
    return f"{height} x {width} pixels" + (f" and {channels} channels" if channels > 1 else "")


@dataclasses.dataclass(frozen=True)
class FeatureGrid:
    """Where the features of a convolution without padding are in the image.

    Attributes:
        image: shape of the image.
        kernel: width and height of what a feature sees, pixels.
    """

    image: Shape
    kernel: int

    @classmethod
    def of(cls, layout: Sequence[tuple[str, str, str]], kernel: int) -> "FeatureGrid":
        """Of the images of a layout.

        Raises:
            InputError: there are no images, or they are smaller than the kernel.
        """
        shape = image_shape(layout)
        if shape is None:
            names = ", ".join(dict.fromkeys(stream for stream, *_ in layout))
            raise InputError(
                f"the core convolution sees one stream of images, and the streams are {names}; take another "
                "--core, or give images as `Stream.images`"
            )
        if min(shape[:2]) < kernel:
            raise InputError(
                f"images of {size_text(shape)} are smaller than the kernel of {kernel} pixels; lower --kernel"
            )
        return cls(shape, kernel)

    @property
    def names(self) -> tuple[str, ...]:
        """Row and column of the pixel in the middle of each feature."""
        rows, columns = self._middles
        return tuple(f"{y:g}_{x:g}" for y, x in itertools.product(rows.tolist(), columns.tolist()))

    @property
    def pixels(self) -> tuple[tuple[int, ...], ...]:
        """Columns that each feature sees, alike in order at all positions."""
        columns = np.arange(np.prod(self.image)).reshape(self.image)
        seen = np.lib.stride_tricks.sliding_window_view(columns, (self.kernel, self.kernel), axis=(0, 1))
        return tuple(map(tuple, seen.reshape(len(self.names), -1).tolist()))

    @property
    def places(self) -> np.ndarray:
        """Positions, shape (parts, 2): x to the right and y down from the middle, in units of `unit`."""
        height, width, _ = self.image
        rows, columns = self._middles
        y, x = np.meshgrid(rows - (height - 1) / 2, columns - (width - 1) / 2, indexing="ij")
        return np.column_stack([x.ravel(), y.ravel()]) / self.unit

    @property
    def unit(self) -> float:
        """A quarter of the kernel, pixels: about the standard deviation of what a feature weighs."""
        return self.kernel / 4

    @property
    def _middles(self) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = (np.arange(size - self.kernel + 1) + (self.kernel - 1) / 2 for size in self.image[:2])
        return rows, columns
