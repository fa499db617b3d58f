"""Videos of a recording or a clip set.

The video shows one rollout or clip after the other, with its name and time. A few frames at a time are in
memory, and one rollout at a time is read.
"""

import dataclasses
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
from rodent.errors import InputError, unknown
from rodent.files import atomic_path
from rodent.progress import progress
from rodent.recording.channels import GROUND_FORCE
from rodent.render.camera import CAMERAS, follow
from rodent.render.force_strip import SMALLEST, ForceStrip, force_arrows, strip_height
from rodent.render.renderer import Dots, Frame, Renderer, check_poses
from rodent.render.shots import Shot, open_shots
from rodent.render.targets import TARGET_COLOUR, TARGET_RADIUS
from rodent.render.video import Caption, Write, check_target, open_video, save_sheet
from rodent.scene_config import BodyKind, SceneConfig

SHEET = 6
"""Number of frames on a sheet."""

_NEARER = 0.8  # distance of the camera in the low picture above a strip
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
    forces: bool = False
    """Show the forces of the ground: vectors at the paws of a translucent rat, and a strip over time."""

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
        if self.forces and any(side < least for side, least in zip(self.size, SMALLEST, strict=True)):
            raise InputError(
                f"the size is {self.size[0]}x{self.size[1]}; a film with forces needs at least "
                f"{SMALLEST[0]}x{SMALLEST[1]} pixels"
            )

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels of a recording that are shown."""
        shown = {"qpos": True, "reference": self.ghost, GROUND_FORCE: self.forces}
        return tuple(name for name, yes in shown.items() if yes)


@dataclasses.dataclass(frozen=True)
class Rendered:
    """Summary of a rendered file."""

    frames: int
    """Frames in the file."""
    seconds: float
    """Time to render it."""
    duration: float
    """Length of the video, seconds; zero for a sheet."""


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
    return Rendered(total, time.monotonic() - began, duration)


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
        qpos, alive = _held(shot.qpos(), shot.name), shot.alive()
        check_poses(qpos.shape[1], scene.nq, shot.name)
        reference = _held(shot.reference(), shot.name) if options.ghost else None
        targets = None if shot.targets is None else shot.targets()
        forces = shot.forces() if options.forces and shot.forces else None
        strip = None if forces is None else ForceStrip(forces, options.size, scene.scale)
        camera = follow(qpos, shot.fps, scene.middle, options.camera)
        for frame, repeats in itertools.groupby(frames):
            ghost = None if reference is None else reference[frame]
            dots = [some._replace(points=some.points[frame]) for some in shot.dots]
            if targets is not None:
                dots.append(Dots(targets[frame], TARGET_COLOUR, TARGET_RADIUS))
            arrows = [] if forces is None else force_arrows(forces, frame, scene.scale)
            text = f"{shot.name}   {frame / shot.fps:.2f} s" + ("" if alive[frame] else "   failed")
            image = scene.frame(qpos[frame], camera[frame], ghost, dots, arrows)
            yield _Drawn(image, text, None if strip is None else strip.image(frame), len(list(repeats)))


def _held(qpos: np.ndarray, name: str) -> np.ndarray:
    """The poses, with poses that are not finite replaced by the last finite one."""
    finite = np.isfinite(qpos).all(axis=1)
    if not finite.any():
        raise InputError(f"{name} has no finite pose to show")
    # before the first finite pose, the first is shown
    frames = np.where(finite, np.arange(len(qpos)), np.argmax(finite))
    return qpos[np.maximum.accumulate(frames)]


def _thinned(plan: list[tuple[Shot, np.ndarray]], chosen: np.ndarray) -> list[tuple[Shot, np.ndarray]]:
    """The plan with the chosen frames only, which are indices over the frames of all shots."""
    starts = np.cumsum([0, *(len(frames) for _, frames in plan)])
    thin = []
    for (shot, frames), start in zip(plan, starts[:-1], strict=True):
        here = chosen[(chosen >= start) & (chosen < start + len(frames))] - start
        if len(here):
            thin.append((shot, frames[here]))
    return thin
