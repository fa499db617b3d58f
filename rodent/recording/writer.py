"""Writing a recording in chunks, in memory that does not grow with its length."""

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rodent.body import TOUCH_SENSORS, BodyConfig
from rodent.configs import to_json
from rodent.errors import InputError, unknown
from rodent.files import atomic_path
from rodent.recording.layout import (
    DATASETS,
    FAMILIES,
    SCHEMA,
    VERSION,
    member_of,
    read_header,
    rollout_groups,
)

if TYPE_CHECKING:
    import h5py

_DTYPES = {"time": "f8", "qpos": "f8", "qvel": "f8", "reference": "f8", "alive": "?"}  # all others: f4
_CHUNK = 256  # frames per HDF5 chunk
_BUFFER = 1 << 26  # bytes, over all rollouts, that are held back until they fill chunks


class RecordingWriter:
    """Writes a recording that appears under its name when the context ends without an error.

    Several rollouts may be appended to in turn.

        with RecordingWriter(path, ...) as writer:
            rollout = writer.rollout("Walk", clip="Walk", behavior="Walk")
            rollout.append({"qpos": qpos, ...})
    """

    def __init__(
        self,
        path: Path,
        *,
        fps: float,
        body: BodyConfig,
        joint_names: Sequence[str],
        actuator_names: Sequence[str],
        provenance: Mapping[str, Any],
        contact_names: Sequence[str] = TOUCH_SENSORS,
    ):
        """See `rodent.recording.Recording` for what the arguments mean.

        Raises:
            TypeError: the provenance holds something that JSON does not know.
        """
        self.path = Path(path)
        self._attributes = {
            "schema": SCHEMA,
            "version": VERSION,
            "fps": float(fps),
            "body": json.dumps(to_json(body)),
            "provenance": json.dumps(dict(provenance)),
            "joint_names": list(joint_names),
            "actuator_names": list(actuator_names),
            "contact_names": list(contact_names),
        }
        self._rollouts: dict[str, RolloutWriter] = {}

    def __enter__(self) -> Self:
        import h5py

        with contextlib.ExitStack() as stack:
            temporary = stack.enter_context(atomic_path(self.path))
            self._file = stack.enter_context(h5py.File(temporary, "w"))
            self._file.attrs.update(self._attributes)
            # rollouts are listed in the order in which they were made
            self._group = self._file.create_group("rollouts", track_order=True)
            self._header = read_header(self._file, self.path)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        if error[0] is not None:
            self._stack.__exit__(*error)
            return
        with self._stack:
            for rollout in self._rollouts.values():
                rollout.flush()
            # what a reader would refuse is not written
            rollout_groups(self._file, self._header, self.path)

    def rollout(self, name: str, *, clip: str = "", behavior: str = "") -> "RolloutWriter":
        """Begin a rollout.

        Args:
            name: of the group in the file: unique, without `/`.
            clip: name of the clip that it follows.
            behavior: what the clip shows.

        Raises:
            InputError: no rollout can have this name.
        """
        if not name or name == "." or "/" in name:
            raise InputError(f"{self.path}: {name!r} cannot name a rollout; take a name without '/'")
        if name in self._rollouts:
            raise InputError(f"{self.path}: there is already a rollout {name!r}; give each its own name")
        group = self._group.create_group(name)
        group.attrs.update({"clip": clip, "behavior": behavior})
        self._rollouts[name] = RolloutWriter(group, self._bound_buffers)
        return self._rollouts[name]

    def _bound_buffers(self) -> None:
        if sum(r.buffered for r in self._rollouts.values()) > _BUFFER:
            for rollout in self._rollouts.values():
                rollout.flush()


class RolloutWriter:
    """Takes the rows of one rollout and hands them to the file in whole chunks."""

    def __init__(self, group: "h5py.Group", on_append: Callable[[], None]):
        self._group = group
        self._on_append = on_append
        self._pending: dict[str, list[np.ndarray]] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}

    @property
    def buffered(self) -> int:
        """Bytes that are not yet handed to the file."""
        return sum(rows.nbytes for pending in self._pending.values() for rows in pending)

    def append(self, block: Mapping[str, np.ndarray]) -> None:
        """Add rows; in the end every dataset must have got the same number.

        Args:
            block: rows by dataset, as in `{"qpos": (n, 74), "reward/total": (n,),
                "units/encoder/layer_0": (n, units)}`, any n.

        Raises:
            InputError: a recording has no dataset of that name.
            ValueError: the rows of a dataset change their shape.
        """
        for name, values in block.items():
            if name not in DATASETS and member_of(name) is None:
                raise unknown("dataset", name, (*DATASETS, *(f"{f}/..." for f in FAMILIES)), "a recording")
            # a copy, for the caller may fill the array anew
            rows = np.array(values, dtype=_DTYPES.get(name, "f4"))
            shape = self._shapes.setdefault(name, rows.shape[1:])
            if rows.ndim == 0 or rows.shape[1:] != shape:
                raise ValueError(f"{name}: {rows.shape} is not the shape of any number of rows of {shape}")
            pending = self._pending.setdefault(name, [])
            pending.append(rows)
            count = sum(map(len, pending))
            if count >= _CHUNK:
                self._write(name, count - count % _CHUNK)
        self._on_append()

    def flush(self) -> None:
        """Write all that is held back."""
        for name, pending in self._pending.items():
            self._write(name, sum(map(len, pending)))

    def _write(self, name: str, count: int) -> None:
        """Write the first `count` of the rows that are held back."""
        if count == 0:
            return
        rows = np.concatenate(self._pending[name])
        self._pending[name] = [rows[count:].copy()]
        tail = self._shapes[name]
        if name not in self._group:
            self._group.create_dataset(
                name,
                shape=(0, *tail),
                maxshape=(None, *tail),
                chunks=(_CHUNK, *tail),
                dtype=rows.dtype,
                compression="gzip",
                compression_opts=1,
                shuffle=True,
            )
        dataset = self._group[name]
        start = len(dataset)
        dataset.resize(start + count, axis=0)
        dataset[start:] = rows[:count]
