"""`rodent register`: tracked keypoints to clips."""

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tyro

from rodent.reading_config import KeypointOptions

if TYPE_CHECKING:
    from rodent.registration import ClipOptions, RegisteredClips


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
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, print_table, say
        from rodent.registration import register

        require_room_for_files(self.out, self.save_markers, self.report)
        found = register(
            self.keypoints,
            self.markers,
            body=MouseConfig() if self.body == "mouse" else BodyConfig(),
            scale=self.scale,
            reading=self.reading,
            clipping=self._clip_options(),
            prefix=self.name,
        )
        result: dict[str, Any] = {**found.summary, "out": str(self.out)}
        for note in result["notes"]:
            say(note)
        self._write(found, result)
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
        print_table(columns, [paw.row() for paw in found.standing])
        stand = ", ".join(f"{paw.fitted:.0%}" for paw in found.standing)
        say(
            f"wrote {self.out}: {len(found.clips)} clips, {found.clips.total_frames} frames of a body of "
            f"scale {found.registration.scale_:.3f}; keypoints are {result['mean_error_mm']:.1f} mm off on "
            f"average; paws stand in {stand} of the frames ({', '.join(paw.name for paw in found.standing)})"
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

    def _write(self, found: "RegisteredClips", result: dict[str, Any]) -> None:
        """Write all files or none: each is renamed when all are written."""
        from rodent.clips.file import write_clips
        from rodent.clips.validate import check_clip_set
        from rodent.files import atomic_path

        check_clip_set(found.clips, f"cannot write {self.out}")  # files below have temporary names
        with contextlib.ExitStack() as stack:
            write_clips(found.clips, stack.enter_context(atomic_path(self.out)))
            if self.save_markers is not None:
                found.registration.markers_.write(stack.enter_context(atomic_path(self.save_markers)))
            if self.report is not None:
                from rodent.pages.registration import write_report
                from rodent.registration import clip_frames

                page = stack.enter_context(atomic_path(self.report))
                segments = clip_frames(found.registered, self._clip_options())
                write_report(
                    page,
                    result,
                    found.registration,
                    found.registered,
                    segments,
                    found.clips,
                    found.contacts,
                )
