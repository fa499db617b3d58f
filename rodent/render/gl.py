"""OpenGL to draw with, whether there is a screen or not."""

import os
import sys
from typing import Any

import mujoco

from rodent.errors import WorkError


class NoOpenGLError(WorkError):
    """Nothing can be drawn on this machine as it is set up."""


def open_gl(model: mujoco.MjModel, size: tuple[int, int]) -> tuple[Any, mujoco.MjrContext]:
    """An OpenGL context, already current, and MuJoCo's renderer in it; free them in reverse order.

    Its kind is the one that MUJOCO_GL names. Without MUJOCO_GL, and on a Linux without a
    screen, it is EGL.

    Raises:
        NoOpenGLError: there is none; the message says what to install or set.
    """
    backend = os.environ.get("MUJOCO_GL", "")
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    headless = not backend and sys.platform == "linux" and not screen
    try:
        if headless:
            from mujoco.egl import GLContext
        else:
            from mujoco import GLContext
        context = GLContext(*size)
        context.make_current()
        return context, mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
    # what a missing driver raises depends on where PyOpenGL notices it
    except (ImportError, AttributeError, OSError, RuntimeError, mujoco.FatalError) as error:
        kind = "egl" if headless else backend or "default"
        raise NoOpenGLError(
            f"no OpenGL context ({kind}, {size[0]}x{size[1]}: {error}); on Linux install libegl1 and "
            "libgl1-mesa-dri and set MUJOCO_GL=egl, or install libosmesa6 and set MUJOCO_GL=osmesa"
        ) from error
