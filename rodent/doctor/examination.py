"""All checks, in the order of the output."""

import contextlib
import os
from pathlib import Path

from rodent.doctor import gpu, installation, machine, storage
from rodent.doctor.finding import Finding
from rodent.doctor.trial import Trial
from rodent.folders import cache_folder

SECONDS = 90.0  # time limit for all trials; a cold start from a slow disk takes a third of it


def examine(seconds: float = SECONDS) -> list[Finding]:
    """Run all checks; takes a few seconds, and at most about `seconds`."""
    required = machine.chosen_backend(os.environ)
    backends = tuple(dict.fromkeys([*machine.gl_backends(), required]))
    with contextlib.ExitStack() as stack:
        # importing MuJoCo fails with a broken backend
        physics = stack.enter_context(Trial(machine.PHYSICS, {"MUJOCO_GL": "disable"}))
        jax = stack.enter_context(Trial(machine.JAX, {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}))
        drawing = {name: stack.enter_context(Trial(machine.DRAW, {"MUJOCO_GL": name})) for name in backends}
        driver = gpu.nvidia_driver()
        install = installation.install_command()
        install_gpu = installation.install_command(gpu.gpu_extra(driver))
        return [
            *installation.package_findings(),
            machine.physics_finding(physics.outcome(seconds), install),
            gpu.driver_finding(driver, gpu.has_nvidia_card(), gpu.installed_cuda(), install_gpu),
            *machine.jax_findings(jax.outcome(seconds), driver, install, install_gpu),
            *machine.gl_findings(
                {name: t.outcome(seconds) for name, t in drawing.items()}, required, driver=driver
            ),
            storage.data_finding(),
            storage.cache_finding(),
            *storage.disk_findings({"runs": Path(), "the cache": cache_folder()}),
        ]
