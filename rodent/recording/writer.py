"""Writing a recording in chunks, with memory independent of its length."""

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rodent.configs import to_json
from rodent.errors import InputError, unknown
from rodent.hdf5 import new_hdf5
from rodent.record_config import Content
from rodent.recording.channels import (
    FAMILIES,
    OUTCOME_FAMILIES,
    OUTCOMES,
    STANDARD,
    Channel,
    check_declared,
    member_of,
)
from rodent.recording.header import Header
from rodent.recording.layout import (
    RECORDING,
    channel_of,
    described,
    read_header,
    read_outcomes,
    rollout_groups,
)
from rodent.recording.metadata import RolloutMetadata
from rodent.recording.trials import Trial, check_trial_columns, read_trials, write_trials

if TYPE_CHECKING:
    import h5py

_CHUNK = 256  # frames per HDF5 chunk
_BUFFER = 1 << 26  # bytes of all rollouts that are buffered until they fill chunks


class RecordingWriter:
    """Writes a recording, which is renamed to its path when the context ends without an error.

    Rows can be appended to several rollouts alternately.

        with RecordingWriter(path, Header(fps=50, scene=scene, ...)) as writer:
            rollout = writer.rollout("Walk", RolloutMetadata.of_clip("Walk", behavior="Walk"))
            rollout.append({"qpos": qpos, ...})
    """

    def __init__(self, path: Path, header: Header):
        """Check the header; nothing is written yet.

        Args:
            path: of the file.
            header: of the recording, with custom channels and outcomes.

        Raises:
            InputError: the name of a channel or outcome is invalid or taken, or it has no unit.
            TypeError: the provenance cannot be stored as JSON.
        """
        channels, outcomes = header.channels, header.outcome_channels
        check_declared(channels, (*STANDARD, *FAMILIES), "channel")
        check_declared(outcomes, (*OUTCOMES, *OUTCOME_FAMILIES), "outcome")
        check_trial_columns(header.trial_columns)
        self._trial_columns = header.trial_columns
        self.path, self._content = Path(path), header.content
        self._channels, self._outcomes = {**STANDARD, **channels}, {**OUTCOMES, **outcomes}
        self._attributes = {
            **RECORDING.head(),
            "fps": float(header.fps),
            "content": header.content,
            "scene": json.dumps(to_json(header.scene)),
            "provenance": json.dumps(dict(header.provenance)),
            "channels": json.dumps(described(self._channels)),
            "outcomes": json.dumps(described(self._outcomes)),
            "joint_names": list(header.joint_names),
            "actuator_names": list(header.actuator_names),
            "contact_names": list(header.contact_names),
        }
        self._rollouts: dict[str, RolloutWriter] = {}
        self._numbers: dict[str, int] = {}  # last suffix of each repeated name

    def __enter__(self) -> Self:
        import h5py

        with contextlib.ExitStack() as stack:
            self._file = stack.enter_context(new_hdf5(self.path))
            for name, value in self._attributes.items():
                # a body may have no touch sensors, and HDF5 needs a type for an empty list
                kind = h5py.string_dtype() if value == [] else None
                self._file.attrs.create(name, value, dtype=kind)
            # rollouts are listed in the order of creation
            self._group = self._file.create_group("rollouts", track_order=True)
            read_header(self._file, self.path)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        if error[0] is not None:
            self._stack.__exit__(*error)
            return
        with self._stack:
            for rollout in self._rollouts.values():
                rollout.flush()
            self._write_outcomes()
            trials = {name: one.trials for name, one in self._rollouts.items()}
            write_trials(self._file, trials, self._trial_columns)
            self._describe_channels()
            # refuse to write a file that cannot be read
            header = read_header(self._file, self.path)
            rollout_groups(self._file, header, self.path)
            read_outcomes(self._file, header, len(self._rollouts), self.path)
            read_trials(self._file, list(self._rollouts), self.path)

    def rollout(self, name: str, metadata: RolloutMetadata | None = None) -> "RolloutWriter":
        """Start a rollout.

        Args:
            name: of the group in the file, without `/`; a repeated name gets a number, as in `walk.2`.
            metadata: of the rollout.

        Raises:
            InputError: the name is invalid.
            TypeError: the metadata cannot be stored as JSON.
        """
        if not name or name == "." or "/" in name:
            raise InputError(f"{self.path}: rollout name {name!r} is invalid; expected a name without '/'")
        unique = name
        while unique in self._rollouts:
            self._numbers[name] = self._numbers.get(name, 1) + 1
            unique = f"{name}.{self._numbers[name]}"
        group = self._group.create_group(unique)
        group.attrs["metadata"] = (metadata or RolloutMetadata()).to_json()
        self._rollouts[unique] = RolloutWriter(group, self._channels, self._content, self._bound_buffers)
        return self._rollouts[unique]

    def _bound_buffers(self) -> None:
        if sum(r.buffered for r in self._rollouts.values()) > _BUFFER:
            for rollout in self._rollouts.values():
                rollout.flush()

    def _write_outcomes(self) -> None:
        """A dataset per outcome, with a value for every rollout."""
        names = dict.fromkeys(name for rollout in self._rollouts.values() for name in rollout.outcomes)
        for name in names:
            for rollout in self._rollouts.values():
                if name not in rollout.outcomes:
                    raise ValueError(f"rollout {rollout.name!r} has no {name}, which other rollouts have")
            channel = channel_of(name, self._outcomes, OUTCOME_FAMILIES)
            values = [rollout.outcomes[name] for rollout in self._rollouts.values()]
            self._file[f"outcomes/{name}"] = np.array(values, channel.dtype if channel else "f8")
        self._describe("outcomes", {name: self._outcomes[name] for name in names if name in self._outcomes})

    def _describe_channels(self) -> None:
        """Describe only the channels that were written."""
        held = {name for rollout in self._rollouts.values() for name in rollout.channels}
        self._describe("channels", {name: c for name, c in self._channels.items() if name in held})

    def _describe(self, attribute: str, channels: Mapping[str, Channel]) -> None:
        self._file.attrs[attribute] = json.dumps(described(channels))


class RolloutWriter:
    """Buffers the rows of one rollout and writes them in full chunks.

    Attributes:
        name: of the rollout.
        outcomes: by name, such as those of `rodent.recording.channels.OUTCOMES`; all rollouts of a recording
            have the same outcomes.
        trials: of the rollout, if its task has trials.
    """

    def __init__(
        self,
        group: "h5py.Group",
        channels: Mapping[str, Channel],
        content: Content,
        on_append: Callable[[], None],
    ):
        self.name = str(group.name).rpartition("/")[2]
        self.outcomes: dict[str, float] = {}
        self.trials: list[Trial] = []
        self._group = group
        self._known, self._content = channels, content
        self._on_append = on_append
        self._pending: dict[str, list[np.ndarray]] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels with rows."""
        return tuple(self._shapes)

    @property
    def buffered(self) -> int:
        """Bytes that are not written to the file yet."""
        return sum(rows.nbytes for pending in self._pending.values() for rows in pending)

    def append(self, block: Mapping[str, np.ndarray]) -> None:
        """Add rows; at the end, every channel must have the same number of rows.

        Args:
            block: rows by channel, as in `{"qpos": (n, nq), "reward/total": (n,),
                "units/encoder/layer_0": (n, units)}`, any n.

        Raises:
            InputError: a recording has no channel of that name.
            ValueError: the rows of a channel change their shape, or the recording's content excludes it.
        """
        for name, values in block.items():
            channel = channel_of(name, self._known)
            if channel is None:
                raise unknown("dataset", name, (*self._known, *(f"{f}/..." for f in FAMILIES)), "a recording")
            if self._content == "outcomes" or (self._content == "states" and member_of(name) == "units"):
                raise ValueError(f"{name} does not belong in a recording of {self._content}")
            # a copy, because the caller may reuse the array
            rows = np.array(values, dtype=channel.dtype)
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
        """Write all buffered rows."""
        for name, pending in self._pending.items():
            self._write(name, sum(map(len, pending)))

    def _write(self, name: str, count: int) -> None:
        """Write the first `count` buffered rows."""
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
