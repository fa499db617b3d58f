"""Shared fixtures: the folder of real data, and a body that is compiled once.

What tests compile is kept between runs, see tests/environment.py; a worker
that holds much memory lets go of it between files, and collects only the garbage of tests.
"""

import tests.environment  # noqa: F401 - before anything that imports JAX

# isort: split
import ctypes
import fcntl
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest

from rodent.body_config import BodyConfig
from rodent.clips import ClipSet, write_clips
from rodent.errors import WorkError
from rodent.jax_setup import cache_compilations
from rodent.registration import alternation, sample, scale
from rodent.scene import Scene, make_scene
from rodent.synthesis.stance import stance_clips
from tests.motions import glide

MUCH_MEMORY = (1.5e9, 3e9)
"""Bytes that a worker may hold after a file: on a machine of little memory, and at most."""
SHARE = 0.6
"""Of the machine's memory, what all workers together may hold after their files."""

# nothing that imports and collection make is garbage: a tenth of their time would be looking for it
gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """What there is now stays to the end, so that looking for garbage takes no half second."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def compilations() -> None:
    """What one test has compiled is there for the next, and in the next run."""
    cache_compilations()


@pytest.fixture(scope="module", autouse=True)
def bounded_memory() -> Iterator[None]:
    """Compiled functions stay for the next file, until a worker holds much, its garbage left out."""
    yield
    if sys.platform == "linux" and _resident() > _much():
        _return_memory()
        if _resident() > _much():
            jax.clear_caches()
            _return_memory()


def _return_memory() -> None:
    """Give the system what Python and the C library hold and nobody uses."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def _resident() -> float:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _much() -> float:
    """Bytes that this worker may hold; below, the next file has all that was compiled for the others."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    least, most = MUCH_MEMORY
    return min(max(least, SHARE * memory / workers), most)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with real data that the environment variable RODENT_DATA names."""
    folder = os.environ.get("RODENT_DATA")
    if not folder:
        pytest.skip("RODENT_DATA is not set: point it at the folder with the real motion and spikes")
    path = Path(folder).resolve()
    assert path.is_dir(), f"RODENT_DATA names {path}, which is not a folder"
    return path


@pytest.fixture(scope="session")
def body() -> Scene:
    """The default rat: scale 0.9, position actuation."""
    return make_scene(BodyConfig())


@pytest.fixture(scope="session")
def clips(body: Scene) -> ClipSet:
    """A rat that sways, 20 frames each."""
    return stance_clips(body, frames=20)


@pytest.fixture(scope="session")
def clip_file(clips: ClipSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    path = tmp_path_factory.mktemp("clips") / "sway.h5"
    write_clips(clips, path)
    return path


@pytest.fixture(scope="session")
def example_files(body: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that examples and docs read, written once for all workers; copy it."""
    from tests.example_files import write_files

    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, written = base / "example_files", base / "example_files_written"
    with (base / "example_files_lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not written.exists():
            folder.mkdir()
            write_files(body, folder)
            written.touch()
    return folder


@pytest.fixture
def poses(body: Scene) -> np.ndarray:
    """A rat that glides and bends its joints, shape (40, 74)."""
    return glide(body)


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded randomness."""
    return np.random.default_rng(0)


@pytest.fixture
def rough_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits of bodies to keypoints end early, for tests of what is around them.

    How well bodies are fitted is tested in tests/registration/test_fit.py and test_scale.py.
    """
    monkeypatch.setattr(alternation, "_ROUNDS", 4)
    monkeypatch.setattr(scale, "_COUNT", 9)
    monkeypatch.setattr(sample, "_SAMPLE", 40)


@pytest.fixture(scope="session")
def drawing() -> None:
    """Skips tests that draw where there is no OpenGL."""
    from rodent.render import Renderer

    try:
        with Renderer(BodyConfig(), (96, 64)):
            pass
    except WorkError as error:
        pytest.skip(f"nothing can be drawn here: {error}")
