"""Video files: MP4 (H.264), GIF, or a sheet of frames; and captions.

Videos are encoded with PyAV and not with imageio, which can set neither the quality nor the colours of an
MP4, and keeps all frames of a GIF in memory.
"""

import contextlib
import errno
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rodent.errors import InputError, WorkError

Write = Callable[[np.ndarray], None]
SUFFIXES = (".mp4", ".gif", ".png")


@contextlib.contextmanager
def open_video(path: Path, fps: float, size: tuple[int, int]) -> Iterator[Write]:
    """Yield a function that takes the next frame, uint8 of shape (height, width, 3).

    Args:
        path: ends in .mp4 or .gif; the frames go there one by one.
        fps: frames per second.
        size: width and height, even numbers for .mp4.

    Raises:
        WorkError: the encoder failed.
    """
    import av

    rate = Fraction(fps).limit_denominator(1000)
    try:
        # the index is at the start of the file, so that a browser can play it while it loads
        options = {"movflags": "faststart"} if path.suffix == ".mp4" else {}
        with av.open(str(path), "w", options=options) as container:
            yield from (_mp4 if path.suffix == ".mp4" else _gif)(container, rate, size)
    except av.FFmpegError as error:
        # error numbers of the operating system are in errno; those of FFmpeg are far larger
        if error.errno in errno.errorcode:
            raise OSError(error.errno, error.strerror) from error
        raise WorkError(f"could not encode {path.suffix}: {error}") from error


def _mp4(container: Any, rate: Fraction, size: tuple[int, int]) -> Iterator[Write]:
    import av
    from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

    stream = container.add_stream("libx264", rate=rate, options={"crf": "20", "preset": "veryfast"})
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    # state the colour space, or a video player guesses it from the size
    context = stream.codec_context
    context.thread_count = 1  # more would take processor time from the rendering
    context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709

    def write(image: np.ndarray) -> None:
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
        container.mux(stream.encode(frame))

    yield write
    container.mux(stream.encode())


def _gif(container: Any, rate: Fraction, size: tuple[int, int]) -> Iterator[Write]:
    import av
    import av.filter

    stream = container.add_stream("gif", rate=rate)
    stream.width, stream.height = size
    stream.pix_fmt = "pal8"
    # every frame gets its own 256 colours
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=size[0], height=size[1], format=av.VideoFormat("rgb24"), time_base=1 / rate
    )
    split = graph.add("split")
    palette = graph.add("palettegen", "stats_mode=single")
    use = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=4")
    sink = graph.add("buffersink")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    count = 0

    def drain() -> None:
        while True:
            try:
                frame = graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            container.mux(stream.encode(frame))

    def write(image: np.ndarray) -> None:
        nonlocal count
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = count, 1 / rate
        count += 1
        graph.push(frame)
        drain()

    yield write
    graph.push(None)
    drain()
    container.mux(stream.encode())


def save_sheet(path: Path, images: Sequence[np.ndarray], columns: int = 3) -> None:
    """Arrange images of one size in rows and save them as one image.

    Args:
        path: ends in .png.
        images: uint8, each of shape (height, width, 3).
        columns: number of images in a row.
    """
    height, width = images[0].shape[:2]
    columns = min(columns, len(images))
    sheet = np.full((height * math.ceil(len(images) / columns), width * columns, 3), 255, np.uint8)
    for i, image in enumerate(images):
        row, column = divmod(i, columns)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = image
    imageio.imwrite(path, sheet)


_INK, _HALO = (40, 40, 48), (238, 240, 244)


def letter_size(size: tuple[int, int]) -> int:
    """Size of letters on an image of a width and height, pixels."""
    return max(8, size[1] // 26)


def draw_text(picture: Image.Image, position: tuple[float, float], text: str, size: int, anchor: str) -> None:
    """Write a line on a picture, readable on any ground; the anchor is Pillow's."""
    ImageDraw.Draw(picture).text(
        position,
        text,
        fill=_INK,
        font=ImageFont.load_default(size),
        anchor=anchor,
        stroke_width=max(1, size // 9),
        stroke_fill=_HALO,
    )


class Caption:
    """Writes a line into the lower left corner of images of one size."""

    def __init__(self, size: tuple[int, int]):
        self._size = letter_size(size)
        self._rows = min(size[1], 2 * self._size)

    def write(self, image: np.ndarray, text: str) -> np.ndarray:
        """A copy of the image with the text on it."""
        image = image.copy()
        picture = Image.fromarray(image[-self._rows :])
        position = (self._size * 0.6, picture.height - self._size * 0.6)
        draw_text(picture, position, text, self._size, "ls")
        image[-self._rows :] = picture
        return image


def check_target(path: Path, size: tuple[int, int]) -> None:
    """Refuse a file that cannot be written.

    Raises:
        InputError: unknown suffix, or a size that the format or the renderer does not support.
    """
    if path.suffix not in SUFFIXES:
        raise InputError(f"cannot write {path}: its name must end in {', '.join(SUFFIXES)}")
    if not all(16 <= side <= 4096 for side in size):
        raise InputError(f"the size is {size[0]}x{size[1]}; width and height must be in [16, 4096] pixels")
    if path.suffix == ".mp4" and any(side % 2 for side in size):
        raise InputError(f"the size is {size[0]}x{size[1]}; MP4 needs an even width and height")
