"""One session as a twin sees it: streams of behavior and spikes, or calcium, on the same bins.

    session = TwinSession.of(opened, read_bands(("joints", "velocities"), opened.timeline, opened.recording))
    session.columns                     # (bins, columns): all streams side by side
    require_alike([session, another])   # same streams, same bins

Time may be in pieces, such as trials or clips that are glued together. Nothing reaches over the edge of a
piece.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.twin.body_plan import part_of
from analysis.twin.images import image_shape, pixel_names, size_text
from rodent.errors import InputError

if TYPE_CHECKING:
    from analysis.encoding.bands import Band
    from analysis.session import OpenSession

_SAME_BIN = 1e-6  # relative


@dataclasses.dataclass(frozen=True)
class Stream:
    """A stream of behavior, such as joint angles or the units of a layer.

    Attributes:
        name: of the stream.
        values: of every bin, shape (bins, columns).
        columns: their names.
        parts: the body part of each column.
    """

    name: str
    values: np.ndarray
    columns: tuple[str, ...]
    parts: tuple[str, ...]

    @classmethod
    def named(cls, name: str, values: np.ndarray, columns: Sequence[str] = ()) -> "Stream":
        """A stream whose columns belong to the body parts that their names tell."""
        columns = tuple(columns) or tuple(f"{name}_{i}" for i in range(values.shape[1]))
        return cls(name, values, columns, tuple(part_of(column, name) for column in columns))

    @classmethod
    def images(cls, name: str, frames: np.ndarray) -> "Stream":
        """A stream of images, one for each bin.

        Args:
            name: of the stream.
            frames: shape (bins, height, width), or (bins, height, width, channels).

        Raises:
            InputError: they have another number of axes, or no pixels.
        """
        if frames.ndim not in (3, 4):
            raise InputError(
                f"stream {name!r} has {frames.ndim} axes {frames.shape}; images have the axes bins, height, "
                "width, and channels if there are several"
            )
        if 0 in frames.shape[1:]:
            raise InputError(f"stream {name!r} has images of shape {frames.shape[1:]}, without a pixel")
        height, width, channels = (*frames.shape[1:], 1)[:3]
        columns = pixel_names((height, width, channels))
        return cls(name, frames.reshape(len(frames), -1), columns, (name,) * len(columns))


@dataclasses.dataclass(frozen=True)
class TwinSession:
    """Behavior and spikes, or calcium, of one animal.

    Attributes:
        name: of the session.
        animal: whose it is; sessions of one animal share it.
        streams: of behavior.
        counts: spikes, or calcium, such as dF/F or deconvolved activity, in any unit; shape (bins, neurons).
            The likelihood of the twin says which of them is expected.
        neurons: their names.
        bin_seconds: length of a bin, seconds.
        piece: which uninterrupted piece of time each bin belongs to, -1 for bins that are not used, shape
            (bins,).
        table: what is known of the neurons, an entry each, by column.
        behavior: name of the behavior, or of the stimulus, in each bin, shape (bins,); None if unknown.

    Raises:
        InputError: lengths differ, a value is not finite, or there are no neurons or no bins.
    """

    name: str
    animal: str
    streams: tuple[Stream, ...]
    counts: np.ndarray
    neurons: tuple[str, ...]
    bin_seconds: float
    piece: np.ndarray
    table: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    behavior: np.ndarray | None = None

    def __post_init__(self) -> None:
        lengths = {stream.name: len(stream.values) for stream in self.streams}
        lengths |= {"spikes": len(self.counts), "pieces": len(self.piece)}
        lengths |= {"behaviors": len(self.behavior)} if self.behavior is not None else {}
        if len(set(lengths.values())) > 1:
            each = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise InputError(f"session {self.name}: numbers of bins differ: {each}; cut them to one length")
        if not self.streams or not self.counts.shape[1] or not (self.piece >= 0).any():
            raise InputError(
                f"session {self.name} has {len(self.streams)} streams, {self.counts.shape[1]} neurons and "
                f"{int((self.piece >= 0).sum())} usable bins; one of each is needed at least"
            )
        for stream in self.streams:
            bad = ~np.isfinite(stream.values).all(1) & (self.piece >= 0)
            if bad.any():
                raise InputError(
                    f"session {self.name}: stream {stream.name!r} is not finite in bin "
                    f"{int(np.argmax(bad))}; fill the gap, or mark the bin as not used"
                )
        bad = ~np.isfinite(self.counts).all(1) & (self.piece >= 0)
        if bad.any():
            raise InputError(
                f"session {self.name}: the signal of a neuron is not finite in bin {int(np.argmax(bad))}; "
                "fill the gap, or mark the bin as not used (piece -1)"
            )

    @classmethod
    def of(
        cls,
        opened: "OpenSession",
        bands: "Sequence[Band]",
        animal: str,
        table: Sequence[str] = (),
        behavior: np.ndarray | None = None,
    ) -> "TwinSession":
        """The session of a recording and its spikes.

        Args:
            opened: recording and spikes.
            bands: of behavior.
            animal: whose session it is.
            table: columns of the units table to keep.
            behavior: of each bin.

        Raises:
            InputError: as of the class, or the units table has no such column.
        """
        timeline, spikes = opened.timeline, opened.spikes
        used = timeline.alive & spikes.covered
        # bins next to one another in one rollout are one piece
        begins = np.r_[True, (np.diff(timeline.rollout) != 0) | ~used[:-1]]
        return cls(
            name=str(opened.arguments.spikes),
            animal=animal,
            streams=tuple(Stream.named(band.name, band.values, band.columns) for band in bands),
            counts=spikes.counts,
            neurons=spikes.names,
            bin_seconds=timeline.bin_seconds,
            piece=np.where(used, np.cumsum(begins) - 1, -1),
            table={column: opened.groups(column, spikes.names) for column in table},
            behavior=behavior,
        )

    @property
    def n_bins(self) -> int:
        """All bins, those that are not used included."""
        return len(self.piece)

    @functools.cached_property
    def columns(self) -> np.ndarray:
        """All streams side by side, float32, shape (bins, columns); zeros in bins that are not used."""
        values = np.concatenate([stream.values for stream in self.streams], axis=1, dtype=np.float32)
        return np.where(self.piece[:, None] >= 0, values, np.float32(0))

    @property
    def layout(self) -> tuple[tuple[str, str, str], ...]:
        """Stream, column and body part of each column."""
        return tuple(
            (stream.name, column, part)
            for stream in self.streams
            for column, part in zip(stream.columns, stream.parts, strict=True)
        )

    def without(self, behavior: str) -> "TwinSession":
        """The session without a behavior: bins in which it is shown are not used.

        Raises:
            InputError: behaviors are not known, or there is no bin of this one, or of any other.
        """
        return self._where(behavior, shown=False)

    def only(self, behavior: str) -> "TwinSession":
        """The session without all other behaviors; errors as of `without`."""
        return self._where(behavior, shown=True)

    def _where(self, behavior: str, shown: bool) -> "TwinSession":
        used = self.piece >= 0
        found = sorted(set(self.behavior[used].tolist())) if self.behavior is not None else []
        if behavior not in found or len(found) < 2:
            raise InputError(
                f"session {self.name} has no bins with and without behavior {behavior!r}; it has "
                f"{', '.join(found) or 'no labels of behavior'}"
            )
        return dataclasses.replace(self, piece=np.where((self.behavior == behavior) == shown, self.piece, -1))

    def with_counts(self, counts: np.ndarray) -> "TwinSession":
        """The same behavior with other spikes, shape (bins, neurons)."""
        return dataclasses.replace(self, counts=counts)


def require_alike(sessions: Sequence[TwinSession]) -> None:
    """Refuse sessions that one core cannot be fitted to.

    Raises:
        InputError: streams, columns or bins differ, or two sessions have the same name.
    """
    first = sessions[0]
    for session in sessions[1:]:
        require_layout(session, first.layout, first.bin_seconds, f"session {first.name}")
    names = [session.name for session in sessions]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"session {twice[0]} is given twice; name each once")


def require_layout(
    session: TwinSession, layout: Sequence[tuple[str, str, str]], bin_seconds: float, other: str
) -> None:
    """Refuse a session whose streams or bins are not those of another one or of a twin.

    Args:
        session: to check.
        layout: stream, column and part of each column that is expected.
        bin_seconds: that is expected, seconds.
        other: what the expected ones are of, for the message.

    Raises:
        InputError: they differ.
    """
    if abs(session.bin_seconds - bin_seconds) > _SAME_BIN * bin_seconds:
        raise InputError(
            f"session {session.name} has bins of {session.bin_seconds:g} s, {other} of {bin_seconds:g} s; "
            "bin them alike (--bin-seconds)"
        )
    mine, theirs = list(session.layout), [tuple(column) for column in layout]
    if mine == theirs:
        return
    if {one[0] for one in mine} != {one[0] for one in theirs}:
        names = [", ".join(dict.fromkeys(one[0] for one in each)) for each in (mine, theirs)]
        raise InputError(f"session {session.name} has streams {names[0]}, {other} has {names[1]}")
    shapes = [image_shape(each) for each in (session.layout, layout)]
    if shapes[0] is not None and shapes[1] is not None:
        sizes = [size_text(shape) for shape in shapes if shape is not None]
        raise InputError(
            f"session {session.name} has images of {sizes[0]}, {other} of {sizes[1]}; resize the frames"
        )
    at = next((i for i, pair in enumerate(zip(mine, theirs, strict=False)) if pair[0] != pair[1]), None)
    what = f"{len(mine)} columns" if at is None else f"column {'/'.join(mine[at][:2])!r}"
    expected = f"{len(theirs)}" if at is None else f"{'/'.join(theirs[at][:2])!r}"
    raise InputError(f"session {session.name} has {what} where {other} has {expected}; use the same body")
