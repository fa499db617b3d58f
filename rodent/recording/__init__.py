"""The recording file: what a rat did in a rollout, and what every unit of its network did.

    with RecordingWriter(path, fps=50, body=body.config, joint_names=..., actuator_names=...,
                         provenance={"seed": 0}) as writer:
        rollout = writer.rollout("Walk", clip="Walk", behavior="Walk")
        rollout.append({"qpos": qpos, "ctrl": ctrl, "units/decoder/layer_0": activations, ...})

    with open_recording(path) as recording:
        recording.rollouts["Walk"].units("decoder/layer_0")     # (frames, units), read on demand

What stands where in the file is described in `rodent.recording.layout`.
"""

from rodent.recording.layout import SCHEMA, VERSION
from rodent.recording.reader import Recording, Rollout, is_recording, open_recording
from rodent.recording.writer import RecordingWriter, RolloutWriter

__all__ = [
    "SCHEMA",
    "VERSION",
    "Recording",
    "RecordingWriter",
    "Rollout",
    "RolloutWriter",
    "is_recording",
    "open_recording",
]
