"""Videos of a recording or a clip set.

The video shows one rollout or clip after the other, with its name and time. A few frames at a time are in
memory, and one rollout at a time is read.
"""

import itertools
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rodent.clips.reading import clips_path
from rodent.files import atomic_path
from rodent.progress import progress
from rodent.render.camera import follow
from rodent.render.force_strip import ForceStrip, strip_height
from rodent.render.loaded import Loaded
from rodent.render.options import Rendered, RenderOptions
from rodent.render.poster import render_poster
from rodent.render.renderer import Frame, Renderer, check_poses
from rodent.render.shots import Shot, open_shots
from rodent.render.video import Caption, Write, check_target, open_video, save_sheet
from rodent.scene_config import BodyKind, SceneConfig

SHEET = 6
"""Number of frames on a sheet."""

_NEARER = 0.8  # distance of the camera in the low picture above a strip
_AHEAD = 2  # frames that wait to be written
_MAX_FPS = {".mp4": 120.0, ".gif": 25.0}  # largest default frame rate of a video


def render(source: Path | str, out: Path | str, options: RenderOptions | None = None) -> Rendered:
    """Render a recording or a clip set.

    Args:
        source: a recording or any file that `rodent.clips.read_clips` reads.
        out: .mp4 or .gif for a video, .png for a sheet of six frames, evenly spaced.
        options: of the video.

    Raises:
        InputError: the file, a name or an option is invalid.
        WorkError: rendering or encoding is not possible on this machine, or the disk is full.
    """
    options = options or RenderOptions()
    source, out = clips_path(source), Path(out)
    check_target(out, options.size)
    with open_shots(source, options.clips, options.channels) as (body, shots):
        return render_shots(body, shots, out, options)


def render_shots(
    config: SceneConfig | BodyKind, shots: Sequence[Shot], out: Path, options: RenderOptions
) -> Rendered:
    """Render shots, one after another; see `render`. The names in `options.clips` are ignored."""
    check_target(out, options.size)
    if options.poster:
        return render_poster(config, shots, out, options)
    began = time.monotonic()
    fps = options.fps or min(shots[0].fps, _MAX_FPS.get(out.suffix, math.inf))
    plan = [(shot, shot.frames_at(fps, options.speed)) for shot in shots]
    total = sum(len(frames) for _, frames in plan)
    if out.suffix == ".png":
        plan = _thinned(plan, np.unique(((np.arange(SHEET) + 0.5) / SHEET * total).astype(int)))
        total = sum(len(frames) for _, frames in plan)
    marked = options.forces or any(shot.dots for shot in shots)
    width, height = options.size
    scene = Renderer(
        config,
        (width, height - strip_height(height) if options.forces else height),
        ghost=options.ghost,
        geoms=options.geoms,
        see_through=marked,
        distance=(_NEARER if options.forces else 1) * options.distance,
    )
    with atomic_path(out) as temporary, scene, progress("rendering", total, "frames") as advance:
        frames = _frames(scene, plan, options)
        if out.suffix == ".png":
            images: list[np.ndarray] = []
            _write(frames, options, images.append, advance)
            save_sheet(temporary, images)
        else:
            with open_video(temporary, fps, options.size) as write:
                _write(frames, options, write, advance)
    duration = 0.0 if out.suffix == ".png" else total / fps
    return Rendered(total, time.monotonic() - began, duration, (str(out),))


class _Drawn(NamedTuple):
    """A frame, its caption, the strip below it, and how often it is shown: in slow motion more than once."""

    frame: Frame
    text: str
    strip: np.ndarray | None
    times: int


def _write(
    frames: Iterator[_Drawn], options: RenderOptions, write: Write, advance: Callable[..., None]
) -> None:
    """Finish and write frames, while OpenGL renders the next one."""
    caption = Caption(options.size)

    def finish(drawn: _Drawn) -> None:
        image = caption.write(drawn.frame.image(), drawn.text)
        if drawn.strip is not None:
            image = np.concatenate([image, drawn.strip])
        for _ in range(drawn.times):
            write(image)

    pending: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1) as worker:
        for drawn in frames:
            pending.append(worker.submit(finish, drawn))
            if len(pending) > _AHEAD:
                pending.popleft().result()
            advance(drawn.times, note=drawn.text)
        for last in pending:
            last.result()


def _frames(scene: Renderer, plan: list[tuple[Shot, np.ndarray]], options: RenderOptions) -> Iterator[_Drawn]:
    """The frames of all shots."""
    for shot, frames in plan:
        motion = Loaded(shot, options)
        check_poses(motion.qpos.shape[1], scene.nq, shot.name)
        strip = None if motion.forces is None else ForceStrip(motion.forces, options.size, scene.scale)
        camera = follow(motion.qpos, shot.fps, scene.middle, options.camera)
        for frame, repeats in itertools.groupby(frames):
            text = f"{shot.name}   {frame / shot.fps:.2f} s" + ("" if motion.alive[frame] else "   failed")
            below = None if strip is None else strip.image(frame)
            yield _Drawn(motion.draw(scene, frame, camera[frame]), text, below, len(list(repeats)))


def _thinned(plan: list[tuple[Shot, np.ndarray]], chosen: np.ndarray) -> list[tuple[Shot, np.ndarray]]:
    """The plan with the chosen frames only, which are indices over the frames of all shots."""
    starts = np.cumsum([0, *(len(frames) for _, frames in plan)])
    thin = []
    for (shot, frames), start in zip(plan, starts[:-1], strict=True):
        here = chosen[(chosen >= start) & (chosen < start + len(frames))] - start
        if len(here):
            thin.append((shot, frames[here]))
    return thin
