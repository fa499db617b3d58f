"""Checks of NVIDIA GPUs: the card, its driver, and the CUDA packages that fit."""

import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from rodent.doctor.finding import Finding

_VERSION = Path("/sys/module/nvidia/version")
_DEVICE = Path("/dev/nvidiactl")
_CARDS = Path("/sys/bus/pci/devices")
_NVIDIA, _DISPLAY = "0x10de", "0x03"  # the maker, and the class of display controllers
_OLDEST = {"cuda12": 525, "cuda13": 580}
"""The oldest driver of each extra."""


def nvidia_driver(version_file: Path = _VERSION, device: Path = _DEVICE) -> int | None:
    """Major version of the NVIDIA driver; None without a usable NVIDIA GPU."""
    if not (device.exists() and version_file.is_file()):
        return None
    return int(version_file.read_text().partition(".")[0])


def has_nvidia_card(devices: Path = _CARDS) -> bool:
    """Whether an NVIDIA graphics card is plugged in, with a driver or without."""
    return any(
        _text(card / "vendor") == _NVIDIA and _text(card / "class").startswith(_DISPLAY)
        for card in (devices.iterdir() if devices.is_dir() else ())
    )


def gpu_extra(driver: int | None) -> str:
    """The extra for a driver."""
    return "cuda13" if driver is not None and driver >= _OLDEST["cuda13"] else "cuda12"


def installed_cuda() -> list[str]:
    """The extras whose packages of JAX are installed."""
    return [extra for extra in _OLDEST if _is_installed(f"jax-{extra}-plugin")]


def driver_finding(driver: int | None, card: bool, cuda: Iterable[str], install_gpu: str) -> Finding:
    """Whether the driver of the GPU works, and fits the installed packages.

    Args:
        driver: its major version; None if there is none, or it cannot be used.
        card: whether there is an NVIDIA card.
        cuda: extras that are installed, see `installed_cuda`.
        install_gpu: the command that installs those that fit.
    """
    if driver is None and not card:
        return Finding("GPU", "ok", "no NVIDIA GPU; everything runs on the processor")
    if driver is None:
        return Finding("GPU", "note", "there is an NVIDIA GPU without a usable driver", _driver_command())
    if driver < _OLDEST["cuda12"]:
        found = f"NVIDIA driver {driver}; {_OLDEST['cuda12']} or newer is required"
        return Finding("GPU", "note", found, _driver_command())
    if unfit := [extra for extra in cuda if driver < _OLDEST[extra]]:
        found = f"NVIDIA driver {driver}; the extra {unfit[0]} requires {_OLDEST[unfit[0]]} or newer"
        return Finding("GPU", "note", found, install_gpu)
    return Finding("GPU", "ok", f"NVIDIA driver {driver}, for the extra {gpu_extra(driver)}")


def _driver_command() -> str:
    """The command that installs a driver."""
    try:
        system = platform.freedesktop_os_release()["ID"]
    except OSError:
        system = ""
    return "sudo ubuntu-drivers install" if system == "ubuntu" else "sudo apt install nvidia-driver"


def _text(path: Path) -> str:
    return path.read_text().strip() if path.is_file() else ""


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True
