"""The virtual rat: its body, motion, physics, tasks, policy, recordings and pictures.

    import rodent

    clips = rodent.register("keypoints.npz", "rat23").clips
    policy = rodent.load_policy("rat-position")
    rodent.evaluate(policy, clips)["success_rate"]
    rodent.rollout(policy, clips)["Walk_280"]["qpos"]  # (frames, 74)
    rodent.film(rodent.rollout(policy, clips))         # shown in a notebook
    rodent.record(policy, clips, "walk.h5")
    with rodent.open_recording("walk.h5") as recording:
        units = recording.rollouts["Walk_280"].units("decoder/layer_0")  # (frames, units)
    rodent.encode("walk.h5", "spikes.npz", layer=("decoder/layer_0",)).to_frame()

    run = rodent.new_run("runs/own", rodent.TrainConfig(), "clips.h5")
    rodent.train(run, rodent.Until(minutes=25)).policy
    rodent.run_experiment("lesions.toml", out="lesions").to_frame()

Results show themselves as tables in a notebook, see `rodent.results`. What scenes and tasks are made of is
listed by `rodent.parts`: `rodent.parts.TASKS.names()`. These names are loaded when they are first asked for,
so that the command line starts at once.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rodent import parts
    from rodent.clips.reading import read_clips
    from rodent.experiment import run_experiment
    from rodent.policy.policy import load_policy
    from rodent.recording import open_recording
    from rodent.recording.ground import ground_forces
    from rodent.registration import register
    from rodent.render.embedded import film
    from rodent.rollouts import RecordConfig, RolloutRunner, record, rollout
    from rodent.scene import make_scene
    from rodent.view.embedded import open_viewer

__all__ = [
    "RecordConfig",
    "RolloutRunner",
    "TrainConfig",
    "Until",
    "encode",
    "evaluate",
    "film",
    "ground_forces",
    "load_policy",
    "make_scene",
    "new_run",
    "open_recording",
    "open_viewer",
    "parts",
    "read_clips",
    "record",
    "register",
    "rollout",
    "run_experiment",
    "train",
]

_HOMES = {
    "RolloutRunner": "rodent.rollouts",
    "RecordConfig": "rodent.record_config",
    "TrainConfig": "training.config",
    "Until": "training.train",
    "encode": "analysis.encoding.encoding",
    "evaluate": "training.evaluate",
    "film": "rodent.render.embedded",
    "ground_forces": "rodent.recording.ground",
    "load_policy": "rodent.policy.policy",
    "make_scene": "rodent.scene",
    "new_run": "training.train",
    "open_recording": "rodent.recording",
    "open_viewer": "rodent.view.embedded",
    "read_clips": "rodent.clips.reading",
    "record": "rodent.rollouts",
    "register": "rodent.registration",
    "rollout": "rodent.rollouts",
    "run_experiment": "rodent.experiment",
    "train": "training.train",
}


def __getattr__(name: str) -> Any:
    if name == "parts":
        return importlib.import_module("rodent.parts")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
