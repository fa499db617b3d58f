"""Videos of a recording or a clip set.

The video shows one rollout or clip after the other, with its name and time. A few frames at a time are in
memory, and one rollout at a time is read.
"""

import contextlib
import dataclasses
import functools
import itertools
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from rodent.clips import Clip, read_clips
from rodent.clips.reading import clips_path
from rodent.errors import InputError, unknown
from rodent.files import atomic_path
from rodent.progress import progress
from rodent.recording import Recording, is_recording, open_recording
from rodent.render.camera import CAMERAS, follow
from rodent.render.renderer import Dots, Frame, Renderer, check_poses
from rodent.render.targets import TARGET_COLOUR, TARGET_RADIUS, Played, recorded_targets
from rodent.render.video import Caption, Write, check_target, open_video, save_sheet
from rodent.scene_config import BodyKind, SceneConfig

SHEET = 6
"""Number of frames on a sheet."""

_AHEAD = 2  # frames that wait to be written
_MAX_FPS = {".mp4": 120.0, ".gif": 25.0}  # largest default frame rate of a video


@dataclasses.dataclass(frozen=True)
class RenderOptions:
    """Options of a video."""

    ghost: bool = False
    """Show the reference of a recording as a translucent second rat."""
    geoms: bool = False
    """Show the geoms that collide instead of the skin."""
    camera: str = "oblique"
    """A name in `rodent.render.CAMERAS`."""
    size: tuple[int, int] = (640, 480)
    """Width and height, pixels."""
    fps: float | None = None
    """Frames per second of the video; None for those of the motion, up to 120 (.mp4) or 25 (.gif)."""
    speed: float = 1.0
    """Below 1 is slow motion."""
    clips: tuple[str, ...] = ()
    """Names of the rollouts or clips to show; none for all."""
    distance: float = 1.0
    """Distance of the camera, relative to the usual one."""

    def __post_init__(self) -> None:
        if self.camera not in CAMERAS:
            raise unknown("camera", self.camera, CAMERAS)
        for name, value, low, high in (
            ("fps", self.fps, 1, 240),
            ("speed", self.speed, 0.01, 100),
            ("distance", self.distance, 0.3, 30),
        ):
            if value is not None and not low <= value <= high:
                raise InputError(f"{name} is {value:g}; it must be in [{low:g}, {high:g}]")


@dataclasses.dataclass(frozen=True)
class Rendered:
    """Summary of a rendered file."""

    frames: int
    """Frames in the file."""
    seconds: float
    """Time to render it."""
    duration: float
    """Length of the video, seconds; zero for a sheet."""


@dataclasses.dataclass(frozen=True)
class Shot:
    """A motion to show; its arrays are read on demand."""

    name: str
    n_frames: int
    fps: float
    qpos: Callable[[], np.ndarray]
    """Poses, shape (n_frames, nq)."""
    reference: Callable[[], np.ndarray]
    """Poses of the ghost, shape (n_frames, nq); called only if a ghost is shown."""
    alive: Callable[[], np.ndarray]
    """Frames without failure, bool, shape (n_frames,)."""
    dots: tuple[Dots, ...] = ()
    """Points to mark, of shapes (n_frames, n, 3); the rat is translucent, so that they are seen."""
    targets: Callable[[], np.ndarray] | None = None
    """Where the targets of the task are, m, shape (n_frames, n, 3); None for none."""

    def frames_at(self, fps: float, speed: float) -> np.ndarray:
        """The frame of the motion for each frame of a video, shape (video frames,)."""
        step = speed * self.fps / fps
        # a tolerance for rounding errors such as 0.1 + 0.2 > 0.3
        count = max(1, math.ceil(self.n_frames / step - 1e-6))
        return np.minimum((np.arange(count) * step + 1e-6).astype(int), self.n_frames - 1)


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
    with _open_shots(source, options) as (body, shots):
        return render_shots(body, chosen(shots, options.clips, source), out, options)


def render_shots(
    config: SceneConfig | BodyKind, shots: Sequence[Shot], out: Path, options: RenderOptions
) -> Rendered:
    """Render shots, one after another; see `render`. The names in `options.clips` are ignored."""
    check_target(out, options.size)
    began = time.monotonic()
    fps = options.fps or min(shots[0].fps, _MAX_FPS.get(out.suffix, math.inf))
    plan = [(shot, shot.frames_at(fps, options.speed)) for shot in shots]
    total = sum(len(frames) for _, frames in plan)
    if out.suffix == ".png":
        plan = _thinned(plan, np.unique(((np.arange(SHEET) + 0.5) / SHEET * total).astype(int)))
        total = sum(len(frames) for _, frames in plan)
    marked = any(shot.dots for shot in shots)
    scene = Renderer(
        config,
        options.size,
        ghost=options.ghost,
        geoms=options.geoms,
        see_through=marked,
        distance=options.distance,
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
    return Rendered(total, time.monotonic() - began, duration)


def _write(
    frames: Iterator[tuple[Frame, str, int]],
    options: RenderOptions,
    write: Write,
    advance: Callable[..., None],
) -> None:
    """Finish and write frames, while OpenGL renders the next one."""
    caption = Caption(options.size)

    def finish(frame: Frame, text: str, times: int) -> None:
        image = caption.write(frame.image(), text)
        for _ in range(times):
            write(image)

    pending: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1) as worker:
        for frame, text, times in frames:
            pending.append(worker.submit(finish, frame, text, times))
            if len(pending) > _AHEAD:
                pending.popleft().result()
            advance(times, note=text)
        for last in pending:
            last.result()


def _frames(
    scene: Renderer, plan: list[tuple[Shot, np.ndarray]], options: RenderOptions
) -> Iterator[tuple[Frame, str, int]]:
    """Each frame, its caption, and how often it is shown: in slow motion more than once."""
    for shot, frames in plan:
        qpos, alive = _held(shot.qpos(), shot.name), shot.alive()
        check_poses(qpos.shape[1], scene.nq, shot.name)
        reference = _held(shot.reference(), shot.name) if options.ghost else None
        targets = None if shot.targets is None else shot.targets()
        camera = follow(qpos, shot.fps, scene.middle, options.camera)
        for frame, repeats in itertools.groupby(frames):
            ghost = None if reference is None else reference[frame]
            dots = [some._replace(points=some.points[frame]) for some in shot.dots]
            if targets is not None:
                dots.append(Dots(targets[frame], TARGET_COLOUR, TARGET_RADIUS))
            text = f"{shot.name}   {frame / shot.fps:.2f} s" + ("" if alive[frame] else "   failed")
            yield scene.frame(qpos[frame], camera[frame], ghost, dots), text, len(list(repeats))


def _held(qpos: np.ndarray, name: str) -> np.ndarray:
    """The poses, with poses that are not finite replaced by the last finite one."""
    finite = np.isfinite(qpos).all(axis=1)
    if not finite.any():
        raise InputError(f"{name} has no finite pose to show")
    # before the first finite pose, the first is shown
    frames = np.where(finite, np.arange(len(qpos)), np.argmax(finite))
    return qpos[np.maximum.accumulate(frames)]


@contextlib.contextmanager
def _open_shots(source: Path, options: RenderOptions) -> Iterator[tuple[SceneConfig | BodyKind, list[Shot]]]:
    """The scene or body, and the shots, of a recording or a clip file."""
    if is_recording(source):
        with open_recording(source) as recording:
            _require_poses(recording, options)
            yield recording.scene, [rollout_shot(r, recording.fps) for r in recording.rollouts.values()]
    elif options.ghost:
        raise InputError(f"{source} has clips, which have no reference to show as a ghost; omit --ghost")
    else:
        clips = read_clips(source)
        yield clips.body, [clip_shot(clip) for clip in clips]


def _require_poses(recording: Recording, options: RenderOptions) -> None:
    """Require, before rendering, that the data to show was recorded."""
    for name, rollout in recording.rollouts.items():
        if name in (options.clips or recording.rollouts):
            rollout.require("qpos")
            if options.ghost and not rollout.has("reference"):
                where = f"rollout {name!r} of {recording.path}"
                raise InputError(f"{where} has no reference to show as a ghost; omit --ghost")


def rollout_shot(rollout: Played, fps: float) -> Shot:
    """A rollout of a recording, or one in memory."""
    qpos, reference, alive = (
        functools.partial(rollout.read, name) for name in ("qpos", "reference", "alive")
    )
    return Shot(
        rollout.name, rollout.n_frames, fps, qpos, reference, alive, targets=recorded_targets(rollout)
    )


def clip_shot(clip: Clip) -> Shot:
    """A clip, which never fails and is its own reference."""
    always = functools.partial(np.ones, clip.n_frames, bool)
    return Shot(clip.name, clip.n_frames, clip.fps, lambda: clip.qpos, lambda: clip.qpos, always)


def chosen(shots: list[Shot], names: tuple[str, ...], source: Path | str) -> list[Shot]:
    """The shots of these names, in this order; all without names.

    Raises:
        InputError: a name is unknown.
    """
    known = {shot.name: shot for shot in shots}
    for name in names:
        if name not in known:
            raise unknown("clip", name, known, str(source))
    return [known[name] for name in names] or shots


def _thinned(plan: list[tuple[Shot, np.ndarray]], chosen: np.ndarray) -> list[tuple[Shot, np.ndarray]]:
    """The plan with the chosen frames only, which are indices over the frames of all shots."""
    starts = np.cumsum([0, *(len(frames) for _, frames in plan)])
    thin = []
    for (shot, frames), start in zip(plan, starts[:-1], strict=True):
        here = chosen[(chosen >= start) & (chosen < start + len(frames))] - start
        if len(here):
            thin.append((shot, frames[here]))
    return thin
