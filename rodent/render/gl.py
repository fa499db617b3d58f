"""An OpenGL context to draw in, with or without a screen."""

import os
import sys
from typing import Any

import mujoco

from rodent.errors import WorkError


def gl_context(width: int, height: int) -> Any:
    """MuJoCo's OpenGL context of the kind that MUJOCO_GL names, already current.

    Without MUJOCO_GL, and on a Linux without a screen, it is EGL.

    Raises:
        WorkError: there is none; the message says what to install or set.
    """
    wanted = os.environ.get("MUJOCO_GL", "")
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    headless = not wanted and sys.platform == "linux" and not screen
    try:
        if headless:
            from mujoco.egl import GLContext
        else:
            from mujoco import GLContext
        context = GLContext(width, height)
        context.make_current()
    # what a missing driver raises depends on where PyOpenGL notices it
    except (ImportError, AttributeError, OSError, RuntimeError, mujoco.FatalError) as error:
        kind = "egl" if headless else wanted or "default"
        raise WorkError(
            f"no OpenGL context ({kind}: {error}); on Linux install libegl1 and libgl1-mesa-dri and set "
            "MUJOCO_GL=egl, or install libosmesa6 and set MUJOCO_GL=osmesa"
        ) from error
    return context
