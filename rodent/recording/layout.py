"""The layout of a recording, and the checks that a file keeps to it.

An HDF5 file of schema `virtual-rodent/recording`. File attributes: schema, version, fps,
body and provenance (JSON objects), joint_names, actuator_names, contact_names. One group
per rollout, `rollouts/<name>`, with attributes clip and behavior and these datasets, whose
row t belongs to control step t:

    time            (frames,)     s
    qpos, qvel      (frames, 74), (frames, 73)   state the policy saw; m, w x y z, rad; per s
    ctrl            (frames, 38)  what the policy commanded then
    actuator_force  (frames, 38)  N m, as the step produced it
    reference       (frames, 74)  pose of the reference in the same frame
    alive           (frames,)     bool
    contact         (frames, 4)   N, touch sensors in the order of contact_names
    reward/<term>   (frames,)     any number of terms
    units/<layer>   (frames, n)   any number of layers, whose names may contain `/`
"""

import dataclasses
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.body import N_HINGES, NQ, NV, BodyConfig
from rodent.configs import from_json
from rodent.errors import InputError, unknown

if TYPE_CHECKING:
    import h5py

SCHEMA = "virtual-rodent/recording"
VERSION = 1

DATASETS = ("time", "qpos", "qvel", "ctrl", "actuator_force", "reference", "alive", "contact")
FAMILIES = ("reward", "units")
"""Groups that hold any number of datasets, of any name."""


@dataclasses.dataclass(frozen=True)
class Header:
    """What holds for the whole file; see `rodent.recording.Recording`."""

    fps: float
    body: BodyConfig
    provenance: dict[str, Any]
    joint_names: tuple[str, ...]
    actuator_names: tuple[str, ...]
    contact_names: tuple[str, ...]


def read_header(file: "h5py.File", path: Path) -> Header:
    """The file's attributes, checked.

    Raises:
        InputError: one is missing or not what it should be.
    """
    fps = np.asarray(_attribute(file, "fps", path))
    if fps.shape or fps.dtype.kind not in "if" or not 0 < fps < math.inf:
        raise InputError(f"{path} has fps {fps}; a positive number is wanted")
    joints, actuators, contacts = (
        tuple(str(n) for n in np.atleast_1d(_attribute(file, kind, path)))
        for kind in ("joint_names", "actuator_names", "contact_names")
    )
    if len(joints) != N_HINGES:
        raise InputError(f"{path} names {len(joints)} joints; the rat has {N_HINGES}")
    return Header(
        fps=float(fps),
        body=from_json(BodyConfig, _json_object(file, "body", path), path, "body"),
        provenance=_json_object(file, "provenance", path),
        joint_names=joints,
        actuator_names=actuators,
        contact_names=contacts,
    )


def rollout_groups(file: "h5py.File", header: Header, path: Path) -> "dict[str, h5py.Group]":
    """The groups of the rollouts, in the order in which they were made.

    Raises:
        InputError: there are none, or a dataset is missing, unknown, or its shape does
            not fit the others.
    """
    if "rollouts" not in file or not len(file["rollouts"]):
        raise InputError(f"{path} holds no rollouts")
    groups = dict(file["rollouts"].items())
    for name, group in groups.items():
        _check_rollout(group, header, f"{path}: rollout {name!r}")
    return groups


def _check_rollout(group: "h5py.Group", header: Header, where: str) -> None:
    if not _is_group(group):
        raise InputError(f"{where} is a dataset; a group is wanted")
    for attribute in ("clip", "behavior"):
        if attribute not in group.attrs:
            raise InputError(f"{where} has no attribute {attribute}")
    datasets = all_datasets(group)
    missing = [d for d in DATASETS if d not in datasets]
    if missing:
        raise InputError(f"{where} lacks {', '.join(missing)}; record it again")
    frames = datasets["time"].shape[:1]
    if frames == (0,):
        raise InputError(f"{where} has no frames")
    actuators = len(header.actuator_names)
    widths = {"qpos": NQ, "qvel": NV, "reference": NQ, "ctrl": actuators, "actuator_force": actuators}
    widths["contact"] = len(header.contact_names)
    for key, dataset in datasets.items():
        family = member_of(key)
        if key not in DATASETS and family is None:
            raise unknown("dataset", key, DATASETS, where)
        if family == "units":
            # the number of units is the layer's own affair
            wanted = (*frames, *(dataset.shape[1:2] or ("units",)))
        else:
            wanted = (*frames, widths[key]) if key in widths else frames
        if dataset.shape != wanted:
            raise InputError(f"{where}: {key} has shape {dataset.shape}; {wanted} is wanted")


def member_of(key: str) -> str | None:
    """The family of a dataset such as `units/decoder/layer_0`, if it belongs to one."""
    family, _, member = key.partition("/")
    return family if family in FAMILIES and member else None


def all_datasets(group: "h5py.Group", prefix: str = "") -> "dict[str, h5py.Dataset]":
    """All datasets below a group, by their path in it."""
    found = {}
    for name, item in group.items():
        found |= all_datasets(item, f"{prefix}{name}/") if _is_group(item) else {f"{prefix}{name}": item}
    return found


def _is_group(item: Any) -> bool:
    return hasattr(item, "items")


def _attribute(file: "h5py.File", name: str, path: Path) -> Any:
    if name not in file.attrs:
        raise InputError(f"{path} has no attribute {name}, which every recording has")
    return file.attrs[name]


def _json_object(file: "h5py.File", name: str, path: Path) -> dict[str, Any]:
    text = _attribute(file, name, path)
    try:
        value = json.loads(text)
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: attribute {name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{path}: attribute {name} is a JSON {type(value).__name__}; an object is wanted")
    return value
