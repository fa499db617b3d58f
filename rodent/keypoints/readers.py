"""Files of keypoints, read, put into metres and checked.

    keypoints = read_keypoints("anipose.csv", units="mm", fps=100.0)

An npz holds `points` (or `xyz`, or `keypoints`) (frames, K, 3) and, if wanted, `names` (K,),
`fps`, `units` and `confidence` (frames, K).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rodent.arrays import number, numbers
from rodent.errors import InputError, naming, unknown
from rodent.files import existing_file, reading
from rodent.keypoints.axes import AXES, axes_matrix
from rodent.keypoints.hdf5 import read_hdf5
from rodent.keypoints.keypoints import Keypoints
from rodent.keypoints.matlab import read_matlab
from rodent.keypoints.raw import RawKeypoints, in_order, names_of, word_of
from rodent.keypoints.tables import read_table
from rodent.keypoints.timing import frame_rate
from rodent.keypoints.units import Units, metres_per_unit

NPZ_POINTS = ("points", "xyz", "keypoints")
NPZ_REST = ("names", "fps", "units", "confidence")


def read_keypoints(
    path: str | Path,
    *,
    units: Units | None = None,
    fps: float | None = None,
    names: Sequence[str] | None = None,
    unnamed: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    min_confidence: float = 0.0,
    axes: str = AXES,
) -> Keypoints:
    """Read a file of keypoints of any known format; the content decides which it is.

    Args:
        path: NWB (ndx-pose), DANNCE or sDANNCE MAT, HDF5 of sleap-anipose, stac-mjx or a session of
            Aldarondo et al. (2024), CSV of anipose or DeepLabCut 3-D, or npz.
        units: unit of length; by default as stated in the file.
        fps: frames per second; by default as stated in the file. If given, the file's timestamps are
            ignored.
        names: names of the keypoints in the file's order; by default as stated in the file.
        unnamed: names for a file that has none, in its order.
        ignore: names of keypoints to leave out.
        min_confidence: points with a lower confidence count as missing; in the scale of the file.
        axes: the file's axes that become x, y and z, with z up, as in `Keypoints.along`.

    Raises:
        InputError: the file is missing, damaged, of no known format, or does not say what is needed;
            its timestamps are uneven; the animal does not have the size of a rat in the unit; something
            is no position; or nothing ever moves. The message names file, keypoint, frame and the fix.
    """
    axes_matrix(axes)  # before anything is read
    path = existing_file(Path(path))
    expected = names or unnamed
    raw = _read(path, None if expected is None else len(expected))
    known, rate = _names(raw, names, unnamed, path), _rate(raw, fps, path)
    kept = _kept(known, ignore, path)
    points = raw.points[:, kept]
    scale = metres_per_unit(points, units, raw.units, path)
    confidence = None if raw.confidence is None else _confidence(raw, raw.confidence, path)[:, kept]
    with naming(path):
        keypoints = Keypoints(points * scale, tuple(known[i] for i in kept), rate, confidence, path.name)
        _check_motion(keypoints)
        return keypoints.confident(min_confidence).along(axes)


def _read(path: Path, count: int | None) -> RawKeypoints:
    import h5py

    with reading(path), open(path, "rb") as file:
        head = file.read(64)
    if not head:
        raise InputError(f"{path} is empty")
    if head.startswith(b"PK\x03\x04"):
        return _read_npz(path, count)
    if head.startswith(b"MATLAB 5.0"):
        return read_matlab(path, count)
    # HDF5 may begin after a text of its own, as MAT 7.3 does
    if head.startswith((b"\x89HDF\r\n\x1a\n", b"MATLAB 7.3")) or h5py.is_hdf5(path):
        return read_hdf5(path, count)
    if not any(byte < 32 and byte not in b"\t\r\n" for byte in head):
        return read_table(path)
    raise InputError(
        f"{path} is no file of keypoints: not NWB, MAT, HDF5, npz, or CSV of anipose or DeepLabCut"
    )


def _read_npz(path: Path, count: int | None) -> RawKeypoints:
    # numpy leaves a damaged file open unless the stream is ours
    with reading(path), open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
        found = file.files
        arrays = {name: file[name] for name in (*NPZ_POINTS, *NPZ_REST) if name in found}
    holding = [name for name in NPZ_POINTS if name in arrays]
    if len(holding) != 1:
        raise InputError(
            f"{path} has {' and '.join(holding) or 'no keypoints'}; one array of {', '.join(NPZ_POINTS)} is "
            f"expected; it has: {', '.join(found) or 'none'}"
        )
    (name,) = holding
    confidence = arrays.get("confidence")
    names = names_of(arrays["names"]) if "names" in arrays else None
    return RawKeypoints(
        # a file with names may have more keypoints than are asked for
        in_order(arrays[name], ("fkc",), count if names is None else None, f"{path}: {name}"),
        names,
        word_of(arrays["units"]) if "units" in arrays else None,
        number(arrays["fps"], f"{path}: fps") if "fps" in arrays else None,
        confidence=None if confidence is None else numbers(confidence, f"{path}: confidence"),
    )


def _names(
    raw: RawKeypoints, given: Sequence[str] | None, unnamed: Sequence[str] | None, path: Path
) -> tuple[str, ...]:
    names = next((tuple(each) for each in (given, raw.names, unnamed) if each is not None), None)
    count = raw.points.shape[1]
    if names is None:
        raise InputError(f"{path} does not name its {count} keypoints; give the names in its order: --names")
    if len(names) != count:
        whose = "names were given" if given is not None or raw.names is None else "names"
        raise InputError(f"{path}: {len(names)} {whose} for {count} keypoints; give one for each")
    return names


def _kept(names: tuple[str, ...], ignore: Sequence[str], path: Path) -> list[int]:
    """Indices of the keypoints that are kept."""
    for name in ignore:
        if name not in names:
            raise unknown("keypoint", name, names, f"{path}, to be left out (--ignore)")
    kept = [i for i, name in enumerate(names) if name not in ignore]
    if not kept:
        raise InputError(f"{path}: all {len(names)} keypoints are to be left out; leave out fewer: --ignore")
    return kept


def _confidence(raw: RawKeypoints, confidence: np.ndarray, path: Path) -> np.ndarray:
    if confidence.shape != raw.points.shape[:2]:
        raise InputError(
            f"{path}: confidence has shape {confidence.shape}; {raw.points.shape[:2]} is expected"
        )
    return confidence


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
    if raw.fps is None:
        raise InputError(f"{path} does not say its frame rate; give it: --fps")
    return raw.fps
