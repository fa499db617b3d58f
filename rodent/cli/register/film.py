"""The film of a registration: measured keypoints over those of the body, where it is liveliest and worst."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rodent.body_config import BodyConfig
from rodent.registration import Registered
from rodent.render import Dots, RenderOptions, Shot, render_shots

_MEASURED, _FITTED = (0.85, 0.1, 0.1, 1.0), (0.1, 0.65, 0.2, 1.0)
_SECONDS, _FPS = 5.0, 25.0  # of a shot, at most; of the film


def render_film(out: Path, body: BodyConfig, found: Registered, stretches: Sequence[slice]) -> None:
    """Film the stretch of most motion, and then that of the greatest error.

    Args:
        out: the MP4 file.
        body: of the fitted scale.
        found: poses of all frames.
        stretches: frames of the clips, to choose from.

    Raises:
        NoOpenGLError: nothing can be drawn here.
        WorkError: it cannot be encoded.
    """
    length = round(_SECONDS * found.fps)
    steps = np.linalg.norm(np.diff(found.positions, axis=0, append=found.positions[-1:]), axis=-1)
    seen = np.isfinite(found.error)
    error = np.where(seen, found.error, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    lively = _most(steps.mean(axis=1), stretches, length)
    error[lively] = 0.0  # which is shown already
    worst = _most(error, stretches, length)
    shots = [
        _shot(f"{what}, from {frames.start / found.fps:.1f} s", found, frames)
        for what, frames in (("most motion", lively), ("greatest error", worst))
    ]
    render_shots(body, shots, out, RenderOptions(fps=_FPS))


def _most(values: np.ndarray, stretches: Sequence[slice], length: int) -> slice:
    """The frames, of one stretch and no more than so many, with the greatest mean."""
    best: list[tuple[float, slice]] = []
    for stretch in stretches:
        own = values[stretch]
        count = min(length, len(own))
        means = np.convolve(own, np.ones(count), "valid") / count
        begin = stretch.start + int(means.argmax())
        best.append((float(means.max()), slice(begin, begin + count)))
    return max(best, key=lambda one: one[0])[1]


def _shot(name: str, found: Registered, frames: slice) -> Shot:
    qpos = found.qpos[frames]
    dots = (Dots(found.points[frames], _MEASURED), Dots(found.positions[frames], _FITTED))
    alive = np.ones(len(qpos), bool)
    return Shot(name, len(qpos), found.fps, lambda: qpos, lambda: qpos, lambda: alive, dots)
