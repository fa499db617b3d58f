"""Video of a registration: measured keypoints over fitted ones, where motion and errors are largest."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rodent.registration import Registered
from rodent.render import Dots, RenderOptions, Shot, render_shots
from rodent.scene_config import BodyKind

_MEASURED, _FITTED = (0.85, 0.1, 0.1, 1.0), (0.1, 0.65, 0.2, 1.0)
_SECONDS, _FPS = 5.0, 25.0  # of a shot, at most; of the video


def render_film(out: Path, body: BodyKind, found: Registered, segments: Sequence[slice]) -> None:
    """Render the segment with the most motion, then the one with the largest error.

    Args:
        out: the MP4 file.
        body: of the fitted scale.
        found: poses of all frames.
        segments: frames of the clips, to choose from.

    Raises:
        NoOpenGLError: nothing can be rendered on this machine.
        WorkError: the video cannot be encoded.
    """
    length = round(_SECONDS * found.fps)
    steps = np.linalg.norm(np.diff(found.positions, axis=0, append=found.positions[-1:]), axis=-1)
    seen = np.isfinite(found.error)
    error = np.where(seen, found.error, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    lively = _most(steps.mean(axis=1), segments, length)
    error[lively] = 0.0  # shown already
    worst = _most(error, segments, length)
    shots = [
        _shot(f"{what}, from {frames.start / found.fps:.1f} s", found, frames)
        for what, frames in (("most motion", lively), ("greatest error", worst))
    ]
    render_shots(body, shots, out, RenderOptions(fps=_FPS))


def _most(values: np.ndarray, segments: Sequence[slice], length: int) -> slice:
    """The frames of one segment, at most `length`, with the largest mean."""
    best: list[tuple[float, slice]] = []
    for segment in segments:
        own = values[segment]
        count = min(length, len(own))
        means = np.convolve(own, np.ones(count), "valid") / count
        begin = segment.start + int(means.argmax())
        best.append((float(means.max()), slice(begin, begin + count)))
    return max(best, key=lambda one: one[0])[1]


def _shot(name: str, found: Registered, frames: slice) -> Shot:
    qpos = found.qpos[frames]
    dots = (Dots(found.points[frames], _MEASURED), Dots(found.positions[frames], _FITTED))
    alive = np.ones(len(qpos), bool)
    return Shot(name, len(qpos), found.fps, lambda: qpos, lambda: qpos, lambda: alive, dots)
