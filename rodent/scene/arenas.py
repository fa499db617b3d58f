"""Arenas, as editable specifications whose ground surface is at height 0."""

import mujoco
import numpy as np

from rodent.assets import asset_path

_DEPTH, _WIDTH = 0.5, 2.0  # metres: of a gap, and of the track to either side


def floor() -> mujoco.MjSpec:
    """An infinite flat floor, from assets/arenas/floor.xml."""
    return mujoco.MjSpec.from_file(str(asset_path("arenas", "floor.xml")))


def gaps(seed: int, count: int, width: tuple[float, float], length: tuple[float, float]) -> mujoco.MjSpec:
    """A random straight track along x with gaps to jump; it starts behind the body.

    Args:
        seed: of the random widths and lengths.
        count: number of gaps.
        width: smallest and largest width of a gap, metres.
        length: smallest and largest length of a platform, metres.
    """
    spec = floor()
    random = np.random.default_rng(seed)
    plane = spec.geom("floor")
    like = {"material": plane.material, "friction": plane.friction, "condim": plane.condim}
    spec.delete(plane)
    begin = -length[1]
    for _ in range(count + 1):
        end = begin + random.uniform(*length) + (length[1] if begin < 0 else 0.0)
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=[(begin + end) / 2, 0, -_DEPTH / 2],
            size=[(end - begin) / 2, _WIDTH / 2, _DEPTH / 2],
            contype=1,
            conaffinity=0,
            **like,
        )
        begin = end + random.uniform(*width)
    return spec
