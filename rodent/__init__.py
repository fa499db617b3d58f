"""The virtual rat: its body, motion, physics, tasks, policy, recordings and pictures.

    import rodent

    policy, clips = rodent.load_policy("runs/walk"), rodent.read_clips("clips.h5")
    rodent.record(policy, clips, "walk.h5")
    with rodent.open_recording("walk.h5") as recording:
        units = recording.rollouts["Walk_280"].units("decoder/layer_0")  # (frames, units)

These names are loaded when they are first asked for, so that the command line starts at once.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rodent.clips.reading import read_clips
    from rodent.policy.policy import load_policy
    from rodent.recording import open_recording
    from rodent.render import render
    from rodent.rollout import record

__all__ = ["load_policy", "open_recording", "read_clips", "record", "render"]

_HOMES = {
    "load_policy": "rodent.policy.policy",
    "open_recording": "rodent.recording",
    "read_clips": "rodent.clips.reading",
    "record": "rodent.rollout",
    "render": "rodent.render",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
