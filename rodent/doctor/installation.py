"""Checks of the versions of Python and of the packages."""

import platform
import shlex
import sys
from collections.abc import Iterable
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from rodent.doctor.finding import Finding
from rodent.versions import PACKAGES, versions

PROJECT = "virtual-rodent"
_EXTRAS = {
    "neuro": "rodent encode and rodent demo",
    "notebook": "tables and arrays of results in Python",
    "onnx": "rodent export --format onnx",
    "parquet": "tables as Parquet files, and rodent experiment",
    "ray": "rodent experiment on clusters of Ray",
    "slurm": "rodent experiment on clusters of SLURM",
    "viewer": "rodent view",
}


def pip_install(requirements: Iterable[Requirement]) -> str:
    """The command that installs packages for this Python.

    >>> pip_install([Requirement("jax>=0.10,<0.11")]).partition("-m")[2]
    " pip install 'jax<0.11,>=0.10'"
    """
    # markers have been evaluated
    plain = [str(requirement).partition(";")[0].strip() for requirement in requirements]
    return shlex.join([sys.executable, "-m", "pip", "install", *plain])


def python_finding(version: str, required: str) -> Finding:
    """Whether the version of Python is supported."""
    if SpecifierSet(required).contains(version):
        return Finding("Python", "ok", version)
    return Finding("Python", "fault", f"{version}; expected {required}", "make setup PYTHON=python3.12")


def requirements_of(extra: str = "", distribution: str = PROJECT) -> list[Requirement]:
    """Requirements of the installed project on this machine; with an extra, only those that it adds."""
    stated = [Requirement(text) for text in metadata.requires(distribution) or ()]
    base = [r for r in stated if r.marker is None or r.marker.evaluate({"extra": ""})]
    if not extra:
        return base
    return [
        r for r in stated if r not in base and r.marker is not None and r.marker.evaluate({"extra": extra})
    ]


def amiss(requirements: Iterable[Requirement]) -> dict[Requirement, str]:
    """Requirements that are not met, with the installed version."""
    found = {requirement: _installed(requirement.name) for requirement in requirements}
    return {
        requirement: version or "not installed"
        for requirement, version in found.items()
        if version is None or not requirement.specifier.contains(version, prereleases=True)
    }


def package_findings() -> list[Finding]:
    """Findings for Python, the required packages, and those of the extras."""
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


def install_command(extra: str = "") -> str:
    """The command that installs the requirements of the project, or of an extra."""
    try:
        return pip_install(requirements_of(extra))
    except metadata.PackageNotFoundError:
        return "make setup"


def _packages(subject: str, wrong: dict[Requirement, str], state: str, fine: str) -> Finding:
    if not wrong:
        return Finding(subject, "ok", fine)
    found = ", ".join(f"{r.name} {version} (expected {r.specifier})" for r, version in wrong.items())
    return Finding(subject, "fault" if state == "fault" else "note", found, pip_install(wrong))


def _present() -> str:
    found = versions()
    return ", ".join(f"{name} {found[name]}" for name in PACKAGES)


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
