"""The page that tells how well a registration explains its keypoints."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.pages.drawing import line, spans
from analysis.pages.page import Drawing, Film, Section, Table, write_page
from rodent.body import Body
from rodent.body_config import BodyConfig
from rodent.cli.register.film import render_film
from rodent.clips.behavior import behaviors
from rodent.clips.clip import ClipSet
from rodent.registration import Registered, Registration
from rodent.registration.figures import arena, course
from rodent.registration.ground import STANDING, PawContacts
from rodent.render import NoOpenGLError

_POINTS = 2000  # at most, of a line
_AT_END, _OFTEN = 0.02, 0.1  # of a hinge's range from its end; share of the frames there that is told
_STILL = 0.5  # degrees; a hinge that turns no more than this was told nothing
# mm/s, of the built-in gaits, and of nine public clips (mimic-mjx and dial-mpc)
_PLANTED, _REAL = 20, 80
_MOST_ROWS = 12  # of a table of gaps


def write_report(
    out: Path,
    result: dict[str, Any],
    registration: Registration,
    found: Registered,
    stretches: Sequence[slice],
    clips: ClipSet,
    contacts: PawContacts,
) -> None:
    """Write the page.

    Args:
        out: the HTML file.
        result: what the command prints as JSON.
        registration: fitted.
        found: poses of all frames.
        stretches: frames that became clips.
        clips: made of them.
        contacts: of the paws, in all frames of the clips.

    Raises:
        InputError: it cannot be written there.
        WorkError: the film cannot be encoded, or the disk is full.
    """
    body = Body(BodyConfig(scale=registration.scale_))
    with tempfile.TemporaryDirectory() as folder:
        sections = [
            _overview(result),
            _film(Path(folder) / "film.mp4", body, found, stretches),
            _course(body, found, stretches),
            _keypoints(result),
            _joints(body, registration, clips),
            _floor(result, contacts, clips),
            _arena(found),
        ]
        write_page(out, f"Registration of {found.source}", sections)


def _overview(result: dict[str, Any]) -> Section:
    seconds = result["frames"] / result["fps"]
    rows = [
        ["mean error of the keypoints", f"{result['mean_error_mm']:.2f} mm"],
        ["95 % are better than", f"{result['p95_error_mm']:.2f} mm"],
        ["scale of the body", f"{result['scale']:.3f}"],
        ["frames", f"{result['frames']:,} at {result['fps']:g} Hz"],
        ["clips", f"{result['clips']}, {result['seconds_in_clips']:.1f} of {seconds:.1f} s"],
        ["sliding of paws that stand", f"{result['foot_sliding_mm_per_s']:.1f} mm/s"],
        ["depth of the deepest paw in the floor, 95 %", f"{result['floor_penetration_mm']:.2f} mm"],
        ["tilt of the floor, made level", f"{result['floor_tilt_deg']:.2f} degrees"],
        *([["left out, as asked", ", ".join(result["left_out"])]] * bool(result["left_out"])),
    ]
    text = "Errors are distances between where a keypoint was measured and where it sits on the fitted body."
    return Section("What was found", text, (Table(["", ""], rows),))


def _film(out: Path, body: Body, found: Registered, stretches: Sequence[slice]) -> Section:
    text = (
        "Red: the keypoints as measured. Green: where they sit on the body. "
        "First the seconds of most motion, then those that are explained worst."
    )
    try:
        render_film(out, body.config, found, stretches)
    except NoOpenGLError as error:
        return Section("Film", f"{text}\n\nThere is no film: {error}")
    return Section("Film", text, (Film(out),))


def _course(body: Body, found: Registered, stretches: Sequence[slice]) -> Section:
    labels = behaviors(found.qpos, found.fps, body)
    covered = np.zeros(len(labels), bool)
    for frames in stretches:
        covered[frames] = True
    starts = np.array([frames.start for frames in stretches])
    figure = course(found.fps, 1000 * found.error, found.names, np.where(covered, labels, ""), starts)
    text = (
        "The mean error of all keypoints, the error of each (grey where it is missing), and what the rat did "
        "in the frames that became clips. A clip ends where too few keypoints are seen for too long."
    )
    return Section("Over time", text, (Drawing(figure), *_gaps(found, stretches)))


def _gaps(found: Registered, stretches: Sequence[slice]) -> list[Table]:
    """The longest times that are in no clip; no table if there are none."""
    edges = [0, *(edge for at in stretches for edge in (at.start, at.stop)), len(found.qpos)]
    gaps = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    gaps.sort(key=lambda gap: gap[0] - gap[1])
    rows = [
        [f"{a / found.fps:.2f}", f"{(b - a) / found.fps:.2f}", f"{np.isfinite(found.error[a:b]).mean():.0%}"]
        for a, b in gaps[:_MOST_ROWS]
    ]
    columns = ["in no clip from, s", "for, s", "keypoints seen"]
    caption = f"The longest of {len(gaps)}." if len(gaps) > _MOST_ROWS else ""
    return [Table(columns, rows, caption)] if rows else []


def _keypoints(result: dict[str, Any]) -> Section:
    kinds = ("lost", "spikes", "swapped", "filled")
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
        "Moved: how far the fit has put a keypoint from the guess of the marker set. Before the fit frames "
        "in which the whole rat was lost, and spikes, are taken out, swapped sides exchanged back and short "
        "gaps filled, in so many frames."
    )
    return Section("Keypoints", text, (Table(columns, rows),))


def _joints(body: Body, registration: Registration, clips: ClipSet) -> Section:
    angles = np.degrees(np.concatenate([clip.qpos[:, 7:] for clip in clips]))
    chosen = [i for i in registration.hinges if np.ptp(angles[:, i]) > _STILL]
    angles, limits = angles[:, chosen], np.degrees(body.joint_range[chosen])
    names = [body.joint_names[i] for i in chosen]
    low, high = np.percentile(angles, (1, 99), axis=0)
    near = _AT_END * np.ptp(limits, axis=1)
    at_end = ((angles < limits[:, 0] + near) | (angles > limits[:, 1] - near)).mean(axis=0)
    often = [f"{names[i]} ({at_end[i]:.0%})" for i in np.argsort(-at_end) if at_end[i] > _OFTEN]
    text = "Hinges that keypoints or the floor tell of."
    if often:
        text += (
            f" At an end of their range in more than {_OFTEN:.0%} of the frames: {', '.join(often)}. "
            "A hinge that stays there asks for other markers, or for a better place of those that there are."
        )
    figure = spans(names, low, high, limits)
    return Section("Joint angles", text, (Drawing(figure, "98 % of the frames, within the range; degrees."),))


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
        "The floor is the plane of the lowest paws, made level. A paw stands while its lowest point is less "
        f"than {1000 * STANDING:g} mm above it, and slides as fast as its palm or sole then moves along it. "
        f"Sliding of {_PLANTED} mm/s is that of steps planted exactly, lifting off included; {_REAL} mm/s is "
        "usual in public clips of real rats. A paw whose median height is far from that of its fellow is put "
        "wrongly, or nothing tells of it."
    )
    drawing = Drawing(figure, "Height of the lowest paw; below nought it is in the floor.")
    return Section("Paws and floor", text, (Table(columns, rows), drawing))


def _arena(found: Registered) -> Section:
    seen = np.any(np.isfinite(found.error), axis=1)
    place = np.where(seen[:, None], found.qpos[:, :2], np.nan)
    width, depth = np.ptp(place[seen], axis=0)
    text = f"The way of the body, from above: {width:.2f} x {depth:.2f} m."
    if found.floor.squares:
        text += (
            f" The floor's tilt was found from {found.floor.squares} squares of it that the rat was often in."
        )
    else:
        text += " It was in too few places to tell whether the floor is tilted; it is taken to be level."
    return Section("Arena", text, (Drawing(arena(place, found.fps)),))
