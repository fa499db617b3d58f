"""The tracked path of a session as the CSV file that `rodent clips synth --path` follows."""

import csv
import dataclasses
from pathlib import Path

import numpy as np

from analysis.neural.session import NeuralSession
from rodent.errors import InputError
from rodent.files import atomic_path


@dataclasses.dataclass(frozen=True)
class WrittenPath:
    """What was written.

    Attributes:
        start: when the first position was seen, seconds of the spikes' clock: the offset of a recording of
            a rat that follows this path.
        positions: rows of the file.
        seen: those with a position.
        notes: the same in words.
    """

    start: float
    positions: int
    seen: int
    notes: tuple[str, ...]


def write_path(session: NeuralSession, out: Path, between: tuple[float, float] | None = None) -> WrittenPath:
    """Write the animal's position, seconds and metres; the cells of x and y are empty where it was not seen.

    Args:
        session: a session with a series `position`.
        out: the CSV file.
        between: the part to write, seconds of the spikes' clock; all of it if not given.

    Raises:
        InputError: there is no position, or none in that part.
    """
    if "position" not in session.behavior:
        why = "; ".join(note for note in session.notes if "pixel" in note)
        raise InputError(f"{session.path} has no position to write{f': {why}' if why else ''}")
    position = session.behavior["position"]
    times, places = np.asarray(position.t), np.asarray(position.values, float)
    if places.ndim != 2 or places.shape[1] < 2:
        raise InputError(f"{session.path}: its position has shape {places.shape}; x and y are expected")
    low, high = between or (-np.inf, np.inf)
    inside = (times >= low) & (times <= high)
    times, places = times[inside], places[inside, :2]
    seen = np.isfinite(places).all(axis=1).astype(bool)
    if seen.sum() < 2:
        raise InputError(
            f"{session.path}: the animal was seen {int(seen.sum())} times between {low:g} and {high:g} s; "
            f"positions are from {position.t[0]:g} to {position.t[-1]:g} s of the spikes' clock"
        )
    with atomic_path(out) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time", "x", "y"])
        writer.writerows(
            (f"{time:.6f}", *((f"{x:.5f}", f"{y:.5f}") if there else ("", "")))
            for time, (x, y), there in zip(times, places, seen, strict=True)
        )
    start = float(times[seen][0])
    note = (
        f"wrote {out}: {len(times)} rows, {int(seen.sum())} positions; what follows this path has "
        f"--offset {start:.6f}"
    )
    return WrittenPath(start, len(times), int(seen.sum()), (note,))
