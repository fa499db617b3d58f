"""Physics, JAX and OpenGL: the programs that try them, and what their outcomes mean."""

import sys
from collections.abc import Mapping

from rodent.doctor.finding import Finding
from rodent.doctor.trial import Outcome

# the rat itself, on all threads: its files, MuJoCo and the batch engine at once
PHYSICS = """
import json
import numpy as np
from rodent.body_config import BodyConfig
from rodent.scene import make_scene
from rodent.physics.engine import Command
from rodent.physics.host import HostEngine
model = make_scene(BodyConfig()).model
engine = HostEngine(model, 64, 0.02)
initial = engine.forward(np.tile(model.qpos0, (64, 1)), np.zeros((64, model.nv)))
still = Command(np.zeros((64, model.nu)), np.zeros(64, bool), initial)
state = engine.step(engine.begin(initial), still)
assert np.isfinite(state.physics.qpos).all(), "a rat that only falls diverges"
print(json.dumps({"threads": engine.threads}))
"""

# the error of a product tells the precision that matrix units really have
JAX = """
import json
import jax
import jax.numpy as jnp
import numpy as np
a = np.random.default_rng(0).standard_normal((256, 256))
x = jnp.asarray(a)
error = np.linalg.norm(np.asarray(x @ x, np.float64) - a @ a) / np.linalg.norm(a @ a)
print(json.dumps({
    "version": jax.__version__,
    "platform": jax.default_backend(),
    "devices": [device.device_kind for device in jax.devices()],
    "type": str(x.dtype),
    "error": error,
}))
"""

# the way that `rodent render` draws
DRAW = """
import json
from rodent.body_config import BodyConfig
from rodent.render import Renderer, View
with Renderer(BodyConfig(), (96, 64)) as scene:
    picture = scene.draw(scene.model.qpos0, View(scene.middle, azimuth=90, elevation=-8))
    from OpenGL import GL
    renderer = GL.glGetString(GL.GL_RENDERER)
assert picture.min() < picture.max(), "the picture is blank"
print(json.dumps({"renderer": (renderer or b"unknown").decode(errors="replace")}))
"""

_COARSE = 1e-5  # a product in float32 errs by 1e-7; in TF32 or bfloat16 by 1e-4 to 1e-2


def gl_backends(platform: str = sys.platform) -> tuple[str, ...]:
    """Values of MUJOCO_GL that MuJoCo knows on a platform, the best first."""
    return ("cgl", "glfw") if platform == "darwin" else ("egl", "osmesa", "glfw")


def chosen_backend(environment: Mapping[str, str], platform: str = sys.platform) -> str:
    """The backend that films are drawn with here, if nothing is changed.

    >>> chosen_backend({}, "linux"), chosen_backend({"DISPLAY": ":0"}, "linux")
    ('egl', 'glfw')
    """
    if named := environment.get("MUJOCO_GL", "").strip().lower():
        return named
    if platform == "darwin":
        return "cgl"
    return "glfw" if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY") else "egl"


def gl_findings(
    outcomes: Mapping[str, Outcome], required: str, platform: str = sys.platform
) -> list[Finding]:
    """One finding per backend tried; a fault is only that the required one does not draw."""
    drawing = [name for name, outcome in outcomes.items() if outcome.values is not None]
    if drawing:
        mend = f"export MUJOCO_GL={drawing[0]}"
    elif platform == "linux":
        mend = "sudo apt install libegl1 libopengl0 libgl1-mesa-dri"
    else:
        mend = "unset MUJOCO_GL"
    findings = []
    for name, outcome in outcomes.items():
        subject, films = f"OpenGL {name}", "films use it; " if name == required else ""
        if outcome.values is not None:
            findings.append(Finding(subject, "ok", f"{films}draws with {outcome.values['renderer']}"))
        elif name == required:
            findings.append(Finding(subject, "fault", f"{films}does not draw: {outcome.reason}", mend))
        else:
            findings.append(Finding(subject, "note", f"does not draw: {outcome.reason}"))
    return findings


def physics_finding(outcome: Outcome, install: str) -> Finding:
    """Whether the rat can be simulated, and on how many threads."""
    if outcome.values is None:
        return Finding("physics", "fault", outcome.reason, install)
    return Finding("physics", "ok", f"the rat falls; {outcome.values['threads']} threads")


def jax_findings(outcome: Outcome, driver: int | None, install: str, install_gpu: str) -> list[Finding]:
    """JAX's devices and its precision.

    Args:
        outcome: of the trial `JAX`.
        driver: major version of the NVIDIA driver, None where there is no NVIDIA GPU.
        install: the command that installs JAX.
        install_gpu: the command that installs JAX for this GPU.
    """
    values = outcome.values
    if values is None:
        return [Finding("JAX", "fault", outcome.reason, install)]
    found = f"{values['version']} on {', '.join(values['devices'])}"
    if driver is not None and values["platform"] == "cpu":
        device = Finding("JAX", "note", f"{found}; there is an NVIDIA GPU that it does not use", install_gpu)
    else:
        device = Finding("JAX", "ok", found)
    found = f"{values['type']}, products right to {values['error']:.0e}"
    if values["error"] > _COARSE:
        mend = "export JAX_DEFAULT_MATMUL_PRECISION=highest"
        return [device, Finding("precision", "note", f"{found}: less than float32 can", mend)]
    return [device, Finding("precision", "ok", found)]
