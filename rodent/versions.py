"""Which software made a file."""

import platform
from importlib import metadata

PACKAGES = ("virtual-rodent", "mujoco", "dm-control", "jax", "jaxlib", "flax", "optax", "brax", "numpy")


def versions() -> dict[str, str]:
    """Versions of this project, of Python and of what decides the numbers."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
