"""Tracked points of a rat's body, frame by frame.

keypoints = Keypoints(points, ("Snout", "TailBase"), fps=50.0)
keypoints.missing.mean(axis=0)          # of each keypoint, the fraction of frames without it
keypoints.select(slice(0, 500)).subset(["Snout"])
"""

import dataclasses
import shlex
from collections.abc import Iterable

import numpy as np

from rodent.errors import InputError, unknown
from rodent.keypoints.axes import axes_matrix

# metres; a triangulation that fails may put a point far away, but only damage puts it farther than this
MAX_DISTANCE = 1e9


@dataclasses.dataclass(frozen=True, eq=False)
class Keypoints:
    """One recording of tracked points.

    Raises:
        InputError: shapes that do not belong together, names that are not unique, no positive
            frame rate, fewer than 2 frames, a number that is no position, or a keypoint without
            any; the message names keypoint and frame.
    """

    points: np.ndarray
    """Positions in metres, shape (frames, K, 3); a point without one of its numbers is missing and
    all NaN."""
    names: tuple[str, ...]
    """Names of the K keypoints."""
    fps: float
    """Frames per second."""
    confidence: np.ndarray | None = None
    """The tracker's confidence in each point, usually 0 to 1; shape (frames, K)."""
    source: str = ""
    """The file they come from."""
    notes: tuple[str, ...] = ()
    """Changes of the data on reading that a user should know of."""

    def __post_init__(self) -> None:
        points = np.asarray(self.points, np.float64)
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "fps", float(self.fps))
        if self.confidence is not None:
            object.__setattr__(self, "confidence", np.asarray(self.confidence, np.float64))
        _check_names(self.names)
        _check_shapes(points, self.names, self.confidence)
        if not 0 < self.fps < np.inf:
            raise InputError(f"fps is {self.fps:g}; a positive number is expected")
        _check_positions(points, self.names)
        missing = np.isnan(points.sum(axis=-1))  # a sum is NaN if one of its numbers is
        object.__setattr__(self, "points", np.where(missing[..., None], np.nan, points))
        _check_presence(missing, self.names)

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.points)

    @property
    def missing(self) -> np.ndarray:
        """Where there is no position, shape (frames, K), bool."""
        return np.isnan(self.points[..., 0])

    def subset(self, names: Iterable[str]) -> "Keypoints":
        """The named keypoints, in the order of the names.

        Raises:
            InputError: there is none of this name, or a name is given twice.
        """
        names = tuple(names)
        for name in names:
            if name not in self.names:
                raise unknown("keypoint", name, self.names, self.source)
        columns = [self.names.index(name) for name in names]
        confidence = None if self.confidence is None else self.confidence[:, columns]
        return dataclasses.replace(self, points=self.points[:, columns], names=names, confidence=confidence)

    def along(self, axes: str) -> "Keypoints":
        """The keypoints along other axes: `along("x,-z,y")` has -z for y and y for z.

        Raises:
            InputError: these are not three axes.
        """
        return dataclasses.replace(self, points=self.points @ axes_matrix(axes).T)

    def select(self, frames: slice) -> "Keypoints":
        """A range of consecutive frames.

        Raises:
            InputError: frames are left out between, fewer than 2 are left, or one of the
                keypoints is missing in all of them.
        """
        if frames.step not in (None, 1):
            raise InputError(f"frames are selected in steps of {frames.step}; select consecutive frames")
        confidence = None if self.confidence is None else self.confidence[frames]
        return dataclasses.replace(self, points=self.points[frames], confidence=confidence)

    def confident(self, minimum: float) -> "Keypoints":
        """The keypoints without the points of a confidence below the minimum, or of an unknown one.

        Args:
            minimum: in the measure of the confidence; 0 keeps all.

        Raises:
            InputError: there are no confidences, or they are all too low for one of the keypoints.
        """
        if not minimum >= 0:
            raise InputError(f"min_confidence is {minimum:g}; it must be a number of zero or more")
        if minimum == 0:
            return self
        if self.confidence is None:
            raise InputError(
                f"a confidence of at least {minimum:g} is asked for, but the keypoints have none; "
                "leave out --min-confidence"
            )
        trusted = (self.confidence >= minimum) & ~self.missing
        if not trusted.any(axis=0).all():
            name = self.names[int(trusted.any(axis=0).argmin())]
            raise InputError(
                f"keypoint {name!r} has a confidence of at least {minimum:g} in none of {self.n_frames} "
                "frames; lower --min-confidence"
            )
        return dataclasses.replace(self, points=np.where(trusted[..., None], self.points, np.nan))


def _check_names(names: tuple[str, ...]) -> None:
    for i, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise InputError(f"keypoint {i} is named {name!r}; a name of letters is expected")
        if name in names[:i]:
            raise InputError(
                f"keypoints {names.index(name)} and {i} are both named {name!r}; each needs its own"
            )


def _check_shapes(points: np.ndarray, names: tuple[str, ...], confidence: np.ndarray | None) -> None:
    expected = (len(points) if points.ndim else 0, len(names), 3)
    if points.shape != expected or not names:
        raise InputError(
            f"keypoints have shape {points.shape}; (frames, {len(names)}, 3) is expected for {len(names)} "
            "names"
        )
    if len(points) < 2:
        raise InputError(f"there are {len(points)} frames; at least 2 are needed")
    if confidence is not None and confidence.shape != expected[:2]:
        raise InputError(f"confidence has shape {confidence.shape}; {expected[:2]} is expected")


def _check_positions(points: np.ndarray, names: tuple[str, ...]) -> None:
    """Finite or NaN, and not beyond all reason."""
    wrong = np.abs(points) > MAX_DISTANCE
    if wrong.any():
        frame, keypoint, axis = np.argwhere(wrong)[0]
        raise InputError(
            f"keypoint {names[keypoint]!r} frame {frame}: {'xyz'[axis]} is "
            f"{points[frame, keypoint, axis]:g} m; mark a missing point with NaN"
        )


def _check_presence(missing: np.ndarray, names: tuple[str, ...]) -> None:
    absent = np.flatnonzero(missing.all(axis=0))
    if len(absent) == len(names):
        raise InputError(f"all keypoints are missing in all {len(missing)} frames")
    if len(absent):
        raise InputError(
            f"keypoint {names[absent[0]]!r} is missing in all {len(missing)} frames; leave it out: "
            f"--ignore {shlex.quote(names[absent[0]])}"
        )
