"""Body parts: to which one a column of a stream belongs, and where it is on the body plan.

    part_of("knee_L")                   # 'hindlimb_L'
    places(("trunk", "hindlimb_L"))     # (parts, 2), units of half a trunk, x ahead and y to the left

Columns are named as those of the bands of a recording: joints, actuators, bodies and contacts of the rat.
What is no part of the rat is a part of its own, by the name of its stream.
"""

from collections.abc import Sequence

import numpy as np

TRUNK = "trunk"
_PLACES = {
    TRUNK: (0.0, 0.0),
    "head": (1.0, 0.0),
    "forelimb_L": (0.6, 0.5),
    "forelimb_R": (0.6, -0.5),
    "hindlimb_L": (-0.6, 0.5),
    "hindlimb_R": (-0.6, -0.5),
    "tail": (-1.2, 0.0),
}
_ASIDE = 2.0  # where what is no part of the rat lies, beyond all its parts
_NAMES = (
    ("tail", ("vertebra_C", "caudal", "tail")),
    ("head", ("vertebra_cervical", "vertebra_axis", "vertebra_atlant", "atlas", "mandible", "cervical")),
    ("head", ("skull", "jaw", "neck", "head")),
    ("forelimb", ("scapula", "shoulder", "elbow", "wrist", "finger", "hand", "upper_arm", "lower_arm")),
    ("forelimb", ("palm",)),
    ("hindlimb", ("hip", "knee", "ankle", "toe", "foot", "upper_leg", "lower_leg", "sole")),
    (TRUNK, ("root", "vertebra", "lumbar", "pelvis", "torso", "speed")),
)


def part_of(column: str, stream: str) -> str:
    """The body part of a column.

    Args:
        column: its name.
        stream: whose column it is; the part's name if the column names none.

    >>> [part_of(name, "joints") for name in ("knee_L", "vertebra_C21_bend", "vertebra_cervical_5_extend")]
    ['hindlimb_L', 'tail', 'head']
    """
    for part, beginnings in _NAMES:
        if column.startswith(beginnings):
            if not part.endswith("limb"):
                return part
            return f"{part}_R" if "_R" in column else f"{part}_L"
    return stream


def places(parts: Sequence[str]) -> np.ndarray:
    """Positions on the body plan, shape (parts, 2); parts that are not of the rat stand in a row ahead."""
    others = [part for part in parts if part not in _PLACES]
    aside = {part: (_ASIDE + i, 0.0) for i, part in enumerate(others)}
    return np.array([_PLACES.get(part) or aside[part] for part in parts])
