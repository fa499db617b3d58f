"""A poster: several moments of one movement in one picture, as on a plate that was exposed several times.

render_poster(scene.config, [shot], Path("walk.png"), RenderOptions(poster="path", size=(2400, 1000)))

Every moment is rendered alone, from one camera that sees them all. Of two rats in a pixel the nearer one is
shown, and of several shadows on the ground the darkest. Moments are labelled with their times, and a bar
shows a length in the middle of the picture.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import imageio.v3 as imageio
import mujoco
import numpy as np
from PIL import Image, ImageDraw

from rodent.errors import InputError
from rodent.files import atomic_path
from rodent.progress import progress
from rodent.render.camera import View, camera_angles
from rodent.render.loaded import Loaded
from rodent.render.model import FIELD, body_size
from rodent.render.options import Rendered, RenderOptions
from rodent.render.renderer import Frame, Renderer, check_poses, usual_distance
from rodent.render.shots import Shot
from rodent.render.smooth import smooth_edges
from rodent.render.video import draw_text, letter_size
from rodent.scene import Scene, make_scene
from rodent.scene_config import BodyKind, SceneConfig, as_scene_config

_WIDE, _HIGH = 0.92, 0.78  # of the picture that bodies fill at most
_APART = 1.1  # distance of bodies in a row, in lengths of the longest pose
_OVERLAP = 0.7  # least distance on a path, in lengths of a pose, if no times are given
_FEWEST, _MOST, _ROW = 3, 9, 6  # moments on a path and in a row, if none are given
_NEARER = 5e-4  # fraction of the distance by which a body is nearer than the ground
_LARGER = 1.4  # letters of a poster, relative to those of a film
_BARS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # m
_BAR = 0.2  # of the width that the bar takes at most
_TAN = np.tan(np.radians(FIELD / 2))


def render_poster(
    config: SceneConfig | BodyKind, shots: Sequence[Shot], out: Path, options: RenderOptions
) -> Rendered:
    """Render moments of one shot as one picture.

    Raises:
        InputError: there are several shots, a time is not in the shot, or the file is no .png.
    """
    if out.suffix != ".png":
        raise InputError(f"a poster is a picture; {out} must end in .png")
    if len(shots) > 1:
        names = ", ".join(shot.name for shot in shots)
        raise InputError(f"a poster shows one of {len(shots)} clips; choose it with --clip: {names}")
    began, config = time.monotonic(), as_scene_config(config)
    scene, motion = make_scene(config), Loaded(shots[0], options)
    qpos, fps = motion.qpos, motion.shot.fps
    check_poses(qpos.shape[1], scene.model.nq, motion.shot.name)
    count = _ROW if options.poster == "row" else fitting_count(qpos, scene, options.camera)
    moments = chosen_moments(options.times, len(qpos), fps, count)
    found = composed(scene, qpos[moments], camera_angles(qpos, options.camera), options)
    renderer = Renderer(
        config,
        options.size,
        ghost=options.ghost,
        geoms=options.geoms,
        see_through=options.forces or bool(motion.shot.dots),
        distance=found.distance / usual_distance(body_size(config), options.size),
    )
    frames = []
    with atomic_path(out) as temporary:
        with renderer, progress("rendering", len(moments), "moments") as advance:
            for frame, move in zip(moments, found.move, strict=True):
                frames.append(motion.draw(renderer, frame, found.view, move))
                advance(1)
        texts = [f"{frame / fps:.2f} s" for frame in moments]
        imageio.imwrite(temporary, labelled(composite(frames), found, texts), extension=".png")
    return Rendered(len(moments), time.monotonic() - began, 0.0, (str(out),))


class Axes(NamedTuple):
    """The directions of a camera: unit vectors to the right, up and ahead, shape (3,) each."""

    right: np.ndarray
    up: np.ndarray
    ahead: np.ndarray

    @classmethod
    def of(cls, azimuth: float, elevation: float) -> "Axes":
        """Those of a view's angles, degrees."""
        a, e = np.radians([azimuth, elevation])
        ahead = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
        right = np.array([np.sin(a), -np.cos(a), 0.0])
        return cls(right, np.cross(right, ahead), ahead)


class Composition(NamedTuple):
    """Where bodies and camera are.

    Attributes:
        move: how far bodies are displaced, m, shape (moments, 3).
        view: of the camera.
        distance: of the camera from `view.lookat`, m.
        labels: columns and rows of the labels, shape (moments, 2), as fractions of the picture's height from
            its middle, to the right and down.
    """

    move: np.ndarray
    view: View
    distance: float
    labels: np.ndarray


def chosen_moments(times: tuple[float, ...], n_frames: int, fps: float, count: int) -> np.ndarray:
    """Frames at times, or evenly spaced ones.

    Args:
        times: seconds since the first frame; none for `count` frames from the first to the last.
        n_frames, fps: of the motion.
        count: of frames.

    Raises:
        InputError: a time is not within the motion.
    """
    if not times:
        return np.unique(np.linspace(0, n_frames - 1, count).round().astype(int))
    last = (n_frames - 1) / fps
    for seconds in times:
        if not 0 <= seconds <= last + 1e-6:
            raise InputError(f"the time {seconds:g} s is not in the clip; expected 0 to {last:g} s")
    return np.unique(np.round(np.multiply(times, fps)).astype(int))


def fitting_count(qpos: np.ndarray, scene: Scene, camera: str) -> int:
    """How many moments of a motion stand side by side along its path."""
    right = Axes.of(*camera_angles(qpos, camera)).right
    length = _OVERLAP * np.ptp(body_points(scene, qpos[:1]) @ right)
    return int(np.clip(1 + np.ptp(qpos[:, :3] @ right) / length, _FEWEST, _MOST))


def composed(
    scene: Scene, qpos: np.ndarray, angles: tuple[float, float], options: RenderOptions
) -> Composition:
    """Place bodies and a camera that sees them all.

    Args:
        scene: of the poses.
        qpos: shape (moments, nq).
        angles: azimuth and elevation of the camera, degrees.
        options: size of the picture, distance relative to the one that fits, and whether bodies are in a row.
    """
    axes, points, move = Axes.of(*angles), body_points(scene, qpos), np.zeros((len(qpos), 3))
    if options.poster == "row":
        apart = _APART * np.ptp(points @ axes.right, axis=1).max()
        move = apart * np.arange(len(qpos))[:, None] * axes.right - qpos[:, :3] * (1, 1, 0)
    points = points + move[:, None]
    x, y, z = (points @ axis for axis in axes)
    middle = [(values.min() + values.max()) / 2 for values in (x, y, z)]
    x, y, z = (values - mean for values, mean in zip((x, y, z), middle, strict=True))
    aspect = options.size[0] / options.size[1]
    distance = options.distance * float(
        max((abs(x) / (_TAN * aspect * _WIDE) - z).max(), (abs(y) / (_TAN * _HIGH) - z).max())
    )
    scale = 2 * _TAN * (distance + z)
    places = np.stack([(x / scale).mean(1), -(y / scale).max(1)], axis=1)
    lookat = np.stack(axes, axis=1) @ middle
    return Composition(move, View(lookat, *angles), distance, places)


def body_points(scene: Scene, qpos: np.ndarray) -> np.ndarray:
    """Centres of the body's geoms in poses, m, shape (poses, geoms, 3).

    What collides with nothing, such as the tail, is no lower than the rest, as in pictures.
    """
    model, data = scene.model, mujoco.MjData(scene.model)
    moving = np.flatnonzero(model.body_rootid[model.geom_bodyid] == model.jnt_bodyid[0])
    found = np.empty((len(qpos), len(moving), 3))
    for points, pose in zip(found, qpos, strict=True):
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        points[:] = data.geom_xpos[moving]
    solid = (model.geom_contype | model.geom_conaffinity)[moving] > 0
    found[..., 2] = np.maximum(found[..., 2], found[:, solid, 2].min(axis=1, keepdims=True))
    return found


def composite(frames: list[Frame]) -> np.ndarray:
    """One picture of several exposures with one camera, uint8, shape (height, width, 3), from the top."""
    for frame in frames:
        if frame.shadow:
            frame.shadow.darken(frame.colors, frame.depth)
    colors, depth = (np.stack(parts) for parts in zip(*((f.colors, f.depth) for f in frames), strict=True))
    # 1 - depth is inverse to the distance
    nearest, ground = depth.argmin(axis=0)[None], 1 - depth.max(axis=0)
    body = 1 - np.take_along_axis(depth, nearest, 0)[0] > ground * (1 + _NEARER)
    image = np.where(
        body[..., None], np.take_along_axis(colors, nearest[..., None], 0)[0], colors.min(axis=0)
    )
    smooth_edges(image)
    return image[::-1]


def labelled(image: np.ndarray, composition: Composition, texts: list[str]) -> np.ndarray:
    """The picture with its times and a bar, uint8, of the same shape."""
    height, width = image.shape[:2]
    picture, letters = Image.fromarray(image), round(_LARGER * letter_size((width, height)))
    for (right, down), text in zip(composition.labels, texts, strict=True):
        place = width / 2 + right * height, height / 2 + down * height - letters
        draw_text(picture, place, text, letters, "ms")
    pixels = height / (2 * _TAN * composition.distance)  # of a metre in the middle
    bar = max((one for one in _BARS if one * pixels <= _BAR * width), default=_BARS[0])
    low, left = height - 1.2 * letters, 1.2 * letters
    line = (left, low, left + bar * pixels, low)
    ImageDraw.Draw(picture).line(line, fill=(40, 40, 48), width=max(2, letters // 6))
    text = f"{bar:g} m" if bar >= 1 else f"{100 * bar:g} cm"
    draw_text(picture, (left, low - 0.5 * letters), text, letters, "ls")
    return np.asarray(picture)
