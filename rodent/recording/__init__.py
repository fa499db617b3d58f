"""The recording file: states of rollouts, and activations of every unit of the network.

    whiskers = Channel("rad", "whisker angles", ("C1", "C2"))
    with RecordingWriter(path, Header.of(scene, fps=50, channels={"whiskers": whiskers})) as writer:
        rollout = writer.rollout("Walk", RolloutMetadata.of_clip("Walk", behavior="Walk", seed=0))
        rollout.append({"qpos": qpos, "ctrl": ctrl, "units/decoder/layer_0": activations, ...})

    with open_recording(path) as recording:
        rollout = recording.rollouts["Walk"]
        rollout.units("decoder/layer_0")        # (frames, units), read on demand
        rollout.channels["qvel"].unit           # 'm/s, rad/s'
        rollout.metadata.seed, rollout.has("reference")

`rodent.recording.layout` describes the layout of the file, `rodent.recording.channels` its possible content.
"""

from rodent.record_config import Content
from rodent.recording.channels import Channel
from rodent.recording.header import Header
from rodent.recording.layout import SCHEMA, VERSION
from rodent.recording.metadata import RolloutMetadata
from rodent.recording.reader import Recording, Rollout, is_recording, open_recording
from rodent.recording.trials import Trial, Trials
from rodent.recording.writer import RecordingWriter, RolloutWriter

__all__ = [
    "SCHEMA",
    "VERSION",
    "Channel",
    "Content",
    "Header",
    "Recording",
    "RecordingWriter",
    "Rollout",
    "RolloutMetadata",
    "RolloutWriter",
    "Trial",
    "Trials",
    "is_recording",
    "open_recording",
]
