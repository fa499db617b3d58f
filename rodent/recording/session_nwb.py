"""A whole recording as an NWB file: poses, forces, rewards, and every unit of the network as a time series.

    write_recording_nwb(recording, Path("walk.nwb"))

The rollouts stand one after another on one clock, see `rodent.recording.nwb`, and are the epochs. `notes` is
a JSON object with provenance, scene, and task, start, command, seed and intervention of each rollout. Arrays
are read and written in blocks, so that the size of a recording is not limited by memory.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rodent.configs import to_json
from rodent.errors import InputError
from rodent.kinematics.forward import body_frames
from rodent.recording.channels import Channel
from rodent.recording.nwb import add_trials, imported_pynwb, new_nwb_file, write_nwb_file
from rodent.recording.reader import Recording, Rollout
from rodent.scene import make_scene

_MODULES = {
    "behavior": "positions of bodies, poses and velocities of the simulated rat",
    "actuation": "controls, forces and touch",
    "task": "rewards by term, and frames before failure",
    "network": "activations of the units of the policy's network, by layer",
}
_POSE = {
    "root_position": ("m", "position of the root in the world: x, y, z", slice(0, 3)),
    "root_orientation": ("1", "quaternion of the root: w, x, y, z", slice(3, 7)),
    "joint_angles": ("rad", "angles of the hinges", slice(7, None)),
}
_LEFT_OUT = ("time", "qpos")
_ACTUATION = ("ctrl", "actuator_force", "contact")


def write_recording_nwb(recording: Recording, path: Path) -> None:
    """Write a recording as NWB: time series, poses after ndx-pose, trials, epochs and provenance.

    A rollout is an epoch. Trials are those of the task, if it has any.

    Args:
        recording: the open recording, with states or units.
        path: of the file, which ends in .nwb.

    Raises:
        InputError: the recording has outcomes only, or the file cannot be written there.
        WorkError: the disk is full.
    """
    rollouts = list(recording.rollouts.values())
    if recording.content == "outcomes":
        raise InputError(f"{recording.path} has outcomes only; record again with --record units")
    file = new_nwb_file(recording, rollouts, "Rollouts of a policy")
    file.notes = json.dumps(
        {
            "provenance": dict(recording.provenance),
            "scene": to_json(recording.scene),
            "rollouts": {one.name: json.loads(one.metadata.to_json()) for one in rollouts},
        }
    )
    modules = {name: file.create_processing_module(name, text) for name, text in _MODULES.items()}
    for name, channel in rollouts[0].channels.items():
        if name not in _LEFT_OUT and all(one.has(name) for one in rollouts):
            modules[_module_of(name)].add(_series(rollouts, name, channel))
    for name, (unit, text, columns) in _POSE.items():
        channel = rollouts[0].channels["qpos"]
        names = None if channel.columns is None else channel.columns[columns]
        described = Channel(unit, text, names)
        modules["behavior"].add(
            _series(rollouts, name, described, lambda one, frames, c=columns: one.read("qpos", frames)[:, c])
        )
    for container in _poses(recording, rollouts):
        modules["behavior"].add(container)
    _add_epochs(file, rollouts)
    if len(recording.trials):
        add_trials(file, recording)
    write_nwb_file(file, path)


def _module_of(name: str) -> str:
    family = name.partition("/")[0]
    if family == "units":
        return "network"
    if family == "reward" or name == "alive":
        return "task"
    return "actuation" if name in _ACTUATION else "behavior"


def _series(
    rollouts: Sequence[Rollout],
    name: str,
    channel: Channel,
    read: Callable[[Rollout, slice], np.ndarray] | None = None,
) -> Any:
    """A channel of all rollouts as a time series. NWB has no `/` in names, so `.` stands for it."""
    label = name.removeprefix("units/").replace("/", ".")
    columns = f"columns: {', '.join(channel.columns)}" if channel.columns else "no comments"
    return imported_pynwb().TimeSeries(
        name=label,
        data=_blocks(rollouts, read or (lambda one, frames: one.read(name, frames))),
        unit=channel.unit,
        description=f"{channel.description} ({name})",
        comments=columns,
        rate=float(rollouts[0].fps),
        starting_time=0.0,
    )


def _blocks(rollouts: Sequence[Rollout], read: Callable[[Rollout, slice], np.ndarray]) -> Any:
    """The frames of all rollouts, one after another, read in blocks while they are written."""
    from hdmf.backends.hdf5 import H5DataIO
    from hdmf.data_utils import GenericDataChunkIterator

    ends = np.cumsum([one.n_frames for one in rollouts])
    first = read(rollouts[0], slice(0, 1))

    class Frames(GenericDataChunkIterator):
        def _get_data(self, selection: tuple[slice, ...]) -> np.ndarray:
            start, stop = selection[0].start, min(selection[0].stop, int(ends[-1]))
            parts = [
                read(one, slice(max(start - begin, 0), min(stop - begin, one.n_frames)))
                for one, begin in zip(rollouts, [0, *ends[:-1].tolist()], strict=True)
                if start < begin + one.n_frames and stop > begin
            ]
            return np.concatenate(parts)[(slice(None), *selection[1:])]

        def _get_maxshape(self) -> tuple[int, ...]:
            return (int(ends[-1]), *first.shape[1:])

        def _get_dtype(self) -> np.dtype:
            return first.dtype

    return H5DataIO(Frames(buffer_gb=0.05), compression="gzip", compression_opts=1)


def _poses(recording: Recording, rollouts: Sequence[Rollout]) -> list[Any]:
    """Positions of the tracked bodies, as ndx-pose has them."""
    import ndx_pose

    scene = make_scene(recording.scene)
    names = [scene.model.body(i).name for i in scene.tracked_ids]
    points = np.concatenate([body_frames(scene, one["qpos"], names).position for one in rollouts])
    series = [
        ndx_pose.PoseEstimationSeries(
            name=name,
            description=f"position of the body {name}",
            data=points[:, i].astype(np.float32),
            unit="meters",
            reference_frame="the world: the middle of the floor, z up",
            rate=float(recording.fps),
            starting_time=0.0,
            confidence=np.ones(len(points), np.float32),
            confidence_definition="1: positions of a simulation are exact",
        )
        for i, name in enumerate(names)
    ]
    skeleton = ndx_pose.Skeleton(name="rat", nodes=names)
    estimation = ndx_pose.PoseEstimation(
        name="bodies",
        pose_estimation_series=series,
        description="positions of the bodies whose tracking is scored, by forward kinematics",
        source_software="virtual-rodent",
        skeleton=skeleton,
    )
    return [ndx_pose.Skeletons(skeletons=[skeleton]), estimation]


def _add_epochs(file: Any, rollouts: Sequence[Rollout]) -> None:
    columns = {
        "rollout": "name of the rollout in the recording",
        "clip": "clip that is imitated; empty for none",
        "behavior": "behavior of the clip",
    }
    for name, text in columns.items():
        file.add_epoch_column(name, text)
    seconds = 0.0
    for one in rollouts:
        stop = seconds + one.n_frames / one.fps
        file.add_epoch(
            start_time=seconds,
            stop_time=stop,
            tags=[one.behavior or "rollout"],
            rollout=one.name,
            clip=one.clip,
            behavior=one.behavior,
        )
        seconds = stop
