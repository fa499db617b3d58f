"""Arenas, as editable specifications whose ground surface is at height 0."""

from typing import Any

import mujoco
import numpy as np
from scipy.ndimage import zoom

from rodent.assets import asset_path

_DEPTH, _WIDTH = 0.5, 2.0  # metres: depth of a gap, width of the track
_CELL, _BUMP = 0.04, 0.2  # metres: between points of a height field, and between bumps
_RIM = 1.5  # side of the ground with a bowl, in diameters of the bowl


def floor() -> mujoco.MjSpec:
    """An infinite flat floor, from assets/arenas/floor.xml."""
    return mujoco.MjSpec.from_file(str(asset_path("arenas", "floor.xml")))


def gaps(seed: int, count: int, width: tuple[float, float], length: tuple[float, float]) -> mujoco.MjSpec:
    """A random straight track along x with gaps to cross, see `platforms`."""
    spec = floor()
    plane = spec.geom("floor")
    like = ground_like(plane)
    spec.delete(plane)
    for begin, end in platforms(seed, count, width, length):
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=[(begin + end) / 2, 0, -_DEPTH / 2],
            size=[(end - begin) / 2, _WIDTH / 2, _DEPTH / 2],
            **like,
        )
    return spec


def platforms(seed: int, count: int, width: tuple[float, float], length: tuple[float, float]) -> np.ndarray:
    """Where the platforms of a track begin and end, m, shape (count + 1, 2); the first is behind the origin.

    Args:
        seed: of the random widths and lengths.
        count: number of gaps.
        width: smallest and largest width of a gap, metres.
        length: smallest and largest length of a platform, metres.
    """
    random = np.random.default_rng(seed)
    found, begin = [], -length[1]
    for _ in range(count + 1):
        end = begin + random.uniform(*length) + (length[1] if begin < 0 else 0.0)
        found.append((begin, end))
        begin = end + random.uniform(*width)
    return np.array(found)


def bowl(radius: float, depth: float, roughness: float, seed: int) -> mujoco.MjSpec:
    """A round bowl with bumps, in the middle of level ground; a height field.

    The ground rises from the middle to the rim by half a wave of a cosine, times random bumps, as in
    dm_control's escape task (Tassa et al., Software Impacts, 2020). The middle is at height 0.

    Args:
        radius: of the rim, metres.
        depth: of the middle below the rim, without bumps, metres.
        roughness: heights are multiplied by random numbers between 1 - roughness and 1, one every 0.2 m, with
            a smooth surface through them.
        seed: of these numbers.
    """
    spec = floor()
    plane = spec.geom("floor")
    like = ground_like(plane)
    spec.delete(plane)
    half = _RIM * radius
    points = 2 * round(half / _CELL) + 1
    axis = np.linspace(-half, half, points)
    away = np.minimum(np.hypot(axis[:, None], axis[None]) / radius, 1.0)
    coarse = max(2, round(2 * half / _BUMP))
    bumps = np.random.default_rng(seed).uniform(1 - roughness, 1, (coarse, coarse))
    heights = depth * (1 - np.cos(np.pi * away)) / 2 * np.clip(zoom(bumps, points / coarse), 0, 1)
    heights -= heights.min()
    # MuJoCo scales the given data to [0, 1]
    size = [half, half, float(heights.max()), _CELL]
    spec.add_hfield(name="bowl", nrow=points, ncol=points, size=size, userdata=heights.ravel())
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_HFIELD, hfieldname="bowl", **like)
    return spec


def ground_like(plane: mujoco.MjsGeom) -> dict[str, Any]:
    """What the ground of an arena has in common with the floor."""
    surface = {"material": plane.material, "friction": plane.friction, "condim": plane.condim}
    return {**surface, "contype": 1, "conaffinity": 0}
