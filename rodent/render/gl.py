"""OpenGL contexts, with or without a display."""

import os
import sys
from typing import Any

import mujoco

from rodent.errors import WorkError


class NoOpenGLError(WorkError):
    """Rendering is not possible on this machine with its current setup."""


def open_gl(model: mujoco.MjModel, size: tuple[int, int]) -> tuple[Any, mujoco.MjrContext]:
    """A current OpenGL context, and MuJoCo's renderer in it; free them in reverse order.

    MUJOCO_GL chooses the backend. Without MUJOCO_GL, on Linux without a display, it is EGL.

    Raises:
        NoOpenGLError: no context can be created; the message says what to install or set.
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
    # the exception for a missing driver depends on where PyOpenGL detects it
    except (ImportError, AttributeError, OSError, RuntimeError, mujoco.FatalError) as error:
        kind = "egl" if headless else backend or "default"
        raise NoOpenGLError(
            f"no OpenGL context ({kind}, {size[0]}x{size[1]}: {error}); on Linux install libegl1 and "
            "libgl1-mesa-dri and set MUJOCO_GL=egl, or install libosmesa6 and set MUJOCO_GL=osmesa"
        ) from error
