"""Positions of an animal as SpikeGadgets' Trodes tracks them: `*.videoPositionTracking`.

    track = read_tracker(path)
    track.seconds, track.pixels                     # (samples,), (samples, 2) with NaN where unseen
    position = track.position(metres_per_pixel)     # a pynapple TsdFrame

Lines of text between <Start settings> and <End settings> name the clock's rate and the fields of the
records that follow: `time`, in ticks of the clock, and the places of one or two lights in pixels. A
light at (0, 0) was not seen. Pictures count downwards; the positions have y upwards and the picture's
lower left corner at 0, so that left remains left.
"""

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.neural.timeseries import runs, series
from rodent.errors import InputError
from rodent.files import existing_file, reading

if TYPE_CHECKING:
    from analysis.neural.timeseries import Series

SUFFIX = ".videoPositionTracking"
STUCK_SECONDS = 10.0
"""A tracker that says the same pixel for so long has lost the animal: even at rest a rat's place trembles by
a pixel, and on a linear track the longest such stretch was 2.4 s."""

_END = b"<End settings>\n"
_LONGEST_HEADER = 2**16
_TYPES = {
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int16",
    "int32",
    "int64",
    "float32",
    "float64",
    "single",
    "double",
}
_LIGHTS = (("xloc", "yloc"), ("xloc2", "yloc2"))
_SKIP = 1.5  # times the usual step that count as a gap


@dataclasses.dataclass(frozen=True)
class Track:
    """A tracked path.

    Attributes:
        path: the file.
        seconds: times on the recorder's clock, rising, shape (samples,).
        pixels: places with y upwards, NaN where the animal was not seen, shape (samples, 2).
        notes: how often it was sampled, and what is missing.
    """

    path: Path
    seconds: np.ndarray
    pixels: np.ndarray
    notes: tuple[str, ...]

    def position(self, metres_per_pixel: float) -> "Series":
        """The path in metres.

        Raises:
            InputError: the scale is not positive.
        """
        if not 0 < metres_per_pixel < 1:
            raise InputError(
                f"{metres_per_pixel:g} metres per pixel make no sense; about 0.001 to 0.01 are usual"
            )
        return series(self.seconds, self.pixels * metres_per_pixel, ["x", "y"], str(self.path))


def read_tracker(path: Path) -> Track:
    """Read a tracked path.

    Raises:
        InputError: no such file, another format, cut short, or its clock runs backwards.
    """
    with reading(path), existing_file(path).open("rb") as file:
        head = file.read(_LONGEST_HEADER)
        at = head.find(_END)
        if not head.startswith(b"<Start settings>") or at < 0:
            raise InputError(f"{path} does not begin with settings, as a file of a Trodes tracker does")
        settings = dict(
            line.split(":", 1) for line in head[:at].decode("latin-1").splitlines() if ":" in line
        )
        dtype, rate = _record(settings, path)
        file.seek(at + len(_END))
        body = file.read()
    if len(body) % dtype.itemsize:
        raise InputError(f"{path} ends within a record of {dtype.itemsize} bytes; it is truncated")
    records = np.frombuffer(body, dtype)
    if len(records) < 2:
        raise InputError(f"{path} has {len(records)} positions; at least 2 are needed")
    return _track(path, records, rate, settings)


def _record(settings: dict[str, str], path: Path) -> tuple[np.dtype, float]:
    """What a record looks like, and the ticks of the clock per second."""
    fields = re.findall(r"<(\w+) (\w+)>", settings.get("Fields", ""))
    names = [name for name, _ in fields]
    if not {"time", *_LIGHTS[0]} <= set(names) or not {kind for _, kind in fields} <= _TYPES:
        raise InputError(
            f"{path}: its records have the fields {', '.join(names) or 'none'}; time, xloc and yloc are "
            "expected"
        )
    try:
        rate = float(settings.get("clockrate", "nan"))
    except ValueError:
        rate = np.nan
    if not 0 < rate < np.inf:
        raise InputError(
            f"{path}: its clockrate is {settings.get('clockrate', 'missing').strip()}; ticks per second are "
            "expected"
        )
    return np.dtype([(name, np.dtype(kind).newbyteorder("<")) for name, kind in fields]), rate


def _track(path: Path, records: np.ndarray, rate: float, settings: dict[str, str]) -> Track:
    ticks = records["time"].astype(np.int64)
    steps = np.diff(ticks)
    if (steps < 0).any():
        at = int(np.argmax(steps < 0))
        raise InputError(
            f"{path}: the clock runs backwards at record {at + 1}, from {ticks[at]} to {ticks[at + 1]} ticks "
            f"of 1/{rate:g} s"
        )
    first = np.append(True, steps > 0)
    seconds = ticks[first] / rate
    lights = np.stack(
        [_light(records[first], names) for names in _LIGHTS if set(names) <= set(records.dtype.names or ())]
    )
    seen = np.isfinite(lights[..., 0])
    count = seen.sum(0)
    pixels = np.divide(
        np.where(seen[..., None], lights, 0).sum(0),
        count[:, None],
        out=np.full((len(count), 2), np.nan),
        where=count[:, None] > 0,
    )
    if not count.any():
        raise InputError(f"{path}: the animal was seen in none of {len(count)} positions")
    pixels[:, 1] = _height(settings, pixels[:, 1]) - pixels[:, 1]
    step = float(np.median(np.diff(seconds)))
    stuck = _stuck(pixels, seconds)
    pixels[stuck] = np.nan
    gaps = np.diff(seconds)[np.diff(seconds) > _SKIP * step]
    notes = [
        f"positions from {seconds[0]:.3f} to {seconds[-1]:.3f} s of its clock of {rate:g} Hz, one every "
        f"{1000 * step:.2f} ms"
    ]
    if len(gaps):
        notes.append(
            f"{len(gaps)} times positions are missing, {gaps.sum() - len(gaps) * step:.3g} s in all, "
            f"{gaps.max():.3g} s at most"
        )
    if not first.all():
        notes.append(f"{int((~first).sum())} positions have the time of the one before and are left out")
    if stuck.any():
        lost = stuck.sum() * step
        notes.append(
            f"the place is the same to the pixel for {lost:.3g} s, where the tracker had lost the animal"
        )
    if (count == 0).any():
        notes.append(f"the animal was not seen in {int((count == 0).sum())} of {len(count)} positions")
    return Track(path, seconds, pixels, tuple(notes))


def _light(records: np.ndarray, names: tuple[str, str]) -> np.ndarray:
    places = np.stack([records[name].astype(float) for name in names], axis=1)
    places[~places.any(1)] = np.nan
    return places


def _stuck(pixels: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Samples in which the tracker repeats a place for long, as a seen animal never does, bool."""
    still = np.append((np.diff(pixels, axis=0) == 0).all(1), False)
    stuck = np.zeros(len(pixels), bool)
    for start, stop in runs(still):
        stuck[start : stop + 1] = seconds[stop] - seconds[start] >= STUCK_SECONDS
    return stuck


def _height(settings: dict[str, str], y: np.ndarray) -> float:
    """Of the picture, pixels; that of what was seen if the file does not say."""
    found = re.fullmatch(r"\s*\d+x(\d+)\s*", settings.get("camera resolution", ""))
    return float(found[1]) if found else float(np.nanmax(y))
