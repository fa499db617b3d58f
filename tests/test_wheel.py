"""The wheel works away from the checkout, and the locks hold what pyproject.toml asks for."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
VERSION = PROJECT["project"]["version"]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel installs; built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    assert wheel.name == f"virtual_rodent-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def python(unpacked: Path, cwd: Path, program: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(unpacked)}
    result = subprocess.run(
        [sys.executable, "-c", program], check=True, cwd=cwd, env=environment, capture_output=True, text=True
    )
    return result.stdout.strip()


def test_wheel_holds_every_package_and_asset(unpacked):
    def files(folder: Path) -> set[str]:
        skipped = {"__pycache__", "MUJOCO_LOG.TXT"}
        found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        return {path.as_posix() for path in found if skipped.isdisjoint(path.parts)}

    assert files(unpacked / "rodent" / "_assets") == files(ROOT / "assets")
    for package in ("training", "analysis"):
        assert files(unpacked / package) == files(ROOT / package)
    assert {path.parts[0] for path in map(Path, files(unpacked))} == {
        *("rodent", "training", "analysis", f"virtual_rodent-{VERSION}.dist-info")
    }


def test_wheel_has_the_command_and_the_licence(unpacked):
    info = unpacked / f"virtual_rodent-{VERSION}.dist-info"
    assert "rodent = rodent.cli:main" in (info / "entry_points.txt").read_text()
    assert (info / "licenses" / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert "License-Expression: Apache-2.0" in (info / "METADATA").read_text()


def test_unpacked_wheel_finds_its_assets_from_another_folder(unpacked, tmp_path):
    program = "from rodent.assets import asset_path; print(asset_path('arenas', 'floor.xml'))"
    found = Path(python(unpacked, tmp_path, program))
    assert found == unpacked / "rodent" / "_assets" / "arenas" / "floor.xml"


def test_unpacked_wheel_runs_the_command(unpacked, tmp_path):
    program = "from rodent.cli import main; main(['--help'])"
    assert python(unpacked, tmp_path, program).startswith("usage: rodent")


def test_every_place_has_the_same_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == VERSION
    assert citation["license"] == PROJECT["project"]["license"]
    (latest, *_) = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert latest == VERSION
    # installed from this checkout; `make setup` renews it
    assert metadata.version("virtual-rodent") == VERSION


@pytest.mark.parametrize("name", ["cpu", "cuda12", "cuda13"])
def test_lock_fits_pyproject_and_names_no_address(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=)", text, re.MULTILINE), "an option other than --hash"
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))
    extras = PROJECT["project"]["optional-dependencies"]
    groups = PROJECT["dependency-groups"]
    wanted = [*PROJECT["project"]["dependencies"], *groups["dev"], *groups["docs"]]
    for extra in ("neuro", "viewer", *({name} & set(extras))):
        wanted += extras[extra]
    for requirement in map(Requirement, wanted):
        version = locked.get(requirement.name.lower())
        assert version, f"{requirement.name} is not locked; run make lock"
        assert version in requirement.specifier, f"{requirement} is locked at {version}; run make lock"
