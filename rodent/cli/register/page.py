"""The page that tells how well a registration explains its keypoints."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from analysis.drawing import bars, line, spans
from analysis.report import Drawing, Film, Section, Table, write_page
from rodent.body import Body
from rodent.body_config import BodyConfig
from rodent.motion.clip import ClipSet
from rodent.motion.floor import lowest_paw
from rodent.motion.registration import Registered, Registration
from rodent.motion.registration.skeleton import Skeleton
from rodent.render import Dots, NoOpenGLError, RenderOptions, Shot, render_shots

_MEASURED, _FITTED = (0.85, 0.1, 0.1, 1.0), (0.1, 0.65, 0.2, 1.0)
_FILMED, _FILM_FPS = 10.0, 25.0  # seconds, Hz
_POINTS = 2000  # at most, of a line


def write_report(
    out: Path,
    figures: dict[str, Any],
    registration: Registration,
    found: Registered,
    clips: ClipSet,
    source: str,
) -> None:
    """Write the page.

    Args:
        out: the HTML file.
        figures: what the command prints as JSON.
        registration: fitted.
        found: poses of all frames.
        clips: made of them.
        source: name of the file of keypoints.

    Raises:
        InputError: it cannot be written there.
        WorkError: the film cannot be encoded, or the disk is full.
    """
    body = Body(BodyConfig(scale=registration.scale_))
    with tempfile.TemporaryDirectory() as folder:
        sections = [
            _overview(figures),
            _film(Path(folder) / "film.mp4", body, registration, clips),
            _errors(figures, found),
            _joints(body, registration, clips),
            _floor(body, clips),
        ]
        write_page(out, f"Registration of {source}", sections)


def _overview(figures: dict[str, Any]) -> Section:
    rows = [
        ["mean error of the keypoints", f"{figures['mean_error_mm']:.2f} mm"],
        ["95 % are better than", f"{figures['p95_error_mm']:.2f} mm"],
        ["scale of the body", f"{figures['scale']:.3f}"],
        ["frames", f"{figures['frames']:,} at {figures['fps']:g} Hz"],
        ["tilt of the floor, made level", f"{figures['floor_tilt_deg']:.2f} degrees"],
        ["clips", figures["clips"]],
        *([f"points {kind}", count] for kind, count in figures["cleaning"]["total"].items()),
    ]
    text = "Errors are distances between where a keypoint was measured and where it sits on the fitted body."
    return Section("What was found", text, (Table(["", ""], rows),))


def _film(out: Path, body: Body, registration: Registration, clips: ClipSet) -> Section:
    """The longest clip, measured keypoints over those of the body."""
    text = "Red: the keypoints as measured. Green: where they sit on the body."
    clip = max(clips, key=lambda clip: clip.n_frames)
    shown = slice(0, round(_FILMED * clip.fps))
    qpos, markers = clip.qpos[shown], registration.markers_
    places = Skeleton(body, markers.bodies).places(qpos, markers.offsets * body.config.scale)
    measured = np.zeros((len(qpos), 0, 3)) if clip.keypoints is None else clip.keypoints[shown]
    shot = Shot(
        clip.name,
        len(qpos),
        clip.fps,
        lambda: qpos,
        lambda: qpos,
        lambda: np.ones(len(qpos), bool),
        (Dots(measured, _MEASURED), Dots(places, _FITTED)),
    )
    try:
        render_shots(body.config, [shot], out, RenderOptions(fps=_FILM_FPS))
    except NoOpenGLError as error:
        return Section("Film", f"{text}\n\nThere is no film: {error}")
    return Section("Film", text, (Film(out, f"{clip.name}, {len(qpos) / clip.fps:.1f} s."),))


def _errors(figures: dict[str, Any], found: Registered) -> Section:
    rows = figures["keypoints"]
    by_keypoint = {
        "mean": np.array([row["mean_error_mm"] for row in rows]),
        "95 %": np.array([row["p95_error_mm"] for row in rows]),
    }
    seen = np.isfinite(found.error)
    total = np.where(seen, found.error, 0.0).sum(axis=1)
    mean = 1000 * np.divide(total, seen.sum(axis=1), out=np.full(len(seen), np.nan), where=seen.any(axis=1))
    seconds = np.arange(len(mean)) / figures["fps"]
    step = -(-len(mean) // _POINTS)
    over_time = line(seconds[::step], mean[::step], "seconds", "mean error, mm")
    return Section(
        "Errors",
        "",
        (
            Drawing(bars([row["name"] for row in rows], by_keypoint, "mm"), "By keypoint."),
            Drawing(over_time, "Mean over the keypoints that were seen, over time."),
        ),
    )


def _joints(body: Body, registration: Registration, clips: ClipSet) -> Section:
    angles = np.degrees(np.concatenate([clip.qpos[:, 7:] for clip in clips]))
    chosen = registration.hinges
    low, high = np.percentile(angles[:, chosen], (1, 99), axis=0)
    figure = spans([body.joint_names[i] for i in chosen], low, high, np.degrees(body.joint_range[chosen]))
    text = (
        "Hinges that keypoints or the floor tell of. "
        "One that stays at an end of its range asks for other markers."
    )
    return Section("Joint angles", text, (Drawing(figure, "98 % of the frames, within the range; degrees."),))


def _floor(body: Body, clips: ClipSet) -> Section:
    lowest = 1000 * np.concatenate([lowest_paw(clip.qpos, body) for clip in clips])
    seconds = np.arange(len(lowest)) / clips[0].fps
    step = -(-len(lowest) // _POINTS)
    figure = line(seconds[::step], lowest[::step], "seconds, all clips", "lowest paw, mm")
    text = (
        "The floor is the plane of the lowest paws, made level. In 95 % of the frames no paw is more than "
        f"{max(0.0, -np.percentile(lowest, 5)):.1f} mm in it."
    )
    return Section("Floor", text, (Drawing(figure, "Below nought it is in the floor."),))
