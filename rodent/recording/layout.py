"""The layout of a recording, and checks of files.

An HDF5 file of schema `virtual-rodent/recording`, version 2. File attributes: schema, version, fps, content
(outcomes, states or units), joint_names, actuator_names, contact_names, and JSON objects: scene, provenance,
and `channels` and `outcomes`, with unit and description of channels and outcomes. One group per rollout,
`rollouts/NAME`, in the order of recording, with the attribute metadata, a JSON object (see
`rodent.recording.metadata`). Its datasets are channels (see `rodent.recording.channels`), whose row t belongs
to control step t:

    time            (frames,)            s
    qpos, qvel      (frames, 7 + joints), (frames, 6 + joints)   state that the policy saw
    ctrl            (frames, actuators)  controls that the policy then set
    actuator_force  (frames, actuators)  N m, forces in the step
    alive           (frames,)            bool
    reference       (frames, 7 + joints) optional: pose to imitate in the same frame
    contact         (frames, contacts)   optional: N, touch sensors
    reward/TERM     (frames,)            any number of terms
    units/LAYER     (frames, n)          any number of layers, whose names may contain `/`
    NAME            (frames, ...)        any other channel that the file describes

Datasets `outcomes/NAME`, shape (rollouts,), hold the outcomes of all rollouts. With content `outcomes` the
rollouts have no datasets.

A task with trials has the group `trials`, see `rodent.recording.trials`: a dataset per column, shape
(trials,). `rollout` numbers the rollouts from 0; `start`, `stop`, `cue`, `response` and `reward` are seconds
since the rollout's first frame; `kind` and `outcome` are texts; others are described by the attribute
`columns`.

Version 1 had attributes body in place of scene, clip and behavior in place of metadata, no outcomes, and
no custom channels.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.configs import TAG, Card, Format, from_json, to_json
from rodent.errors import InputError, unknown
from rodent.record_config import CONTENTS
from rodent.recording.channels import (
    FAMILIES,
    OPTIONAL,
    OUTCOME_FAMILIES,
    OUTCOMES,
    STANDARD,
    Channel,
    member_of,
    standard_channels,
)
from rodent.recording.header import Header
from rodent.recording.metadata import RolloutMetadata
from rodent.scene_config import SceneConfig

if TYPE_CHECKING:
    import h5py


def _from_1(card: Card) -> Card:
    """Migrate version 1, which has one arena and body, only standard channels, and the content `units`."""
    body = card.get("body")
    scene = {"arena": {TAG: "floor"}, "body": {TAG: "rat", **body} if isinstance(body, Mapping) else body}
    tables = {"channels": described(STANDARD), "outcomes": {}, "content": "units"}
    scenes = {"scene": scene} if "body" in card else {}
    return {key: value for key, value in card.items() if key != "body"} | tables | scenes


RECORDING = Format("recording", "virtual-rodent/recording", 2, {1: _from_1})
SCHEMA, VERSION = RECORDING.schema, RECORDING.version

_JSON = ("scene", "body", "provenance", "channels", "outcomes")


def described(channels: Mapping[str, Channel]) -> dict[str, Any]:
    """Channels as stored in a file; columns of standard ones follow from other attributes."""
    return {
        name: to_json(dataclasses.replace(channel, columns=None) if name in STANDARD else channel)
        for name, channel in channels.items()
    }


def read_header(file: "h5py.File", path: Path) -> Header:
    """The file's attributes, checked.

    Raises:
        InputError: an attribute is missing or invalid, the file is not a recording, or has a newer version.
    """
    card = RECORDING.upgraded({name: _plain(name, file.attrs[name], path) for name in file.attrs}, path)
    for name in ("fps", "scene", "provenance", "joint_names", "actuator_names", "contact_names"):
        if name not in card:
            name = "body" if name == "scene" and file.attrs["version"] == 1 else name
            raise InputError(f"{path} has no attribute {name}, which every recording has")
    fps = np.asarray(card["fps"])
    if fps.shape or fps.dtype.kind not in "if" or not 0 < fps < math.inf:
        raise InputError(f"{path} has fps {fps}; expected a positive number")
    joints, actuators, contacts = (
        tuple(str(n) for n in np.atleast_1d(card[kind]))
        for kind in ("joint_names", "actuator_names", "contact_names")
    )
    content = card.get("content")
    if content not in CONTENTS:
        raise unknown("content", str(content), CONTENTS, str(path))
    standard = standard_channels(joints, actuators, contacts)
    return Header(
        fps=float(fps),
        scene=from_json(SceneConfig, card["scene"], path, "scene"),
        provenance=_object(card["provenance"], "provenance", path),
        content=content,
        channels=_table(card.get("channels"), "channels", path, standard),
        outcome_channels=_table(card.get("outcomes"), "outcomes", path, {}),
        joint_names=joints,
        actuator_names=actuators,
        contact_names=contacts,
    )


def _table(values: Any, name: str, path: Path, standard: Mapping[str, Channel]) -> dict[str, Channel]:
    """Channels or outcomes in a file, with the columns of standard ones."""
    table = {}
    for key, value in _object(values, name, path).items():
        channel = from_json(Channel, value, path, f"{name}.{key}")
        if key in standard:
            channel = dataclasses.replace(channel, columns=standard[key].columns)
        # standard channels for parts that the body does not have are impossible
        if key in standard or key not in STANDARD:
            table[key] = channel
    return table


def rollout_groups(file: "h5py.File", header: Header, path: Path) -> "dict[str, h5py.Group]":
    """The groups of the rollouts, in the order of recording.

    Raises:
        InputError: there are none, or a dataset is missing, unknown, or has a wrong shape.
    """
    if "rollouts" not in file or not len(file["rollouts"]):
        raise InputError(f"{path} has no rollouts")
    groups = dict(file["rollouts"].items())
    required = [name for name in STANDARD if file.attrs["version"] == 1 or name not in OPTIONAL]
    for name, group in groups.items():
        where = f"{path}: rollout {name!r}"
        if not _is_group(group):
            raise InputError(f"{where} is a dataset; expected a group")
        read_metadata(group, where)
        datasets = all_datasets(group)
        if header.content != "outcomes":
            _check_frames(datasets, required, where)
        _check_datasets(datasets, header, where)
    return groups


def read_metadata(group: "h5py.Group", where: str) -> RolloutMetadata:
    """The metadata of a rollout.

    Raises:
        InputError: they are missing or invalid.
    """
    if "metadata" in group.attrs:
        return RolloutMetadata.from_json(
            _object(_parsed(group.attrs, "metadata", where), "metadata", where), where
        )
    if group.file.attrs["version"] != 1:
        raise InputError(f"{where} has no attribute metadata")
    for attribute in ("clip", "behavior"):
        if attribute not in group.attrs:
            raise InputError(f"{where} has no attribute {attribute}")
    return RolloutMetadata.of_clip(str(group.attrs["clip"]), behavior=str(group.attrs["behavior"]))


def read_outcomes(file: "h5py.File", header: Header, n_rollouts: int, path: Path) -> dict[str, np.ndarray]:
    """The outcomes of all rollouts, each of shape (rollouts,).

    Raises:
        InputError: an outcome is unknown, missing, or has a wrong shape.
    """
    datasets = all_datasets(file["outcomes"]) if "outcomes" in file else {}
    for name, dataset in datasets.items():
        if channel_of(name, header.outcome_channels, OUTCOME_FAMILIES) is None:
            raise unknown("outcome", name, (*header.outcome_channels, *OUTCOME_FAMILIES), str(path))
        if dataset.shape != (n_rollouts,):
            raise InputError(f"{path}: outcome {name} has shape {dataset.shape}; expected {(n_rollouts,)}")
    if header.content == "outcomes" and (missing := [name for name in OUTCOMES if name not in datasets]):
        raise InputError(f"{path} lacks the outcome {missing[0]}; record it again")
    return {name: dataset[()] for name, dataset in datasets.items()}


def _check_frames(datasets: "Mapping[str, h5py.Dataset]", required: list[str], where: str) -> None:
    missing = [name for name in required if name not in datasets]
    if missing:
        raise InputError(f"{where} lacks {', '.join(missing)}; record it again")
    if datasets["time"].shape[:1] == (0,):
        raise InputError(f"{where} has no frames")


def _check_datasets(datasets: "Mapping[str, h5py.Dataset]", header: Header, where: str) -> None:
    if datasets and header.content == "outcomes":
        raise InputError(f"{where} has {next(iter(datasets))}; expected no datasets with content outcomes")
    frames = datasets["time"].shape[:1] if datasets else ()
    for key, dataset in datasets.items():
        channel = channel_of(key, header.channels)
        if channel is None:
            raise unknown("dataset", key, (*header.channels, *(f"{f}/..." for f in FAMILIES)), where)
        if member_of(key) == "units":
            # layers may have any number of units
            expected = (*frames, *(dataset.shape[1:2] or ("units",)))
        elif channel.columns is None:
            expected = (*frames, *dataset.shape[1:])
        else:
            expected = (*frames, len(channel.columns)) if channel.columns else frames
        if dataset.shape != expected:
            raise InputError(f"{where}: {key} has shape {dataset.shape}; expected {expected}")


def channel_of(
    name: str, channels: Mapping[str, Channel], families: Mapping[str, Channel] = FAMILIES
) -> Channel | None:
    """The channel of a dataset; None if it is not described."""
    family = member_of(name, families)
    return channels.get(name) if family is None else families[family]


def all_datasets(group: "h5py.Group", prefix: str = "") -> "dict[str, h5py.Dataset]":
    """All datasets below a group, by their path in it."""
    found = {}
    for name, item in group.items():
        found |= all_datasets(item, f"{prefix}{name}/") if _is_group(item) else {f"{prefix}{name}": item}
    return found


def _is_group(item: Any) -> bool:
    return hasattr(item, "items")


def _plain(name: str, value: Any, path: Path) -> Any:
    """An attribute as a Python value."""
    if name in _JSON:
        return _parsed({name: value}, name, path)
    if name == "schema" and isinstance(value, bytes):
        return value.decode(errors="replace")
    return value.item() if name == "version" and isinstance(value, np.generic) else value


def _parsed(attributes: Mapping[str, Any], name: str, where: Path | str) -> Any:
    try:
        return json.loads(attributes[name])
    except (ValueError, TypeError) as error:
        raise InputError(f"{where}: attribute {name} is not JSON: {error}") from error


def _object(value: Any, name: str, where: Path | str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where}: attribute {name} is a JSON {type(value).__name__}; expected an object")
    return value
