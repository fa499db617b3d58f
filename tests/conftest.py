"""Shared fixtures: the folder of real data, and a body that is compiled once."""

import os
from pathlib import Path

import numpy as np
import pytest

from rodent.body import Body, BodyConfig
from rodent.errors import WorkError


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
def body() -> Body:
    """The default rat: scale 0.9, position actuation."""
    return Body(BodyConfig())


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded randomness."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def drawing() -> None:
    """Skips tests that draw where there is no OpenGL."""
    from rodent.render import Scene

    try:
        with Scene(BodyConfig(), (96, 64)):
            pass
    except WorkError as error:
        pytest.skip(f"nothing can be drawn here: {error}")
