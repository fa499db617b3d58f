"""Recordings and the spikes of the same sessions: their options, and opening both files.

config = SessionArguments(Path("walk.h5"), Path("spikes.npz"))
with open_sessions(config) as (session, *further):
    session.timeline.units("decoder/layer_0"), session.spikes.counts

Light to import: the command line is derived from the arguments.
"""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from analysis.neural.settings import LabelOptions, SpikeOptions
from rodent.errors import InputError, naming, unknown

if TYPE_CHECKING:
    import numpy as np

    from analysis.neural.clock import Clock
    from analysis.neural.quality import UnitQuality
    from analysis.neural.session import NeuralSession
    from analysis.neural.settings import QualitySettings
    from analysis.neural.spikes import BinnedSpikes
    from analysis.timeline import Timeline
    from rodent.recording import Recording, Rollout


@dataclasses.dataclass(frozen=True)
class SessionArguments:
    """A recording, the spikes of the same session, and the alignment of their clocks."""

    recording: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RECORDING")]
    """A recording of the session's motion, made by `rodent rollout`."""
    spikes: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SPIKES")]
    """Spikes: an NWB file; a session of Aldarondo et al. (2024); a folder of Phy or Kilosort; npz of
    pynapple; a MAT file of tetrodes; or npz, HDF5 or MAT with `counts` (bins, neurons) and `bin_seconds` or
    `fps`, with `times` and `neurons`, an integer each, or with a group `spikes` of times per neuron."""
    rollout: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Rollout to use; may be given several times, in the order of the session. By default all of them, as
    recorded."""
    offset: float | None = None
    """Time of the first frame on the clock of the spikes, seconds. By default, both must start and end at the
    same time."""
    starts: tuple[float, ...] = ()
    """For a session that was tracked in pieces: time of the first frame of every rollout on the clock
    of the spikes, seconds, in the order of the rollouts, as in `--starts 0 612.4 1300`. The time between
    pieces is not used."""
    rate: float = 1.0
    """Clock ratio: seconds on the clock of the spikes per second on the clock of the recording."""
    bin_seconds: float | None = None
    """Length of a bin, seconds: a multiple of a frame and of the bins of counts; by default the shortest
    one. Units are averaged and spikes summed over it; longer bins are faster."""
    reading: tyro.conf.OmitArgPrefixes[SpikeOptions] = dataclasses.field(default_factory=SpikeOptions)
    """How the file of spikes is read."""
    labels: LabelOptions = dataclasses.field(default_factory=LabelOptions)
    """Behavior labels of the session, from a file of their own."""
    session: Annotated[
        tyro.conf.UseAppendAction[tuple[tuple[Path, Path], ...]], tyro.conf.arg(metavar="RECORDING SPIKES")
    ] = ()
    """Another session, whose recording and spikes start at the same time; may be given several times. Its
    neurons may differ. Means and tests are then over sessions."""
    select: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Select neurons by columns of the units table: `region=M1`, `region=M1,DLS` for either,
    `quality!=noise`, or `'depth<800'` for numbers. Several conditions, separated by commas or in several
    options, must all hold. `rodent spikes` lists the columns."""


@dataclasses.dataclass(frozen=True)
class OpenSession:
    """A recording and the spikes on its bins; arrays are read from the recording on demand.

    Attributes:
        arguments: of this session.
        recording: the open recording.
        rollouts: the rollouts used, in the order of the session.
        timeline: bins of the rollouts.
        clock: alignment of the clocks of recording and spikes.
        spikes: counts on these bins.
        session: the spikes as in their file.
        notes: about bins and alignment, for readers of the results.
    """

    arguments: SessionArguments
    recording: "Recording"
    rollouts: "tuple[Rollout, ...]"
    timeline: "Timeline"
    clock: "Clock"
    spikes: "BinnedSpikes"
    session: "NeuralSession"
    notes: tuple[str, ...]

    def good_neurons(self, settings: "QualitySettings") -> "tuple[BinnedSpikes, UnitQuality]":
        """The spikes of the neurons above the quality thresholds, and the quality of all.

        Raises:
            InputError: no neuron is good.
        """
        from analysis.neural.quality import judge, require_good

        quality = judge(self.spikes, self.session, settings)
        require_good(quality, self.session)
        return self.spikes.subset(quality.good), quality

    def groups(self, column: str, names: Sequence[str]) -> "np.ndarray":
        """The value of each neuron in a column of the units table, such as its region.

        Args:
            column: of the table; `rodent spikes` lists them.
            names: of the neurons, such as those of `good_neurons`.

        Returns:
            texts, `none` where there is no value, shape (neurons,).

        Raises:
            InputError: there is no such column.
        """
        return self.session.labels(column, names)

    def place(self, rollout: "Rollout") -> str:
        """File and rollout, for messages."""
        return f"{self.recording.path}, rollout {rollout.name!r}"

    def require_layers(self, layers: Sequence[str]) -> None:
        """Require that every rollout has the layers.

        Raises:
            InputError: a rollout lacks a layer.
        """
        for rollout in self.rollouts:
            for layer in layers:
                rollout.require(f"units/{layer}")


@contextlib.contextmanager
def open_sessions(arguments: SessionArguments, signals: bool = False) -> Iterator[tuple[OpenSession, ...]]:
    """Open all sessions of the arguments; see `open_session`."""
    further = (
        SessionArguments(
            recording=recording,
            spikes=spikes,
            bin_seconds=arguments.bin_seconds,
            reading=dataclasses.replace(arguments.reading, metres_per_pixel=None),
            select=arguments.select,
        )
        for recording, spikes in arguments.session
    )
    with contextlib.ExitStack() as stack:
        yield tuple(stack.enter_context(open_session(one, signals)) for one in (arguments, *further))


@contextlib.contextmanager
def open_session(arguments: SessionArguments, signals: bool = False) -> Iterator[OpenSession]:
    """Open a recording and count the spikes in its bins.

    Args:
        arguments: files, and how they go together.
        signals: whether calcium is taken, too; a bin then has its mean.

    Raises:
        InputError: a file is invalid, a rollout is unknown or given twice, there is not one start for each
            rollout, no neuron meets the selection, the bins do not match the files, recording and spikes do
            not overlap in time, or the behavior in both files shows that the clock is wrong.
    """
    from analysis.neural.labels import with_labels
    from analysis.neural.read import read_session
    from analysis.neural.selection import select
    from analysis.timeline import Timeline
    from rodent.recording import open_recording

    with open_recording(arguments.recording) as recording:
        rollouts = _chosen(recording, arguments.rollout)
        _check_starts(arguments, rollouts)
        session = with_labels(read_session(arguments.spikes, arguments.reading, signals), arguments.labels)
        session = select(session, arguments.select)
        seconds = arguments.bin_seconds
        seconds = session.fitting_bin(recording.fps) if seconds is None else seconds
        timeline = Timeline.of(rollouts, recording.fps, seconds, apart=bool(arguments.starts))
        clock = _clock(arguments, timeline, recording.fps)
        spikes = session.on_bins(timeline.n_bins, seconds, clock)
        tested = _tested(session, rollouts, clock, recording.fps, arguments, seconds)
        notes = (*session.notes, *spikes.notes, *tested, *timeline.notes, *_pieces(arguments, timeline))
        yield OpenSession(arguments, recording, rollouts, timeline, clock, spikes, session, notes)


def _check_starts(arguments: SessionArguments, rollouts: "tuple[Rollout, ...]") -> None:
    if arguments.starts and arguments.offset is not None:
        raise InputError("--offset and --starts are both given; expected one of them")
    if arguments.starts and len(arguments.starts) != len(rollouts):
        names = ", ".join(rollout.name for rollout in rollouts)
        raise InputError(
            f"--starts has {len(arguments.starts)} times for {len(rollouts)} rollouts of "
            f"{arguments.recording}; one for each is expected, in this order: {names}"
        )


def _clock(arguments: SessionArguments, timeline: "Timeline", fps: float) -> "Clock":
    from analysis.neural.clock import Clock

    if not arguments.starts:
        return Clock(arguments.offset, arguments.rate)
    seconds = [rollout.n_frames / fps for rollout in timeline.rollouts]
    names = [f"rollout {rollout.name!r}" for rollout in timeline.rollouts]
    return Clock.in_pieces(arguments.starts, seconds, arguments.rate, names)


def _pieces(arguments: SessionArguments, timeline: "Timeline") -> tuple[str, ...]:
    """A note with the start of each rollout."""
    if not arguments.starts:
        return ()
    each = zip(timeline.rollouts, arguments.starts, strict=True)
    starts = ", ".join(f"{rollout.name} at {start:.10g} s" for rollout, start in each)
    return (f"starts of rollouts on the clock of the spikes: {starts}; the time between them is not used",)


def _tested(
    session: "NeuralSession",
    rollouts: "tuple[Rollout, ...]",
    clock: "Clock",
    fps: float,
    arguments: SessionArguments,
    bin_seconds: float,
) -> tuple[str, ...]:
    """Notes from a test of the clock on behavior that both files have; of each piece separately."""
    import numpy as np

    from analysis.neural.drift import WINDOW, check_clock

    if not session.behavior:
        return ()
    if without := [rollout.name for rollout in rollouts if not rollout.has("reference")]:
        return (f"the clocks are not tested: there is no reference motion in {', '.join(without)}",)
    if not arguments.starts:
        reference = np.concatenate([rollout["reference"] for rollout in rollouts])
        return check_clock(session, reference, fps, clock, bin_seconds)
    notes, short = [], [rollout.name for rollout in rollouts if rollout.n_frames < WINDOW * fps]
    for i, (rollout, piece) in enumerate(zip(rollouts, clock.pieces, strict=True)):
        if rollout.name in short:
            continue

        def option(start: float, i: int = i) -> str:
            starts = [*arguments.starts[:i], round(start, 3), *arguments.starts[i + 1 :]]
            return f"--starts {' '.join(f'{one:.10g}' for one in starts)}"

        place = f"rollout {rollout.name!r}"
        with naming(place):
            found = check_clock(session, rollout["reference"], fps, piece, bin_seconds, option)
        notes += [f"{place}: {note}" for note in found]
    if short:
        notes.append(f"the clock is not tested in rollouts shorter than {WINDOW:g} s: {', '.join(short)}")
    return tuple(notes)


def _chosen(recording: "Recording", names: tuple[str, ...]) -> "tuple[Rollout, ...]":
    for name in names:
        if name not in recording.rollouts:
            raise unknown("rollout", name, recording.rollouts, str(recording.path))
        if names.count(name) > 1:
            # the same frames would be training and test data
            raise InputError(f"--rollout {name!r} is given twice; expected each rollout once")
    return tuple(recording.rollouts[name] for name in names or recording.rollouts)
