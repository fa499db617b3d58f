"""Recordings without a simulation: units of our own making, everything else at rest."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from rodent.recording import Header, RecordingWriter, RolloutMetadata
from rodent.scene_config import SceneConfig

NQ, NV, NU = 74, 73, 38

FPS = 10.0

Rollouts = Mapping[str, Mapping[str, np.ndarray]]


@pytest.fixture
def write_recording(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes {rollout: {layer: (frames, units), "alive": (frames,)}} to a file."""

    def write(rollouts: Rollouts, fps: float = FPS, **behaviors: str) -> Path:
        path = tmp_path / "recording.h5"
        names = {"joint_names": [f"j{i}" for i in range(67)], "actuator_names": [f"a{i}" for i in range(NU)]}
        with RecordingWriter(path, Header(fps=fps, scene=SceneConfig(), **names)) as writer:
            for name, layers in rollouts.items():
                frames = len(next(iter(layers.values())))
                widths = {
                    "qpos": NQ,
                    "qvel": NV,
                    "ctrl": NU,
                    "actuator_force": NU,
                    "reference": NQ,
                }
                block = {key: np.zeros((frames, width)) for key, width in widths.items()}
                block |= {"time": np.arange(frames) / fps, "alive": np.ones(frames, bool)}
                block |= {key if key == "alive" else f"units/{key}": value for key, value in layers.items()}
                metadata = RolloutMetadata(behavior=behaviors.get(name, ""))
                writer.rollout(name, metadata).append(block)
        return path

    return write


@pytest.fixture(scope="session")
def smooth() -> Callable[..., np.ndarray]:
    """A function that makes signals of unit variance that change over about half a second."""

    def make(frames: int, n: int, seed: int) -> np.ndarray:
        noise = np.random.default_rng(seed).normal(size=(frames, n))
        for t in range(1, frames):
            noise[t] = 0.8 * noise[t - 1] + 0.6 * noise[t]
        return noise

    return make
