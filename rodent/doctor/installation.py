"""Python and the packages: are they those that the project was made for?"""

import platform
import shlex
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from rodent.doctor.finding import Finding
from rodent.versions import PACKAGES, versions

PROJECT = "virtual-rodent"
_NVIDIA = Path("/sys/module/nvidia/version")
_EXTRAS = {
    "neuro": "rodent encode and rodent demo",
    "parquet": "tables as Parquet files",
    "viewer": "rodent view",
}


def pip_install(requirements: Iterable[Requirement]) -> str:
    """The command that installs packages beside this Python.

    >>> pip_install([Requirement("jax>=0.10,<0.11")]).partition("-m")[2]
    " pip install 'jax<0.11,>=0.10'"
    """
    # markers are the resolver's business, and have been looked at
    plain = [str(requirement).partition(";")[0].strip() for requirement in requirements]
    return shlex.join([sys.executable, "-m", "pip", "install", *plain])


def python_finding(version: str, required: str) -> Finding:
    """Whether Python is one of those that are supported."""
    if SpecifierSet(required).contains(version):
        return Finding("Python", "ok", version)
    return Finding("Python", "fault", f"{version}; {required} is expected", "make setup PYTHON=python3.12")


def requirements_of(extra: str = "", distribution: str = PROJECT) -> list[Requirement]:
    """What the installed project asks for on this machine; with an extra, only what that adds."""
    stated = [Requirement(text) for text in metadata.requires(distribution) or ()]
    base = [r for r in stated if r.marker is None or r.marker.evaluate({"extra": ""})]
    if not extra:
        return base
    return [
        r for r in stated if r not in base and r.marker is not None and r.marker.evaluate({"extra": extra})
    ]


def amiss(requirements: Iterable[Requirement]) -> dict[Requirement, str]:
    """Of requirements, those that are not met, and what is there instead."""
    found = {requirement: _installed(requirement.name) for requirement in requirements}
    return {
        requirement: version or "not installed"
        for requirement, version in found.items()
        if version is None or not requirement.specifier.contains(version, prereleases=True)
    }


def package_findings() -> list[Finding]:
    """Python, the packages that are needed, and those of the extras."""
    try:
        python = metadata.metadata(PROJECT)["Requires-Python"]
        needed = amiss(requirements_of())
        extras = {extra: amiss(requirements_of(extra)) for extra in _EXTRAS}
    except metadata.PackageNotFoundError:
        return [Finding("packages", "fault", f"{PROJECT} is not installed", "make setup")]
    return [
        python_finding(platform.python_version(), python),
        _packages("packages", needed, "fault", _present()),
        *(
            _packages(f"extra {extra}", extras[extra], "note", f"for {use}: installed")
            for extra, use in _EXTRAS.items()
        ),
    ]


def nvidia_driver(version_file: Path = _NVIDIA, device: Path = Path("/dev/nvidiactl")) -> int | None:
    """Major version of the NVIDIA driver; None where there is no NVIDIA GPU to use."""
    if not (device.exists() and version_file.is_file()):
        return None
    return int(version_file.read_text().partition(".")[0])


def gpu_extra(driver: int | None) -> str:
    """The extra that fits a driver: CUDA 13 wants 580 or newer."""
    return "cuda13" if driver is not None and driver >= 580 else "cuda12"


def install_command(extra: str = "") -> str:
    """The command that installs what the project, or an extra of it, asks for."""
    try:
        return pip_install(requirements_of(extra))
    except metadata.PackageNotFoundError:
        return "make setup"


def _packages(subject: str, wrong: dict[Requirement, str], state: str, fine: str) -> Finding:
    if not wrong:
        return Finding(subject, "ok", fine)
    found = ", ".join(f"{r.name} {version} ({r.specifier} is expected)" for r, version in wrong.items())
    return Finding(subject, "fault" if state == "fault" else "note", found, pip_install(wrong))


def _present() -> str:
    found = versions()
    return ", ".join(f"{name} {found[name]}" for name in PACKAGES)


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
