"""Motions to look at: a recording of two rollouts, made up."""

import numpy as np

from rodent.recording import Header, RecordingWriter, RolloutMetadata
from rodent.scene import make_scene
from rodent.view import Source
from rodent.view.motion import Recorded

LAYERS = {"decoder/layer_0": 12, "latent/mean": 5}


def write_recording(path, body, clips):
    """Each clip as a rollout 5 cm beside its reference; the second is lost from frame 12, broken from 15."""
    names = {"joint_names": body.joint_names, "actuator_names": body.actuator_names}
    with RecordingWriter(path, Header(fps=50, scene=body.config, **names)) as writer:
        for i, clip in enumerate(clips):
            frames = np.arange(clip.n_frames)
            qpos = clip.qpos + 0.05 * np.eye(74)[1]
            if i:
                qpos[15:] = np.nan
            block = {
                "time": frames / 50,
                "qpos": qpos,
                "reference": clip.qpos,
                "alive": frames < (12 if i else clip.n_frames),
                "qvel": np.zeros((clip.n_frames, 73)),
                **{f"units/{layer}": np.outer(frames, np.arange(n)) for layer, n in LAYERS.items()},
            }
            block |= dict.fromkeys(("ctrl", "actuator_force"), np.zeros((clip.n_frames, 38)))
            metadata = RolloutMetadata.of_clip(clip.name, behavior=clip.behavior)
            writer.rollout(f"run_{i}", metadata).append(block)


def moving_hopper(scene):
    """A small body that slides along x, 1 cm per frame."""
    qpos = np.tile(make_scene(scene).model.qpos0, (50, 1))
    qpos[:, 0] += 0.01 * np.arange(50)
    return Source(scene, {"slide": lambda: Recorded("slide", 50, qpos)})
