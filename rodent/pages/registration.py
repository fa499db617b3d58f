"""The report of a registration: a page with its errors, joint angles, paw contacts and a video."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rodent.clips.behavior import behaviors
from rodent.clips.clip import ClipSet
from rodent.kinematics.paws import STANDING
from rodent.pages.drawing import line, spans
from rodent.pages.page import Drawing, Film, Section, Table, write_page
from rodent.pages.registration_film import render_film
from rodent.registration import Registered, Registration
from rodent.registration.figures import arena, course, profile
from rodent.registration.ground import PawContacts
from rodent.render import NoOpenGLError
from rodent.scene import Scene, make_scene

_POINTS = 2000  # at most, of a line
_AT_END, _OFTEN = (
    0.02,
    0.1,
)  # fractions: of a hinge's range near a limit; of frames there, to be reported
_STILL = 0.5  # degrees; hinges that move less are not constrained by keypoints
# mm/s, of the built-in gaits, and of nine public clips (mimic-mjx and dial-mpc)
_PLANTED, _REAL = 20, 80
_MOST_ROWS = 12  # of a table of gaps


def write_report(
    out: Path,
    result: dict[str, Any],
    registration: Registration,
    found: Registered,
    segments: Sequence[slice],
    clips: ClipSet,
    contacts: PawContacts,
) -> None:
    """Write the page.

    Args:
        out: the HTML file.
        result: the figures that the command prints as JSON.
        registration: the fitted estimator.
        found: poses of all frames.
        segments: frames that became clips.
        clips: made from them.
        contacts: of the paws, in all frames of the clips.

    Raises:
        InputError: the page cannot be written there.
        WorkError: the video cannot be encoded, or the disk is full.
    """
    scene = make_scene(registration.body_)
    with tempfile.TemporaryDirectory() as folder:
        sections = [
            *_warnings(result),
            _overview(result),
            _film(Path(folder) / "film.mp4", scene, found, segments),
            _course(scene, found, segments),
            _scale(registration),
            _keypoints(result),
            _joints(scene, registration, clips),
            _floor(result, contacts, clips),
            _arena(found),
        ]
        write_page(out, f"Registration of {found.source}", sections)


def _warnings(result: dict[str, Any]) -> list[Section]:
    """What is wrong, on top of everything; nothing if all is well."""
    texts = "\n\n".join(f"{text[0].upper()}{text[1:]}." for text in result["warnings"])
    return [Section("Warnings", texts)] if texts else []


def _scale(registration: Registration) -> Section:
    found, scale = registration.profile_, registration.scale_
    text = (
        "Fits at all scales, with offsets within their freedoms of the marker set. Left: cost, which counts "
        "errors of the keypoints and distances of the offsets from their guesses. Right: mean error. Line: "
        f"scale of the registration, {scale:.3f}; the lowest costs are at "
        f"{', '.join(f'{optimum:.2f}' for optimum in found.optima)}."
    )
    return Section("Scale", text, (Drawing(profile(found.scales, found.costs, 1000 * found.errors, scale)),))


def _overview(result: dict[str, Any]) -> Section:
    seconds = result["frames"] / result["fps"]
    standing = result["standing_against_keypoints"]
    rows = [
        [
            "paws stand, of all frames; of those in which their keypoints stand",
            "; ".join(f"{name} {paw['fitted']:.0%}, {paw['kept']:.0%}" for name, paw in standing.items()),
        ],
        ["mean error of the keypoints", f"{result['mean_error_mm']:.2f} mm"],
        ["95th percentile of the error", f"{result['p95_error_mm']:.2f} mm"],
        ["scale of the body", f"{result['scale']:.3f}"],
        ["frames", f"{result['frames']:,} at {result['fps']:g} Hz"],
        ["clips", f"{result['clips']}, {result['seconds_in_clips']:.1f} of {seconds:.1f} s"],
        ["sliding of standing paws", f"{result['foot_sliding_mm_per_s']:.1f} mm/s"],
        [
            "penetration of the deepest paw, 95th percentile",
            f"{result['floor_penetration_mm']:.2f} mm",
        ],
        ["tilt of the floor, removed", f"{result['floor_tilt_deg']:.2f} degrees"],
        *([["ignored keypoints", ", ".join(result["left_out"])]] * bool(result["left_out"])),
    ]
    text = "Errors are distances between measured keypoints and their positions on the fitted body."
    return Section("Summary", text, (Table(["", ""], rows),))


def _film(out: Path, scene: Scene, found: Registered, segments: Sequence[slice]) -> Section:
    text = (
        "Red: measured keypoints. Green: their positions on the fitted body. "
        "First the seconds with the most motion, then those with the largest error."
    )
    try:
        render_film(out, scene.config.body, found, segments)
    except NoOpenGLError as error:
        return Section("Video", f"{text}\n\nThe video could not be rendered: {error}")
    return Section("Video", text, (Film(out),))


def _course(scene: Scene, found: Registered, segments: Sequence[slice]) -> Section:
    labels = behaviors(found.qpos, found.fps, scene)
    covered = np.zeros(len(labels), bool)
    for frames in segments:
        covered[frames] = True
    starts = np.array([frames.start for frames in segments])
    figure = course(found.fps, 1000 * found.error, found.names, np.where(covered, labels, ""), starts)
    text = (
        "Mean error of all keypoints, error of each keypoint (grey where it is missing), and the behavior "
        "in the frames that became clips. A clip ends where too few keypoints are tracked for too long."
    )
    return Section("Over time", text, (Drawing(figure), *_gaps(found, segments)))


def _gaps(found: Registered, segments: Sequence[slice]) -> list[Table]:
    """The longest periods outside clips; no table if there are none."""
    edges = [0, *(edge for at in segments for edge in (at.start, at.stop)), len(found.qpos)]
    gaps = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    gaps.sort(key=lambda gap: gap[0] - gap[1])
    rows = [
        [f"{a / found.fps:.2f}", f"{(b - a) / found.fps:.2f}", f"{np.isfinite(found.error[a:b]).mean():.0%}"]
        for a, b in gaps[:_MOST_ROWS]
    ]
    columns = ["not in a clip from, s", "for, s", "keypoints seen"]
    caption = f"The longest of {len(gaps)}." if len(gaps) > _MOST_ROWS else ""
    return [Table(columns, rows, caption)] if rows else []


def _keypoints(result: dict[str, Any]) -> Section:
    kinds = ("lost", "spliced", "spikes", "swapped", "filled")
    columns = ["keypoint", "mean, mm", "95 %, mm", "seen", "moved, mm", *kinds]
    cleaned = result["cleaning"]["keypoints"]
    rows = [
        [
            one["name"],
            f"{one['mean_error_mm']:.2f}",
            f"{one['p95_error_mm']:.2f}",
            f"{one['seen']:.0%}",
            f"{one['offset_moved_mm']:.1f}",
            *(cleaned[one["name"]][kind] for kind in kinds),
        ]
        for one in result["keypoints"]
    ]
    text = (
        "Moved: distance of the fitted offset from that of the marker set. The last columns count the frames "
        "that were cleaned before the fit: tracking of the whole rat lost, two recordings meeting, spikes "
        "removed, swapped sides exchanged back, short gaps filled."
    )
    return Section("Keypoints", text, (Table(columns, rows),))


def _joints(scene: Scene, registration: Registration, clips: ClipSet) -> Section:
    angles = np.degrees(np.concatenate([clip.qpos[:, 7:] for clip in clips]))
    chosen = [i for i in registration.hinges if np.ptp(angles[:, i]) > _STILL]
    angles, limits = angles[:, chosen], np.degrees(scene.joint_range[chosen])
    names = [scene.joint_names[i] for i in chosen]
    low, high = np.percentile(angles, (1, 99), axis=0)
    near = _AT_END * np.ptp(limits, axis=1)
    at_end = ((angles < limits[:, 0] + near) | (angles > limits[:, 1] - near)).mean(axis=0)
    often = [f"{names[i]} ({at_end[i]:.0%})" for i in np.argsort(-at_end) if at_end[i] > _OFTEN]
    text = "Hinges that keypoints or the floor constrain."
    if often:
        text += (
            f" At a limit in more than {_OFTEN:.0%} of the frames: {', '.join(often)}. A hinge that stays "
            "at its limit suggests a wrong marker offset or missing markers."
        )
    figure = spans(names, low, high, limits)
    return Section(
        "Joint angles", text, (Drawing(figure, "Central 98 % of the frames, within the range; degrees."),)
    )


def _floor(result: dict[str, Any], contacts: PawContacts, clips: ClipSet) -> Section:
    columns = ["paw", "stands", "sliding, mm/s", "height, mm", "depth, 95 %, mm", "deepest, mm"]
    heights = 1000 * np.median(contacts.height, axis=0)
    rows = [
        [
            one["name"],
            f"{one['standing']:.0%}",
            f"{one['sliding_mm_per_s']:.0f}" if one["standing"] else "-",
            f"{height:.1f}",
            f"{one['penetration_mm']:.2f}",
            f"{one['deepest_mm']:.2f}",
        ]
        for one, height in zip(result["paws"], heights, strict=True)
    ]
    lowest = 1000 * contacts.height.min(axis=1)
    step = -(-len(lowest) // _POINTS)
    seconds = np.arange(len(lowest)) / clips[0].fps
    figure = line(seconds[::step], lowest[::step], "seconds, all clips", "lowest paw, mm")
    text = (
        "The floor is the levelled plane of the lowest paws. A paw stands while its lowest point is less "
        f"than {1000 * STANDING:g} mm above it. Sliding is the horizontal speed of palm or sole while it "
        f"stands. Exactly planted steps have {_PLANTED} mm/s, lift-off included; public clips of real rats "
        f"have {_REAL} mm/s. If the median heights of left and right paw differ much, a paw is misplaced or "
        "not constrained by keypoints."
    )
    drawing = Drawing(figure, "Height of the lowest paw; negative values are in the floor.")
    return Section("Paws and floor", text, (Table(columns, rows), drawing))


def _arena(found: Registered) -> Section:
    seen = np.any(np.isfinite(found.error), axis=1)
    place = np.where(seen[:, None], found.qpos[:, :2], np.nan)
    width, depth = np.ptp(place[seen], axis=0)
    text = f"Path of the body, from above: {width:.2f} x {depth:.2f} m."
    if found.floor.squares:
        text += f" The tilt of the floor was estimated from {found.floor.squares} frequently visited squares."
    else:
        text += (
            " The rat visited too little of the floor to estimate its tilt; the floor is assumed to be level."
        )
    return Section("Arena", text, (Drawing(arena(place, found.fps)),))
