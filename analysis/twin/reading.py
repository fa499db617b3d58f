"""Sessions of the command line as a twin's sessions, with its streams.

with open_sessions(config) as opened:
    sessions = sessions_of(opened, config.animal, config.stream)
"""

from collections.abc import Sequence

from analysis.encoding.bands import HISTORY, read_bands
from analysis.session import OpenSession
from analysis.twin.session import TwinSession
from analysis.twin.twin import Twin
from rodent.errors import InputError

STREAMS = ("joints", "velocities")
"""Streams if none are named."""


def streams_of(twin: Twin) -> tuple[str, ...]:
    """Names of the streams that a twin sees, in order."""
    return tuple(dict.fromkeys(stream for stream, *_ in twin.layout_))


def sessions_of(
    opened: Sequence[OpenSession],
    animals: Sequence[str],
    streams: Sequence[str],
    table: Sequence[str] = (),
) -> list[TwinSession]:
    """Read the streams of all sessions.

    Args:
        opened: the sessions.
        animals: of each session; different ones if empty.
        streams: their names; `STREAMS` if empty.
        table: columns of the units table to keep.

    Raises:
        InputError: the number of animals differs from that of sessions, or a stream or a column is unknown.
    """
    if animals and len(animals) != len(opened):
        raise InputError(f"--animal has {len(animals)} names for {len(opened)} sessions; give one for each")
    if HISTORY in streams:
        raise InputError(f"--stream {HISTORY} is of each neuron alone, and a core is shared; leave it out")
    names = animals or [f"animal of session {i}" for i in range(len(opened))]
    return [
        TwinSession.of(one, read_bands(streams or STREAMS, one.timeline, one.recording), animal, table)
        for one, animal in zip(opened, names, strict=True)
    ]
