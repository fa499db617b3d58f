"""Trial programs for physics, JAX and OpenGL, and the findings from their outcomes."""

import sys
from collections.abc import Mapping

from rodent.doctor.finding import Finding
from rodent.doctor.trial import Outcome

# steps the rat on all threads: tests its files, MuJoCo and the batch engine
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

# the error of a matrix product shows the actual precision of the hardware
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

# renders an image like `rodent render`
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

_COARSE = 1e-5  # the error of a product is 1e-7 in float32, 1e-4 to 1e-2 in TF32 or bfloat16


def gl_backends(platform: str = sys.platform) -> tuple[str, ...]:
    """Values of MUJOCO_GL that MuJoCo supports on a platform, the preferred first."""
    return ("cgl", "glfw") if platform == "darwin" else ("egl", "osmesa", "glfw")


def chosen_backend(environment: Mapping[str, str], platform: str = sys.platform) -> str:
    """The backend that renders videos with the current environment variables.

    >>> chosen_backend({}, "linux"), chosen_backend({"DISPLAY": ":0"}, "linux")
    ('egl', 'glfw')
    """
    if named := environment.get("MUJOCO_GL", "").strip().lower():
        return named
    if platform == "darwin":
        return "cgl"
    return "glfw" if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY") else "egl"


def gl_findings(
    outcomes: Mapping[str, Outcome], required: str, platform: str = sys.platform, driver: int | None = None
) -> list[Finding]:
    """One finding per backend; only a failure of the required one is a fault.

    Args:
        outcomes: of the trial `DRAW`, by backend.
        required: the backend that renders videos.
        platform: of this machine.
        driver: major version of the NVIDIA driver, None without an NVIDIA GPU.
    """
    drawing = [name for name, outcome in outcomes.items() if outcome.values is not None]
    if drawing:
        mend = f"export MUJOCO_GL={drawing[0]}"
    elif platform == "linux":
        mend = "sudo apt install libegl1 libopengl0 libgl1-mesa-dri"
    else:
        mend = "unset MUJOCO_GL"
    findings = []
    for name, outcome in outcomes.items():
        subject, use = f"OpenGL {name}", "used for videos; " if name == required else ""
        if outcome.values is not None:
            found = f"{use}renders with {outcome.values['renderer']}"
            if driver is not None and name == "egl" and "llvmpipe" in found:
                # the driver's OpenGL is a package of its own, which containers often lack
                found += ", in software, although there is an NVIDIA GPU"
                findings.append(Finding(subject, "note", found, f"sudo apt install libnvidia-gl-{driver}"))
            else:
                findings.append(Finding(subject, "ok", found))
        elif name == required:
            findings.append(Finding(subject, "fault", f"{use}cannot render: {outcome.reason}", mend))
        else:
            findings.append(Finding(subject, "note", f"cannot render: {outcome.reason}"))
    return findings


def physics_finding(outcome: Outcome, install: str) -> Finding:
    """Whether the rat can be simulated, and on how many threads."""
    if outcome.values is None:
        return Finding("physics", "fault", outcome.reason, install)
    return Finding("physics", "ok", f"the rat can be simulated; {outcome.values['threads']} threads")


def jax_findings(outcome: Outcome, driver: int | None, install: str, install_gpu: str) -> list[Finding]:
    """JAX's devices and its precision.

    Args:
        outcome: of the trial `JAX`.
        driver: major version of the NVIDIA driver, None without an NVIDIA GPU.
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
    found = f"{values['type']}, relative error of products {values['error']:.0e}"
    if values["error"] > _COARSE:
        mend = "export JAX_DEFAULT_MATMUL_PRECISION=highest"
        return [device, Finding("precision", "note", f"{found}: less precise than float32", mend)]
    return [device, Finding("precision", "ok", found)]
