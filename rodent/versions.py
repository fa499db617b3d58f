"""Which software made a file."""

import platform
from importlib import metadata

PACKAGES = ("virtual-rodent", "mujoco", "dm-control", "jax", "jaxlib", "flax", "optax", "brax", "numpy")


def versions(*further: str) -> dict[str, str]:
    """Versions of this project, of Python, of what decides the numbers, and of further packages."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in (*PACKAGES, *further):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
