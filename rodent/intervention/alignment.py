"""Maps from the activity of one network to that of another, fitted where both do the same.

there = alignment("procrustes", x, y)               # (frames, p), (frames, q)
x @ there.matrix + there.shift                      # as y
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from rodent.errors import InputError, unknown

Align = Literal["none", "procrustes", "regression"]


class Alignment(NamedTuple):
    """An affine map.

    Attributes:
        matrix: shape (p, q).
        shift: shape (q,).
    """

    matrix: np.ndarray
    shift: np.ndarray


class AlignmentKey(NamedTuple):
    """What a map between a receiver and a donor maps.

    Attributes:
        site: of the activity.
        kind: of the map.
        to_donor: whether it maps the receiver's activity to the donor's; else the reverse.
    """

    site: str
    kind: Align
    to_donor: bool


class Alignments:
    """The maps between a policy that receives modules and a donor of them.

    Args:
        activity: of receiver and donor in the same frames, by site, each (frames, units).
        maps: that are known; they need no activity.

    Attributes:
        maps: those that were given, and those that were fitted so far.
    """

    def __init__(
        self,
        activity: Mapping[str, tuple[np.ndarray, np.ndarray]] = MappingProxyType({}),
        maps: Mapping[AlignmentKey, Alignment] = MappingProxyType({}),
    ):
        self._activity, self.maps = activity, dict(maps)

    def __getitem__(self, key: AlignmentKey) -> Alignment:
        """A map, which is fitted once.

        Raises:
            InputError: there is no activity of the site in both policies, or in too few frames.
        """
        if key not in self.maps:
            if key.site not in self._activity:
                raise unknown("site", key.site, self._activity, "the intact rollouts of both policies")
            own, theirs = self._activity[key.site]
            x, y = (own, theirs) if key.to_donor else (theirs, own)
            self.maps[key] = alignment(key.kind, x, y)
        return self.maps[key]


def unaligned(units: int) -> Alignment:
    """The map that changes nothing."""
    return Alignment(np.eye(units), np.zeros(units))


def alignment(kind: Align, x: np.ndarray, y: np.ndarray) -> Alignment:
    """The map from the activity of one network to that of another.

    `procrustes` is a rotation or reflection and a shift: the orthogonal Procrustes problem (Schönemann,
    Psychometrika 31, 1-10, 1966), whose matrix has orthonormal rows or columns where the numbers of units
    differ. It keeps distances, so it needs few frames. `regression` is a linear regression with intercept,
    the best affine map, of the smallest norm.

    Args:
        kind: of the map.
        x, y: activity in the same frames, shapes (frames, p) and (frames, q).

    Raises:
        InputError: there are too few frames.
    """
    if kind == "none":
        return unaligned(x.shape[1])
    least = 2 if kind == "procrustes" else x.shape[1] + 1
    if len(x) < least:
        raise InputError(
            f"align {kind} of {x.shape[1]} units needs {least} frames at least, in which both policies track "
            f"the clips; there are {len(x)}"
        )
    mean_x, mean_y = x.mean(0), y.mean(0)
    if kind == "procrustes":
        u, _, vt = np.linalg.svd((x - mean_x).T @ (y - mean_y), full_matrices=False)
        matrix = u @ vt
    else:
        matrix = np.linalg.lstsq(x - mean_x, y - mean_y)[0]
    return Alignment(matrix, mean_y - mean_x @ matrix)
