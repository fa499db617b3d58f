"""Reading a recording, an array at a time."""

import contextlib
import copy
import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rodent.body import BodyConfig
from rodent.errors import unknown
from rodent.files import existing_file, open_hdf5, reading
from rodent.recording.layout import SCHEMA, VERSION, all_datasets, read_header, rollout_groups

if TYPE_CHECKING:
    import h5py


@dataclasses.dataclass(frozen=True)
class Recording:
    """An open recording.

    Attributes:
        path: the file.
        fps: control steps per second.
        body: the rat that was simulated.
        provenance: policy, seed, intervention, versions: what the maker wrote down.
        joint_names: the hinges, qpos[:, 7 + i] belonging to name i.
        actuator_names: in the order of ctrl.
        contact_names: in the order of contact.
        rollouts: by name, in the order in which they were made.
    """

    path: Path
    fps: float
    body: BodyConfig
    provenance: dict[str, Any]
    joint_names: tuple[str, ...]
    actuator_names: tuple[str, ...]
    contact_names: tuple[str, ...]
    rollouts: "dict[str, Rollout]"


class Rollout:
    """One rollout of an open recording; an array is read when it is asked for.

    Attributes:
        name: of the rollout, unique in the recording.
        clip: name of the clip that it follows.
        behavior: what the clip shows.
        n_frames: control steps.
    """

    def __init__(self, group: "h5py.Group", path: Path):
        self._datasets = all_datasets(group)
        self._path = path
        self.name = str(group.name).rpartition("/")[2]
        self.clip = str(group.attrs["clip"])
        self.behavior = str(group.attrs["behavior"])
        self.n_frames = len(self._datasets["time"])

    @functools.cached_property
    def layers(self) -> tuple[str, ...]:
        """Names of the recorded layers, for `units`; in alphabetical order."""
        return self._family("units")

    @functools.cached_property
    def reward_terms(self) -> tuple[str, ...]:
        """Names of the reward's terms: term x is `rollout["reward/x"]`."""
        return self._family("reward")

    def units(self, layer: str, frames: slice = slice(None)) -> np.ndarray:
        """Activations of a layer, shape (frames, units), float32.

        Raises:
            InputError: the layer was not recorded; the message lists those that were.
        """
        if layer not in self.layers:
            raise unknown("layer", layer, self.layers, f"rollout {self.name!r} of {self._path}")
        return self.read(f"units/{layer}", frames)

    def __getitem__(self, name: str) -> np.ndarray:
        """A whole dataset by its name in the file, such as `qpos` or `reward/total`."""
        return self.read(name)

    def read(self, name: str, frames: slice = slice(None)) -> np.ndarray:
        """Some frames of a dataset; no others are read from the file."""
        if name not in self._datasets:
            raise unknown("dataset", name, self._datasets, f"rollout {self.name!r} of {self._path}")
        with reading(self._path):
            return self._datasets[name][slice(*frames.indices(self.n_frames))]

    def first(self, n_frames: int) -> "Rollout":
        """The same rollout, as if it had ended after so many frames."""
        part = copy.copy(self)
        part.n_frames = min(n_frames, self.n_frames)
        return part

    def _family(self, family: str) -> tuple[str, ...]:
        prefix = f"{family}/"
        return tuple(name.removeprefix(prefix) for name in self._datasets if name.startswith(prefix))


def is_recording(path: Path) -> bool:
    """Whether a file says of itself that it is a recording, of any version.

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
    """Open a recording and check that it is whole, without reading its arrays.

    Raises:
        InputError: it is not a recording of this version, or something in it is unknown,
            missing, or of the wrong shape.
    """
    path = Path(path)
    with open_hdf5(path, SCHEMA, VERSION) as file:
        with reading(path):
            header = read_header(file, path)
            groups = rollout_groups(file, header, path)
            rollouts = {name: Rollout(group, path) for name, group in groups.items()}
        yield Recording(path=path, rollouts=rollouts, **vars(header))
