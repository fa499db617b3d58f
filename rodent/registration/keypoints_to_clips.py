"""From a file of keypoints to clips, in one call.

found = register("keypoints.npz", "rat23", reading=KeypointOptions(units="mm"))
found                       # errors of every keypoint, as a table in a notebook
found.clips                 # a clip set, for `rodent.rollout` and others
found.write("clips.h5")
"""

import dataclasses
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.body_config import BodyConfig
from rodent.clips import ClipSet, prefixed, write_clips
from rodent.errors import InputError
from rodent.keypoints import Keypoints, clean, read_keypoints
from rodent.keypoints.axes import axes_matrix
from rodent.progress import progress
from rodent.reading_config import KeypointOptions
from rodent.registration.axes import AxesError
from rodent.registration.clipping import ClipOptions, registered_clips
from rodent.registration.fit import Registration
from rodent.registration.ground import PawContacts
from rodent.registration.markers import MarkerSet, read_markers
from rodent.registration.registered import Registered
from rodent.registration.summary import paws_of, results
from rodent.registration.trust import StandingPaw, standing_paws, warnings_of
from rodent.results import Result, columns_of, new_axes, require_package
from rodent.scene import make_scene

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class RegisteredClips(Result):
    """Clips that were fitted to keypoints, and how well they fit.

    Attributes:
        clips: the motion, of a body of the fitted scale.
        registration: the fitted estimator.
        registered: poses and errors of all frames.
        contacts: of the paws, in all frames of the clips.
        standing: how each paw stands.
        summary: figures by name, as `rodent register --json` prints them.
    """

    clips: ClipSet
    registration: Registration
    registered: Registered
    contacts: PawContacts
    standing: tuple[StandingPaw, ...]
    summary: Mapping[str, Any]

    @property
    def warnings(self) -> list[str]:
        """What is wrong with the result; empty if nothing is."""
        return self.summary["warnings"]

    def __repr__(self) -> str:
        warned = f", {len(self.warnings)} warnings" if self.warnings else ""
        return (
            f"RegisteredClips({len(self.clips)} clips, {self.clips.total_frames:,} frames, scale "
            f"{self.registration.scale_:.3f}: keypoints {self.summary['mean_error_mm']:.1f} mm off{warned})"
        )

    def columns(self) -> dict[str, list[Any]]:
        """Errors of every keypoint, millimetres."""
        return columns_of(self.summary["keypoints"])

    def to_xarray(self) -> "xarray.Dataset":
        """Keypoints as measured and as fitted, and errors, metres, by time, keypoint and axis.

        Raises:
            InputError: xarray is missing.
        """
        xarray, found = require_package("xarray"), self.registered
        placed, metres = ("time", "keypoint", "axis"), {"units": "m"}
        return xarray.Dataset(
            {
                "measured": (placed, found.points, metres),
                "fitted": (placed, found.positions, metres),
                "error": (placed[:2], found.error, metres),
            },
            {
                "time": np.arange(len(found.error)) / found.fps,
                "keypoint": list(found.names),
                "axis": list("xyz"),
            },
        )

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the mean error of every keypoint, with that of 95 % of the frames."""
        axes, rows = new_axes(axes), self.columns()
        axes.barh(rows["name"], rows["p95_error_mm"], color="#D5DAE3", label="95 % of the frames")
        axes.barh(rows["name"], rows["mean_error_mm"], color="#0072B2", height=0.5, label="mean")
        axes.invert_yaxis()
        axes.set(xlabel="distance of the keypoint from its place on the body, mm")
        axes.legend(frameon=False, fontsize="small")
        return axes

    def write(self, path: Path | str) -> None:
        """Write the clips to a clip file.

        Raises:
            InputError: the folder cannot be written.
        """
        write_clips(self.clips, Path(path))


def register(
    keypoints: Keypoints | Path | str,
    markers: MarkerSet | Path | str = "rat23",
    *,
    body: BodyConfig | None = None,
    scale: float | None = None,
    reading: KeypointOptions | None = None,
    clipping: ClipOptions | None = None,
    prefix: str = "",
) -> RegisteredClips:
    """Fit the rat's body to tracked keypoints, and make clips of its motion.

    Args:
        keypoints: a file, or keypoints that were read.
        markers: positions of the keypoints on the body: a marker set, its file, or the name of a built-in
            one.
        body: which animal; None for the rat. `MouseConfig()` is a mouse.
        scale: size of the body relative to dm_control's rat; None to fit it.
        reading: how the file is read.
        clipping: how the recording becomes clips.
        prefix: of the names of the clips.

    Raises:
        InputError: the file is wrong, its keypoints are not those of the marker set, or the body does not
            fit.
    """
    reading, clipping = reading or KeypointOptions(), clipping or ClipOptions()
    known = markers if isinstance(markers, MarkerSet) else read_markers(Path(markers))
    where = keypoints.source if isinstance(keypoints, Keypoints) else keypoints
    if not isinstance(keypoints, Keypoints):
        unnamed = reading.unnamed or known.names
        keypoints = read_keypoints(Path(keypoints), dataclasses.replace(reading, unnamed=unnamed))
    chosen = known.without(reading.ignore)
    registration = Registration(chosen, scale, body=body)
    _require_markers(keypoints, chosen, where, reading.ignore)
    cleaned, cleaning = clean(keypoints)
    found, speed = _fitted(registration, cleaned, reading.axes)
    scene = make_scene(registration.body_)
    clips = prefixed(registered_clips(found, scene, clipping), prefix)
    contacts, standing = paws_of(clips, scene), standing_paws(found, scene)
    summary = {
        "warnings": warnings_of(registration, standing),
        **results(registration, found, cleaning, clips, contacts, standing),
        "frames_per_second": speed,
        "left_out": list(reading.ignore),
        "notes": list(cleaned.notes),
    }
    return RegisteredClips(clips, registration, found, contacts, standing, summary)


def _require_markers(
    keypoints: Keypoints, markers: MarkerSet, where: Path | str, ignored: Sequence[str]
) -> None:
    """Raise InputError unless keypoints and markers have the same names."""
    missing = [name for name in markers.names if name not in keypoints.names]
    if missing:
        leave = shlex.join([*ignored, *missing])
        raise InputError(
            f"{where} has no keypoint {missing[0]!r}, which the marker set has; it has: "
            f"{', '.join(keypoints.names)}; leave it out of the set (--ignore {leave}), take another set "
            "(--markers), or name them as it does (--names)"
        )
    extra = [name for name in keypoints.names if name not in markers.names]
    if extra:
        leave = shlex.join([*ignored, *extra])
        raise InputError(
            f"{where} has a keypoint {extra[0]!r}, which the marker set does not have; ignore it "
            f"(--ignore {leave}), use another set (--markers), or rename the keypoints (--names)"
        )


def _fitted(registration: Registration, keypoints: Keypoints, axes: str) -> tuple[Registered, float]:
    """Poses of all frames, and the speed of the pose fit in frames per second."""
    try:
        with progress("fitting offsets", None, "rounds") as advance:
            registration.fit(keypoints, advance)
    except AxesError as error:
        raise error.after(axes_matrix(axes)) from error
    began = time.monotonic()
    with progress("fitting poses", 2 * keypoints.n_frames, "frames") as advance:
        found = registration.transform(keypoints, advance)
    return found, keypoints.n_frames / (time.monotonic() - began)
