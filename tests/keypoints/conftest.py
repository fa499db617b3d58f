"""A rat that walks, in metres and in files."""

import numpy as np
import pytest

from rodent.keypoints import Keypoints
from tests.keypoints.files import FPS, FRAMES, NAMES, Workshop, walk


@pytest.fixture
def workshop(tmp_path) -> Workshop:
    folder = tmp_path / "in"
    folder.mkdir()
    confidence = np.random.default_rng(1).uniform(0.5, 1, size=(FRAMES, len(NAMES)))
    return Workshop(folder, 1000 * walk(), confidence)


@pytest.fixture
def rat() -> Keypoints:
    """Ten seconds of it."""
    return Keypoints(walk(500), NAMES, FPS, source="walk")
