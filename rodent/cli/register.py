"""`rodent register`: tracked keypoints to clips."""

import contextlib
import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tyro

from rodent.errors import InputError
from rodent.reading_config import KeypointOptions

if TYPE_CHECKING:
    from rodent.clips import ClipSet
    from rodent.keypoints import Keypoints
    from rodent.registration import ClipOptions, MarkerSet, Registered, Registration
    from rodent.registration.ground import PawContacts


@dataclasses.dataclass(frozen=True)
class Register:
    """Fit the rat's body to tracked keypoints, and write clips of its motion.

    The fit finds the position of every keypoint on the body, the size of the body and the pose in every
    frame. Paws stand on the floor where their keypoints do. The residual error is printed per keypoint, and
    per paw how often it stands. Warnings say what is wrong with the result.

    Example: rodent register keypoints.npz --markers rat23 --units mm --out clips.h5
    """

    keypoints: tyro.conf.Positional[Path]
    """Tracked 3-D keypoints: NWB (ndx-pose), DANNCE or Rat7M .mat, SLEAP, stac-mjx or session HDF5,
    DeepLabCut, anipose or JARVIS CSV, npz, or a format that an installed package adds."""
    out: Path
    """The clip file to write."""
    markers: Path = Path("rat23")
    """Marker set: positions of the keypoints on the body. Built in: rat20, rat23, mouse22, mouse34; or a TOML
    file."""
    body: Literal["rat", "mouse"] = "rat"
    """Animal whose proportions the body has."""
    reading: tyro.conf.OmitArgPrefixes[KeypointOptions] = dataclasses.field(default_factory=KeypointOptions)
    """How the file is read."""
    scale: float | None = None
    """Size of the body relative to dm_control's rat; fitted by default. A policy needs clips of the size that
    it was trained on: 0.9 for the built-in ones."""
    resample: float | None = None
    """Frame rate of the clips, Hz; by default that of the keypoints."""
    seconds: float | None = None
    """Length of a clip. By default a clip ends only at a gap in tracking."""
    name: str = ""
    """Prefix of the clips' names, such as `monday`: clips are then named monday_Walk_0, monday_Rear_1, …, so
    that `rodent clips join` can join those of several recordings."""
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
        from rodent.body_config import BodyConfig, MouseConfig
        from rodent.clips import prefixed
        from rodent.files import require_room_for_files
        from rodent.keypoints import clean, read_keypoints
        from rodent.pages.output import print_json, print_table, say
        from rodent.registration import Registration, read_markers, registered_clips
        from rodent.registration.summary import paws_of, results
        from rodent.registration.trust import standing_paws, warnings_of
        from rodent.scene import make_scene

        require_room_for_files(self.out, self.save_markers, self.report)
        known, options, ignore = read_markers(self.markers), self._clip_options(), self.reading.ignore
        reading = dataclasses.replace(self.reading, unnamed=self.reading.unnamed or known.names)
        raw = read_keypoints(self.keypoints, reading)
        markers = known.without(ignore)
        animal = MouseConfig() if self.body == "mouse" else BodyConfig()
        registration = Registration(markers, self.scale, body=animal)
        _require_markers(raw, markers, self.keypoints, ignore)
        keypoints, cleaning = clean(raw)
        for note in keypoints.notes:
            say(note)
        found, speed = _fitted(registration, keypoints, reading.axes)
        scene = make_scene(registration.body_)
        clips = prefixed(registered_clips(found, scene, options), self.name)
        contacts, standing = paws_of(clips, scene), standing_paws(found, scene)
        result: dict[str, Any] = {
            "warnings": warnings_of(registration, standing),
            **results(registration, found, cleaning, clips, contacts, standing),
            "frames_per_second": speed,
            "left_out": list(ignore),
            "notes": list(keypoints.notes),
            "out": str(self.out),
        }
        self._write(registration, found, clips, contacts, result)
        for warning in result["warnings"]:
            say(f"warning: {warning}")
        if self.json:
            print_json(result)
            return
        columns = ["keypoint", "mean mm", "95 % mm", "seen", "offset moved mm"]
        rows = [
            [k["name"], k["mean_error_mm"], k["p95_error_mm"], f"{k['seen']:.0%}", k["offset_moved_mm"]]
            for k in result["keypoints"]
        ]
        print_table(columns, rows)
        columns = ["paw", "stands", "by keypoints", "of these, fitted", "sliding mm/s", "height mm"]
        print_table(columns, [paw.row() for paw in standing])
        say(
            f"wrote {self.out}: {len(clips)} clips, {clips.total_frames} frames of a body of scale "
            f"{registration.scale_:.3f}; keypoints are {result['mean_error_mm']:.1f} mm off on average; "
            f"paws stand in {', '.join(f'{paw.fitted:.0%}' for paw in standing)} of the frames "
            f"({', '.join(paw.name for paw in standing)})"
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
        from rodent.clips.validate import check_clip_set
        from rodent.files import atomic_path

        check_clip_set(clips, f"cannot write {self.out}")  # files below have temporary names
        with contextlib.ExitStack() as stack:
            write_clips(clips, stack.enter_context(atomic_path(self.out)))
            if self.save_markers is not None:
                registration.markers_.write(stack.enter_context(atomic_path(self.save_markers)))
            if self.report is not None:
                from rodent.pages.registration import write_report
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
        leave = shlex.join([*ignored, *missing])
        raise InputError(
            f"{path} has no keypoint {missing[0]!r}, which the marker set has; it has: "
            f"{', '.join(keypoints.names)}; leave it out of the set (--ignore {leave}), take another set "
            "(--markers), or name them as it does (--names)"
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
