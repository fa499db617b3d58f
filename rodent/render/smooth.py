"""Smooth edges of a rendered image, by fast approximate anti-aliasing (FXAA).

An edge that is nearly along rows or columns is drawn as stairs. Each pixel beside a stair is blended with the
pixel across the edge, the more the closer the stair's end is. Four samples per pixel look the same and take
longer than all the rest of a frame.

Source: Lottes, FXAA, NVIDIA, 2009, as in its version 3.11.
"""

import numpy as np

_CONTRAST = 6  # an edge has more than this part of the brightness of the pixel and its neighbours: one sixth
_LEAST = 10  # contrast of an edge, of 255
_SEARCH = (1, 1, 1, 1, 1, 2, 2, 2, 4, 8)  # pixels from step to step along an edge
_MARGIN = sum(_SEARCH) + 1
_SPECK = 0.75  # how much of a pixel that stands out from all its neighbours is blended


def smooth_edges(image: np.ndarray) -> None:
    """Smooth the edges of an image, uint8 of shape (height, width, 3), in place.

    Edges are found in green, which contributes most to what the eye sees as brightness.
    """
    row, column = _edges(np.ascontiguousarray(image[..., 1]))
    # a search along an edge may leave the image
    around = np.pad(image[..., 1], _MARGIN, mode="edge")
    light, width = around.ravel().astype(np.float32), around.shape[1]
    pixel = (row + _MARGIN) * width + column + _MARGIN
    here = light[pixel]
    south, north, west, east = (light[pixel + step] for step in (-width, width, -1, 1))
    corners = [light[pixel + up + right] for up in (-width, width) for right in (-1, 1)]
    southwest, southeast, northwest, northeast = corners
    level = (
        abs(northwest + southwest - 2 * west)
        + 2 * abs(north + south - 2 * here)
        + abs(northeast + southeast - 2 * east)
    ) >= (
        abs(northwest + northeast - 2 * north)
        + 2 * abs(west + east - 2 * here)
        + abs(southwest + southeast - 2 * south)
    )
    along = np.where(level, 1, width)
    before, after = np.where(level, south, west), np.where(level, north, east)
    back = abs(before - here) >= abs(after - here)
    across = np.where(level, width, 1) * np.where(back, -1, 1)
    other = np.where(back, before, after)
    blend = _stair(light, pixel, along, across, (here + other) / 2, abs(other - here) / 4)
    mean = (2 * (south + north + west + east) + sum(corners)) / 12
    span = np.ptp([here, south, north, west, east], axis=0)
    speck = np.minimum(abs(mean - here) / span, 1)
    speck = speck * speck * (3 - 2 * speck)
    blend = np.maximum(blend, _SPECK * speck * speck)
    sign = np.where(back, -1, 1)
    other = image[row + sign * level, column + sign * ~level]
    own = image[row, column].astype(np.float32)
    image[row, column] = own + blend[:, None] * (other - own) + 0.5


def _edges(green: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows and columns of the pixels beside an edge; none of the border."""
    here = green[1:-1, 1:-1]
    around = (green[:-2, 1:-1], green[2:, 1:-1], green[1:-1, :-2], green[1:-1, 2:])
    high, low = here, here
    for neighbour in around:
        high, low = np.maximum(high, neighbour), np.minimum(low, neighbour)
    edge = np.zeros(green.shape, bool)
    edge[1:-1, 1:-1] = high - low > np.maximum(high // _CONTRAST, _LEAST)
    return np.nonzero(edge)


def _stair(
    light: np.ndarray,
    pixel: np.ndarray,
    along: np.ndarray,
    across: np.ndarray,
    mean: np.ndarray,
    gradient: np.ndarray,
) -> np.ndarray:
    """How much of the pixel across the edge to blend in, 0 to 1/2, shape (n,).

    Args:
        light: brightness of all pixels and a margin, raveled.
        pixel: indices, shape (n,).
        along: steps in `light` along the edge, shape (n,).
        across: to the pixel across the edge, shape (n,).
        mean: brightness of both, shape (n,).
        gradient: change of their mean that ends a stair, shape (n,).
    """
    lengths, ends = np.zeros((2, 2, len(pixel)), np.float32)
    for way, turn in enumerate((-along, along)):
        left, place = np.arange(len(pixel)), pixel.copy()
        for step in _SEARCH:
            place[left] += step * turn[left]
            lengths[way, left] += step
            now = place[left]
            pair = light[now] + light[now + across[left]]
            ends[way, left] = change = pair / 2 - mean[left]
            left = left[abs(change) < gradient[left]]
    nearer = (lengths[1] < lengths[0]).astype(int)
    end = np.take_along_axis(ends, nearer[None], axis=0)[0]
    blend = 0.5 - lengths.min(axis=0) / lengths.sum(axis=0)
    # the pixel is beside the end of its stair, not within it
    return np.where((end < 0) != (light[pixel] < mean), blend, 0)
