"""Sessions of the command line as a twin's sessions, with its streams; spikes or calcium.

sessions = read_sessions(config, config.animal, config.stream)              # to fit a twin to
twin, sessions = read_for_twin(config.twin, config, config.animal)          # with the streams of a twin
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.encoding.bands import HISTORY, read_bands
from analysis.session import OpenSession, SessionArguments, open_sessions
from analysis.similarity.conditions import epoch_labels, kinematic_labels
from analysis.twin.files import load_twin
from analysis.twin.images import image_shape, size_text
from analysis.twin.session import TwinSession
from analysis.twin.twin import Twin
from rodent.clips.behavior import BEHAVIORS
from rodent.errors import InputError
from rodent.recording.body import recorded_body

STREAMS = ("joints", "velocities")
"""Streams if none are named."""


def read_sessions(
    arguments: SessionArguments,
    animals: Sequence[str],
    streams: Sequence[str],
    table: Sequence[str] = (),
    hold_out: str | None = None,
) -> list[TwinSession]:
    """Open all sessions of the arguments, and read their streams; see `sessions_of`."""
    with open_sessions(arguments, signals=True) as opened:
        return sessions_of(opened, animals, streams, table, hold_out)


def read_for_twin(
    folder: Path, arguments: SessionArguments, animals: Sequence[str]
) -> tuple[Twin, list[TwinSession]]:
    """A twin from its folder, and the sessions of the arguments as it sees them; see `sessions_of`."""
    twin = load_twin(folder)
    return twin, read_sessions(arguments, animals, streams_of(twin), hold_out=twin.settings.hold_out)


def streams_of(twin: Twin) -> tuple[str, ...]:
    """Names of the streams that a twin sees, in order, to read them from recordings.

    Raises:
        InputError: it sees images, which recordings do not have.
    """
    if (shape := image_shape(twin.layout_)) is not None:
        raise InputError(
            f"the twin sees images of {size_text(shape)}, and commands read none; use it in Python, see "
            "Images on the page Digital twins"
        )
    return tuple(dict.fromkeys(stream for stream, *_ in twin.layout_))


def sessions_of(
    opened: Sequence[OpenSession],
    animals: Sequence[str],
    streams: Sequence[str],
    table: Sequence[str] = (),
    hold_out: str | None = None,
) -> list[TwinSession]:
    """Read the streams of all sessions.

    Args:
        opened: the sessions.
        animals: of each session; different ones if empty.
        streams: their names; `STREAMS` if empty.
        table: columns of the units table to keep.
        hold_out: behavior whose bins are to be known; None if no behavior is.

    Raises:
        InputError: the number of animals differs from that of sessions, or a stream, a column or the
            behavior is unknown.
    """
    if animals and len(animals) != len(opened):
        raise InputError(f"--animal has {len(animals)} names for {len(opened)} sessions; give one for each")
    if HISTORY in streams:
        raise InputError(f"--stream {HISTORY} is of each neuron alone, and a core is shared; leave it out")
    names = animals or [f"animal of session {i}" for i in range(len(opened))]
    found = []
    for one, animal in zip(opened, names, strict=True):
        bands = read_bands(streams or STREAMS, one.timeline, one.recording)
        behavior = None if hold_out is None else _behavior(one, hold_out)
        found.append(TwinSession.of(one, bands, animal, table, behavior))
    return found


def _behavior(opened: OpenSession, name: str) -> np.ndarray:
    """What the animal does in each bin: kinematic states if one has this name, else epochs of the session."""
    if name in BEHAVIORS:
        body = recorded_body(opened.recording)
        return kinematic_labels(opened.timeline, opened.recording.fps, body)
    return epoch_labels(opened.timeline, opened.session.epochs, opened.clock)
