"""`rodent register`: tracked keypoints to clips."""

import contextlib
import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tyro

if TYPE_CHECKING:
    from rodent.motion import ClipSet
    from rodent.motion.keypoints import Keypoints
    from rodent.motion.registration import ClipOptions, Registered, Registration


@dataclasses.dataclass(frozen=True)
class Register:
    """Fit the rat's body to tracked keypoints, and make clips of its motion.

    Where every keypoint sits on the body, the body's size, and the pose in every frame are all fitted.
    What is left unexplained is told by keypoint.

    Example: rodent register keypoints.npz --markers rat23 --units mm --out clips.h5
    """

    keypoints: tyro.conf.Positional[Path]
    """Tracked 3-D keypoints: NWB (ndx-pose), DANNCE .mat, SLEAP or stac-mjx HDF5, DeepLabCut or anipose CSV,
    npz."""
    out: Path
    """The clip file to write."""
    markers: Path = Path("rat23")
    """Which keypoint belongs where: a marker set that is built in (rat20, rat23), or a TOML file."""
    units: Literal["m", "cm", "mm"] | None = None
    """Of the coordinates, where the file does not say."""
    fps: float | None = None
    """Frames per second, where the file does not say or is wrong."""
    names: tuple[str, ...] = ()
    """Names of the keypoints in the file's order, where it has none or wrong ones. A file without names is
    taken to be in the order of the marker set."""
    min_confidence: float = 0.0
    """Points of a lower confidence count as missing, in the file's own measure."""
    scale: float | None = None
    """Size of the body relative to dm_control's rat; fitted if not given. A policy wants clips of the size
    that it was trained on: 0.9 for the one that is built in."""
    resample: float | None = None
    """Frame rate of the clips, Hz; that of the keypoints if not given."""
    seconds: float | None = None
    """Length of a clip; as long as the rat is seen without a gap, if not given."""
    subject: str = ""
    """Which animal."""
    session: str = ""
    """Which recording session; clips of one session are kept together when data are split."""
    licence: str = ""
    """The terms the motion may be used under."""
    save_markers: Path | None = None
    """Write the marker set as fitted, for other recordings of the same animal."""
    report: Path | None = None
    """Write a page of errors, joint angles and floor, with a film of the keypoints over the body: an HTML
    file."""
    json: bool = False
    """Print what was found as one JSON object."""

    def run(self) -> None:
        """Read, fit, write."""
        from rodent.body import Body, BodyConfig
        from rodent.cli.output import print_json, print_table, say
        from rodent.motion.keypoints import clean, read_keypoints
        from rodent.motion.registration import Registration, read_markers, registered_clips

        markers, options = read_markers(self.markers), self._clip_options()
        registration = Registration(markers, self.scale)
        raw = read_keypoints(
            self.keypoints,
            units=self.units,
            fps=self.fps,
            names=self.names or None,
            unnamed=markers.names,
            min_confidence=self.min_confidence,
        )
        keypoints, cleaning = clean(raw)
        found, speed = _fitted(registration, keypoints)
        body = Body(BodyConfig(scale=registration.scale_))
        clips = self._resampled(registered_clips(found, body, options))
        by_keypoint = _by_keypoint(registration, found)
        result = _overall(keypoints, registration, found) | {
            "keypoints": by_keypoint,
            "frames_per_second": speed,
            "cleaning": cleaning.to_json(),
            "floor_tilt_deg": math.degrees(found.floor.tilt),
            "floor_height_mm": 1000 * found.floor.height,
            "clips": len(clips),
            "out": str(self.out),
        }
        self._write(registration, found, clips, result)
        if self.json:
            print_json(result)
            return
        columns = ["keypoint", "mean mm", "95 % mm", "seen", "offset moved mm"]
        rows = [
            [k["name"], k["mean_error_mm"], k["p95_error_mm"], f"{k['seen']:.0%}", k["offset_moved_mm"]]
            for k in by_keypoint
        ]
        print_table(columns, rows)
        say(
            f"wrote {self.out}: {len(clips)} clips, {clips.total_frames} frames of a body of scale "
            f"{registration.scale_:.3f}; keypoints are {result['mean_error_mm']:.1f} mm off on average"
        )

    def _clip_options(self) -> "ClipOptions":
        from rodent.motion.registration import ClipOptions

        return ClipOptions(self.seconds, self.subject, self.session, self.licence)

    def _resampled(self, clips: "ClipSet") -> "ClipSet":
        from rodent.motion import resample

        if self.resample is None:
            return clips
        return dataclasses.replace(clips, clips=tuple(resample(clip, self.resample) for clip in clips))

    def _write(
        self, registration: "Registration", found: "Registered", clips: "ClipSet", result: dict[str, Any]
    ) -> None:
        """All files or none: each takes its name when all are written."""
        from rodent.files import atomic_path
        from rodent.motion.clip import write_clips

        with contextlib.ExitStack() as stack:
            write_clips(clips, stack.enter_context(atomic_path(self.out)))
            if self.save_markers is not None:
                registration.markers_.write(stack.enter_context(atomic_path(self.save_markers)))
            if self.report is not None:
                from rodent.cli.register.page import write_report

                page = stack.enter_context(atomic_path(self.report))
                write_report(page, result, registration, found, clips, self.keypoints.name)


def _fitted(registration: "Registration", keypoints: "Keypoints") -> "tuple[Registered, float]":
    """Poses of all frames, and frames per second that they were found at, offsets apart."""
    import time

    from rodent.progress import progress

    with progress("fitting offsets", None, "rounds") as advance:
        registration.fit(keypoints, advance)
    began = time.monotonic()
    with progress("fitting poses", 2 * keypoints.n_frames, "frames") as advance:
        found = registration.transform(keypoints, advance)
    return found, keypoints.n_frames / (time.monotonic() - began)


def _overall(keypoints: "Keypoints", registration: "Registration", found: "Registered") -> dict[str, Any]:
    """What was fitted, and what is left unexplained."""
    import numpy as np

    error = 1000 * found.error[np.isfinite(found.error)]
    return {
        "mean_error_mm": float(error.mean()),
        "p95_error_mm": float(np.percentile(error, 95)),
        "frames": keypoints.n_frames,
        "fps": keypoints.fps,
        "scale": registration.scale_,
        "rounds": registration.rounds_,
    }


def _by_keypoint(registration: "Registration", found: "Registered") -> list[dict[str, Any]]:
    """What is left unexplained of every keypoint, and how far its place on the body was moved."""
    import numpy as np

    error = 1000 * found.error
    guess, fitted = registration.markers, registration.markers_
    moved = 1000 * np.linalg.norm(fitted.offsets - guess.offsets, axis=1)
    seen = np.isfinite(error)
    rows = []
    for k, name in enumerate(fitted.names):
        own = error[seen[:, k], k]
        rows.append(
            {
                "name": name,
                "mean_error_mm": float(own.mean()) if len(own) else np.nan,
                "p95_error_mm": float(np.percentile(own, 95)) if len(own) else np.nan,
                "seen": float(seen[:, k].mean()),
                "offset_moved_mm": float(moved[k]),
            }
        )
    return rows
