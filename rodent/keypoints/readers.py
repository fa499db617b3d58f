"""Files of keypoints, read, put into metres and checked.

    keypoints = read_keypoints("anipose.csv", KeypointOptions(units="mm", fps=100.0))
    keypoints.notes                  # changes of the data that a user should know of

Formats are those of `rodent.parts.KEYPOINT_READERS`. Here is what all have in common: names, unit, frame
rate, frames in order, missing points, axes.
"""

import dataclasses
from pathlib import Path

import numpy as np

from rodent.errors import InputError, naming, unknown
from rodent.files import reading
from rodent.keypoints.axes import axes_matrix
from rodent.keypoints.keypoints import Keypoints
from rodent.keypoints.raw import RawKeypoints, word_of
from rodent.keypoints.timing import frame_rate, rows_of_frames
from rodent.keypoints.units import metres_per_unit
from rodent.parts import KEYPOINT_READERS
from rodent.reader import FileStart, descriptions, recognised
from rodent.reading_config import KeypointOptions


def read_keypoints(path: str | Path, options: KeypointOptions | None = None) -> Keypoints:
    """Read a file of keypoints of any known format; the content decides which it is.

    Frames are put in the order of their numbers, frames that the numbers leave out are missing, and so are
    points at exactly (0, 0, 0).

    Args:
        path: NWB (ndx-pose), MAT of DANNCE, sDANNCE or Rat7M, HDF5 of sleap-anipose, stac-mjx or a session
            of Aldarondo et al. (2024), CSV of anipose, DeepLabCut 3-D or JARVIS, npz, or a format that an
            installed package adds.
        options: how; by default as the file states.

    Raises:
        InputError: the file is missing, damaged, of no known format, or does not say what is needed;
            its timestamps are uneven; the animal does not have the size of a rat in the unit; something
            is no position; or nothing ever moves. The message names file, keypoint, frame and the fix.
    """
    options = options or KeypointOptions()
    axes_matrix(options.axes)  # before anything is read
    path = Path(path)
    file = FileStart.of(path)
    if file.is_folder:
        raise InputError(f"{path} is a folder; a file is expected")
    reader = recognised(KEYPOINT_READERS, file, options.format)
    if reader is None:
        raise _unreadable(file)
    with reading(path):
        raw = reader.read(path, options)
    return _keypoints(raw, options, path)


def _keypoints(raw: RawKeypoints, options: KeypointOptions, path: Path) -> Keypoints:
    names = _names(raw, options, path)
    kept = _kept(names, options, path)
    rate = _rate(raw, options.fps, path)
    confidence = None if raw.confidence is None else _confidence(raw, raw.confidence, path)
    chosen = dataclasses.replace(
        raw,
        points=np.array(raw.points[:, kept], np.float64),
        names=tuple(names[i] for i in kept),
        confidence=None if confidence is None else confidence[:, kept],
    )
    chosen, notes = _in_sequence(chosen, path)
    notes += _without_zeros(chosen, path)
    scale = metres_per_unit(chosen.points, options.units, raw.units, path)
    with naming(path):
        keypoints = Keypoints(
            chosen.points * scale, chosen.names or (), rate, chosen.confidence, path.name, notes
        )
        _check_motion(keypoints)
        return keypoints.confident(options.min_confidence).along(options.axes)


def _unreadable(file: FileStart) -> InputError:
    """Why no reader recognises a file."""
    path = file.path
    if (schema := file.attributes.get("schema")) is not None:
        return InputError(f"{path} is a file of {word_of(schema)!r}: its motion needs no registration")
    if file.is_hdf5 and _is_pandas(path):
        return InputError(
            f"{path} is a pandas table, as DeepLabCut writes it, with pickled names that are never read; "
            f"save it as CSV: pandas.read_hdf({path.name!r}).to_csv({path.stem + '.csv'!r})"
        )
    if file.is_hdf5:
        return InputError(
            f"{path} is HDF5 without keypoints: no NWB, and no dataset tracks (SLEAP), kp_data (stac-mjx), "
            f"pred (DANNCE) or pose/keypoints; it has: {', '.join(file.members) or 'nothing'}"
        )
    pickle = "; it is pickled, which can run code and is never read" if file.is_pickle else ""
    return InputError(
        f"{path} is no file of keypoints{pickle}: not NWB, MAT, HDF5, npz or CSV. Formats are: "
        f"{descriptions(KEYPOINT_READERS)}"
    )


def _is_pandas(path: Path) -> bool:
    from rodent.files import open_hdf5

    with reading(path), open_hdf5(path) as file:
        members = [file.get(name) for name in file]
        return any(member is not None and "pandas_type" in member.attrs for member in members)


def _names(raw: RawKeypoints, options: KeypointOptions, path: Path) -> tuple[str, ...]:
    names = options.names or raw.names or options.unnamed
    count = raw.points.shape[1]
    if not names:
        raise InputError(f"{path} does not name its {count} keypoints; give the names in its order: --names")
    if len(names) != count:
        if options.names:
            whose, fix = f"{len(names)} names were given", "give one for each, in its order: --names"
        elif raw.names:
            whose, fix = f"{len(names)} names", "give one for each, in its order: --names"
        else:
            whose, fix = (
                f"{len(names)} names are assumed",
                "give its own names, in its order (--unnamed or --names); those that the marker set does not "
                "have, or that the file lacks, are left out by --ignore",
            )
        raise InputError(f"{path}: {whose} for {count} keypoints; {fix}")
    return tuple(names)


def _kept(names: tuple[str, ...], options: KeypointOptions, path: Path) -> list[int]:
    """Indices of the keypoints that are kept."""
    for name in options.ignore:
        if name not in names and name not in options.unnamed:
            raise unknown("keypoint", name, names, f"{path}, to be left out (--ignore)")
    kept = [i for i, name in enumerate(names) if name not in options.ignore]
    if not kept:
        raise InputError(f"{path}: all {len(names)} keypoints are to be left out; leave out fewer: --ignore")
    return kept


def _confidence(raw: RawKeypoints, confidence: np.ndarray, path: Path) -> np.ndarray:
    if confidence.shape != raw.points.shape[:2]:
        raise InputError(
            f"{path}: confidence has shape {confidence.shape}; {raw.points.shape[:2]} is expected"
        )
    return confidence


def _in_sequence(raw: RawKeypoints, path: Path) -> tuple[RawKeypoints, tuple[str, ...]]:
    """The frames in the order of their numbers, those without a row missing; and what was changed."""
    if raw.frame_numbers is None:
        return raw, ()
    numbers = np.ravel(raw.frame_numbers)
    if len(numbers) != len(raw.points):
        raise InputError(
            f"{path} has {len(numbers)} frame numbers for {len(raw.points)} frames; one for each is expected"
        )
    rows, count = rows_of_frames(numbers, path)
    if np.array_equal(rows, np.arange(count)):
        return raw, ()
    notes = []
    if (moved := int(np.count_nonzero(np.diff(rows) < 0))) > 0:
        notes.append(
            f"{path.name}: frames were put in the order of their numbers; {moved} times it went back"
        )
    if count > len(rows):
        notes.append(
            f"{path.name}: {count - len(rows)} frames have no row, by their numbers; they are missing"
        )
    points = np.full((count, *raw.points.shape[1:]), np.nan)
    points[rows] = raw.points
    confidence = raw.confidence
    if confidence is not None:
        confidence = np.full(points.shape[:2], np.nan)
        confidence[rows] = raw.confidence
    return dataclasses.replace(raw, points=points, confidence=confidence, frame_numbers=None), tuple(notes)


def _without_zeros(raw: RawKeypoints, path: Path) -> tuple[str, ...]:
    """Makes points at exactly (0, 0, 0) missing: trackers write it where they have no point."""
    zero = (raw.points == 0).all(axis=2)
    if not zero.any():
        return ()
    never = zero.all(axis=0)
    if never.any() and raw.names and not never.all():
        name = raw.names[int(never.argmax())]
        raise InputError(
            f"{path}: keypoint {name!r} is at (0, 0, 0) in all {len(zero)} frames: if positions are relative "
            f"to it, give those in the room; if it was not tracked, leave it out: --ignore {name}"
        )
    if never.all():
        return ()  # an animal without size is refused with its units
    raw.points[zero] = np.nan
    return (f"{path.name}: {int(zero.sum())} points at exactly (0, 0, 0) are missing",)


def _check_motion(keypoints: Keypoints) -> None:
    # with a frozen camera the last frame is repeated
    points, first = keypoints.points, np.argmin(keypoints.missing, axis=0)
    start = points[first, np.arange(len(first))]
    if not np.any(np.abs(points - start) > 0):
        raise InputError(
            f"all {keypoints.n_frames} frames are the same: the tracker or camera froze; track again"
        )


def _rate(raw: RawKeypoints, given: float | None, path: Path) -> float:
    if given is not None:
        return float(given)
    if raw.times is not None:
        return frame_rate(raw.times, path)
    if raw.fps is not None:
        return raw.fps
    steps = "" if raw.frame_numbers is None else _steps(np.ravel(raw.frame_numbers))
    raise InputError(f"{path} does not say its frame rate; give it: --fps{steps}")


def _steps(numbers: np.ndarray) -> str:
    """The frame rate that frame numbers suggest if they are milliseconds."""
    step = float(np.median(np.abs(np.diff(numbers)))) if len(numbers) > 1 else np.nan
    if not 1 < step < 1000:
        return ""
    return (
        f" (its frames are numbered in steps of {step:g}: if these are milliseconds, --fps {1000 / step:.4g})"
    )
