"""`rodent register`: tracked keypoints to clips."""

import contextlib
import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tyro

from rodent.errors import InputError

if TYPE_CHECKING:
    from rodent.clips import ClipSet
    from rodent.keypoints import Keypoints
    from rodent.registration import ClipOptions, MarkerSet, Registered, Registration
    from rodent.registration.ground import PawContacts


@dataclasses.dataclass(frozen=True)
class Register:
    """Fit the rat's body to tracked keypoints, and write clips of its motion.

    The fit finds the position of every keypoint on the body, the size of the body and the pose in every
    frame. The residual error is printed per keypoint.

    Example: rodent register keypoints.npz --markers rat23 --units mm --out clips.h5
    """

    keypoints: tyro.conf.Positional[Path]
    """Tracked 3-D keypoints: NWB (ndx-pose), DANNCE .mat, SLEAP, stac-mjx or session HDF5, DeepLabCut or
    anipose CSV, npz."""
    out: Path
    """The clip file to write."""
    markers: Path = Path("rat23")
    """Marker set: positions of the keypoints on the body. Built in: rat20, rat23; or a TOML file."""
    units: Literal["m", "cm", "mm"] | None = None
    """Unit of the coordinates, if the file does not state it."""
    fps: float | None = None
    """Frames per second, if the file does not state it or is wrong."""
    names: tuple[str, ...] = ()
    """Names of the keypoints in the file's order, if it has none or wrong ones. By default a file without
    names is assumed to be in the order of the marker set."""
    ignore: tuple[str, ...] = ()
    """Keypoints to leave out. Keypoints that the marker set does not have must be listed here; badly tracked
    ones can be."""
    axes: str = "x,y,z"
    """The file's axes that become x, y and z of a right-handed frame with z up, each with an optional minus.
    Example: x,-z,y if y points up."""
    min_confidence: float = 0.0
    """Points with a lower confidence count as missing. The scale is that of the file."""
    scale: float | None = None
    """Size of the body relative to dm_control's rat; fitted by default. A policy needs clips of the size that
    it was trained on: 0.9 for the built-in ones."""
    resample: float | None = None
    """Frame rate of the clips, Hz; by default that of the keypoints."""
    seconds: float | None = None
    """Length of a clip. By default a clip ends only at a gap in tracking."""
    subject: str = ""
    """Name of the animal."""
    session: str = ""
    """Name of the recording session. Clips of one session stay together when data are split."""
    licence: str = ""
    """Licence of the motion."""
    save_markers: Path | None = None
    """Write the fitted marker set, for other recordings of the same animal."""
    report: Path | None = None
    """Write an HTML report: errors over time, joint angles, paw contacts, and a video of the keypoints over
    the body."""
    json: bool = False
    """Print the results as one JSON object."""

    def run(self) -> None:
        """Read, fit, write."""
        from rodent.body_config import BodyConfig
        from rodent.cli.output import print_json, print_table, say
        from rodent.keypoints import clean, read_keypoints
        from rodent.registration import Registration, read_markers, registered_clips
        from rodent.registration.summary import paws_of, results
        from rodent.scene import make_scene

        known, options = read_markers(self.markers), self._clip_options()
        markers = known.without(self.ignore)
        registration = Registration(markers, self.scale)
        raw = read_keypoints(
            self.keypoints,
            units=self.units,
            fps=self.fps,
            names=self.names or None,
            unnamed=known.names,
            ignore=self.ignore,
            min_confidence=self.min_confidence,
            axes=self.axes,
        )
        _require_markers(raw, markers, self.keypoints, self.ignore)
        keypoints, cleaning = clean(raw)
        found, speed = _fitted(registration, keypoints, self.axes)
        body = make_scene(BodyConfig(scale=registration.scale_))
        clips = registered_clips(found, body, options)
        contacts = paws_of(clips, body)
        result: dict[str, Any] = {
            **results(registration, found, cleaning, clips, contacts),
            "frames_per_second": speed,
            "left_out": list(self.ignore),
            "out": str(self.out),
        }
        self._write(registration, found, clips, contacts, result)
        if self.json:
            print_json(result)
            return
        columns = ["keypoint", "mean mm", "95 % mm", "seen", "offset moved mm"]
        rows = [
            [k["name"], k["mean_error_mm"], k["p95_error_mm"], f"{k['seen']:.0%}", k["offset_moved_mm"]]
            for k in result["keypoints"]
        ]
        print_table(columns, rows)
        say(
            f"wrote {self.out}: {len(clips)} clips, {clips.total_frames} frames of a body of scale "
            f"{registration.scale_:.3f}; mean error of the keypoints {result['mean_error_mm']:.1f} mm"
        )

    def _clip_options(self) -> "ClipOptions":
        from rodent.registration import ClipOptions

        return ClipOptions(
            seconds=self.seconds,
            resample=self.resample,
            subject=self.subject,
            session=self.session,
            licence=self.licence,
        )

    def _write(
        self,
        registration: "Registration",
        found: "Registered",
        clips: "ClipSet",
        contacts: "PawContacts",
        result: dict[str, Any],
    ) -> None:
        """Write all files or none: each is renamed when all are written."""
        from rodent.clips.file import write_clips
        from rodent.files import atomic_path

        with contextlib.ExitStack() as stack:
            write_clips(clips, stack.enter_context(atomic_path(self.out)))
            if self.save_markers is not None:
                registration.markers_.write(stack.enter_context(atomic_path(self.save_markers)))
            if self.report is not None:
                from rodent.cli.register.page import write_report
                from rodent.registration import clip_frames

                page = stack.enter_context(atomic_path(self.report))
                segments = clip_frames(found, self._clip_options())
                write_report(page, result, registration, found, segments, clips, contacts)


def _require_markers(
    keypoints: "Keypoints", markers: "MarkerSet", path: Path, ignored: Sequence[str]
) -> None:
    """Raise InputError unless keypoints and markers have the same names."""
    missing = [name for name in markers.names if name not in keypoints.names]
    if missing:
        raise InputError(
            f"{path} has no keypoint {missing[0]!r}, which the marker set has; the file has: "
            f"{', '.join(keypoints.names)}; use another set (--markers), or rename the keypoints (--names)"
        )
    extra = [name for name in keypoints.names if name not in markers.names]
    if extra:
        leave = shlex.join([*ignored, *extra])
        raise InputError(
            f"{path} has a keypoint {extra[0]!r}, which the marker set does not have; ignore it "
            f"(--ignore {leave}), use another set (--markers), or rename the keypoints (--names)"
        )


def _fitted(registration: "Registration", keypoints: "Keypoints", axes: str) -> "tuple[Registered, float]":
    """Poses of all frames, and the speed of the pose fit in frames per second."""
    import time

    from rodent.keypoints.axes import axes_matrix
    from rodent.progress import progress
    from rodent.registration.axes import AxesError

    try:
        with progress("fitting offsets", None, "rounds") as advance:
            registration.fit(keypoints, advance)
    except AxesError as error:
        raise error.after(axes_matrix(axes)) from error
    began = time.monotonic()
    with progress("fitting poses", 2 * keypoints.n_frames, "frames") as advance:
        found = registration.transform(keypoints, advance)
    return found, keypoints.n_frames / (time.monotonic() - began)
