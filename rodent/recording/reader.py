"""Reading a recording, an array at a time."""

import contextlib
import copy
import dataclasses
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.errors import InputError
from rodent.files import existing_file, open_hdf5, reading
from rodent.record_config import Content
from rodent.recording.absent import absent
from rodent.recording.channels import Channel
from rodent.recording.header import Header
from rodent.recording.layout import (
    SCHEMA,
    all_datasets,
    channel_of,
    read_header,
    read_metadata,
    read_outcomes,
    rollout_groups,
)
from rodent.recording.tables import ChannelTables
from rodent.recording.trials import Trials, read_trials
from rodent.results import Result
from rodent.scene_config import BodyKind

if TYPE_CHECKING:
    import h5py


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Recording(Header, Result):
    """An open recording; see also `Header`.

    Attributes:
        path: the file.
        outcomes: by name, with a value per rollout in the order of `rollouts`; empty in a recording
            of version 1.
        rollouts: by name, in the order of recording.
        trials: of all rollouts; without rows for a task without trials.
    """

    path: Path
    outcomes: dict[str, np.ndarray]
    rollouts: "dict[str, Rollout]"
    trials: Trials

    @property
    def body(self) -> BodyKind:
        """The configuration of the simulated body."""
        return self.scene.body

    def __repr__(self) -> str:
        frames = sum(one.n_frames for one in self.rollouts.values())
        return (
            f"Recording({self.path.name}: {len(self.rollouts)} rollouts, {frames:,} frames at "
            f"{self.fps:g} Hz, {self.content})"
        )

    def columns(self) -> dict[str, Any]:
        """Name, clip, behavior and outcomes of every rollout."""
        rollouts = self.rollouts.values()
        return {
            "rollout": list(self.rollouts),
            "clip": [one.clip for one in rollouts],
            "behavior": [one.behavior for one in rollouts],
            "seed": [one.metadata.seed for one in rollouts],
            **self.outcomes,
        }


class Rollout(ChannelTables):
    """One rollout of an open recording; arrays are read on access.

    Attributes:
        name: of the rollout, unique in the recording.
        index: index in the recording, from 0.
        metadata: task, start, seed and so on.
        outcomes: by name; empty in a recording of version 1.
        fps: control steps per second.
        scene: in which it was played.
        n_frames: control steps.
    """

    def __init__(
        self, group: "h5py.Group", index: int, outcomes: Mapping[str, Any], header: Header, path: Path
    ):
        self._datasets = all_datasets(group)
        self._header, self._path = header, path
        self.fps, self.scene = header.fps, header.scene
        self.name, self.index = str(group.name).rpartition("/")[2], index
        self.metadata = read_metadata(group, f"{path}: rollout {self.name!r}")
        self.outcomes = dict(outcomes)
        self.n_frames = len(self._datasets["time"]) if self._datasets else int(outcomes["frames"])

    def __repr__(self) -> str:
        return (
            f"Rollout({self.name}: {self.n_frames} frames at {self.fps:g} Hz; "
            f"{len(self._datasets)} channels, {len(self.layers)} of them layers)"
        )

    @property
    def content(self) -> Content:
        """Content of the recording: outcomes, states or units."""
        return self._header.content

    @property
    def clip(self) -> str:
        """Name of the tracked clip; empty for none."""
        return self.metadata.clip

    @property
    def behavior(self) -> str:
        """The behavior, such as `Walk`; may be empty."""
        return self.metadata.behavior

    @functools.cached_property
    def layers(self) -> tuple[str, ...]:
        """Names of the recorded layers, for `units`; in alphabetical order."""
        return self._family("units")

    @functools.cached_property
    def reward_terms(self) -> tuple[str, ...]:
        """Names of the reward's terms: term x is `rollout["reward/x"]`."""
        return self._family("reward")

    @functools.cached_property
    def channels(self) -> dict[str, Channel]:
        """The channels by name, with units; includes layers and reward terms."""
        found = ((name, channel_of(name, self._header.channels)) for name in self._datasets)
        return {name: channel for name, channel in found if channel is not None}

    def has(self, name: str) -> bool:
        """Whether a channel was recorded, such as `reference` or `units/latent/mean`."""
        return name in self._datasets

    def require(self, name: str) -> None:
        """Require that a channel was recorded.

        Raises:
            InputError: it was not; the message names the reason or the option that records it.
        """
        if name not in self._datasets:
            where = f"rollout {self.name!r} of {self._path}"
            raise absent(name, tuple(self._datasets), self._header.content, where)

    def units(self, layer: str, frames: slice = slice(None)) -> np.ndarray:
        """Activations of a layer, shape (frames, units), float32.

        Raises:
            InputError: the layer was not recorded; the message lists those that were.
        """
        return self.read(f"units/{layer}", frames)

    def __getitem__(self, name: str) -> np.ndarray:
        """A whole channel by its name, such as `qpos` or `reward/total`."""
        return self.read(name)

    def read(self, name: str, frames: slice = slice(None)) -> np.ndarray:
        """Some frames of a channel; only these are read from the file.

        Raises:
            InputError: it was not recorded, the recording is closed, or damaged.
        """
        self.require(name)
        dataset = self._datasets[name]
        if not dataset:
            raise InputError(f"the recording {self._path} is closed; read inside `with open_recording(...)`")
        with reading(self._path):
            return dataset[slice(*frames.indices(self.n_frames))]

    def first(self, n_frames: int) -> "Rollout":
        """The rollout truncated to its first frames."""
        part = copy.copy(self)
        part.n_frames = min(n_frames, self.n_frames)
        return part

    def _family(self, family: str) -> tuple[str, ...]:
        prefix = f"{family}/"
        return tuple(name.removeprefix(prefix) for name in self._datasets if name.startswith(prefix))


def is_recording(path: Path) -> bool:
    """Whether a file has the schema of a recording, of any version.

    Raises:
        InputError: there is no such file.
    """
    import h5py

    if not h5py.is_hdf5(existing_file(path)):
        return False
    with open_hdf5(path) as file:
        return file.attrs.get("schema") == SCHEMA


@contextlib.contextmanager
def open_recording(path: Path | str) -> Iterator[Recording]:
    """Open a recording and check it, without reading its arrays.

    Raises:
        InputError: the file is not a recording, has a newer version, or has unknown or missing data or wrong
            shapes.
    """
    path = Path(path)
    with open_hdf5(path) as file:
        with reading(path):
            header = read_header(file, path)
            groups = rollout_groups(file, header, path)
            outcomes = read_outcomes(file, header, len(groups), path)
            trials = read_trials(file, list(groups), path)
            rollouts = {
                name: Rollout(group, i, {k: v[i] for k, v in outcomes.items()}, header, path)
                for i, (name, group) in enumerate(groups.items())
            }
        yield Recording(path=path, outcomes=outcomes, rollouts=rollouts, trials=trials, **vars(header))
