"""Recordings of rats that move their head and a leg, with the spikes of neurons that follow these.

A third of the time they also glide over the floor, which is called walking.
"""

from pathlib import Path

import numpy as np

from rodent.recording import Header, RecordingWriter, RolloutMetadata
from rodent.scene import Scene
from rodent.scene_config import SceneConfig
from tests.analysis.twin.conftest import behavior

FPS = 20.0


def write_rat(body: Scene, folder: Path, name: str, seed: int, neurons: int = 3) -> tuple[Path, Path]:
    """Write NAME.h5 and NAME.npz: 70 s of behavior, and spikes of neurons of two regions."""
    movement = 0.1 * behavior(seed).columns
    frames = len(movement)
    qpos = np.zeros((frames, 74))
    qpos[:, 3] = 1.0
    qpos[:, 7:11] = movement
    qpos[:, 0] = np.cumsum(np.where(behavior(seed).behavior == "Rear", 0.2 / FPS, 0.0))
    states = {
        "time": np.arange(frames) / FPS,
        "alive": np.ones(frames, bool),
        "qpos": qpos,
        "qvel": np.gradient(qpos[:, :73], 1 / FPS, axis=0),
        "reference": qpos,
    }
    states |= {channel: np.zeros((frames, 38)) for channel in ("ctrl", "actuator_force")}
    names = {"joint_names": body.joint_names, "actuator_names": body.actuator_names}
    recording, spikes = folder / f"{name}.h5", folder / f"{name}.npz"
    with RecordingWriter(recording, Header(fps=FPS, scene=SceneConfig(), **names)) as writer:
        writer.rollout("day", RolloutMetadata()).append(states)
    driven = np.column_stack([np.roll(movement[:, i % 3], i // 3) for i in range(neurons)])
    counts = np.random.default_rng(seed).poisson(np.exp(8 * driven))
    table = {
        "units/region": np.resize(["M1", "M1", "DLS"], neurons),
        "units/depth": np.resize([800.0, 900.0, 1200.0], neurons),
    }
    np.savez(spikes, counts=counts, bin_seconds=1 / FPS, **table)
    return recording, spikes
