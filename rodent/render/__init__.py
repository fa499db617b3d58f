"""Rendering of recordings and clips: the rat with its skin, its reference as a ghost.

render(Path("walk.h5"), Path("walk.mp4"), RenderOptions(ghost=True))

with Renderer(scene.config, size=(640, 480)) as renderer:
    image = renderer.draw(qpos, View(lookat, azimuth=90, elevation=-8))     # uint8, (480, 640, 3)
"""

from rodent.render.camera import CAMERAS, View
from rodent.render.each import render_each
from rodent.render.embedded import Film
from rodent.render.film import render, render_shots
from rodent.render.gl import NoOpenGLError
from rodent.render.marks import Arrow, Dots
from rodent.render.options import Rendered, RenderOptions
from rodent.render.renderer import Renderer
from rodent.render.shots import Shot
from rodent.render.targets import recorded_targets

__all__ = [
    "CAMERAS",
    "Arrow",
    "Dots",
    "Film",
    "NoOpenGLError",
    "RenderOptions",
    "Rendered",
    "Renderer",
    "Shot",
    "View",
    "recorded_targets",
    "render",
    "render_each",
    "render_shots",
]
