"""Recordings without a rat: rows whose values tell which frame they belong to."""

from typing import Any

import numpy as np

from rodent.body_config import BodyConfig
from rodent.recording import Header, RecordingWriter
from rodent.scene_config import SceneConfig

JOINTS = [f"joint_{i}" for i in range(67)]
ACTUATORS = [f"actuator_{i}" for i in range(38)]
CONTACTS = ["palm_L", "palm_R", "sole_L", "sole_R"]


def writer(path, **changes):
    settings: dict[str, Any] = {
        "fps": 50,
        "scene": SceneConfig(body=BodyConfig(strength=1.5)),
        "joint_names": JOINTS,
        "actuator_names": ACTUATORS,
        "contact_names": CONTACTS,
        "provenance": {"seed": 3, "policy": "abc"},
    }
    return RecordingWriter(path, Header(**(settings | changes)))


def block(start, frames, **more):
    t = np.arange(start, start + frames, dtype=float)
    column = t[:, None]
    return {
        "time": t / 50,
        "qpos": column + np.arange(74) / 100,
        "qvel": column - np.arange(73) / 100,
        "ctrl": np.sin(column + np.arange(38)),
        "actuator_force": np.cos(column + np.arange(38)),
        "reference": column + np.arange(74) / 200,
        "alive": t < 300,
        "contact": column * np.arange(4),
        "reward/total": t,
        "reward/pose": 2 * t,
        "units/encoder/layer_0": column * np.arange(8),
        "units/encoder/layer_0.pre": -column * np.arange(8),
        "units/latent/mean": column + np.zeros(60),
        **more,
    }
