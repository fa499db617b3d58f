"""HDF5 files of keypoints: detection of the kind, and readers of kinds with a single array.

- sleap-anipose: `tracks` (frames, animals, K, 3), without names (talmolab/sleap-anipose,
  `sleap_anipose/triangulation.py`). Others write `tracks` with other orders of the axes, and
  `node_names` beside it; SLEAP's own analysis file has it too, of one camera's two coordinates.
- stac-mjx: `kp_data` (frames, 3 K) and `kp_names`, in metres, beside the fitted poses; what it is
  given to fit may be `tracks` (frames, 3, K).
- Sessions of Aldarondo et al.: `pose/keypoints`, see `session`.
- NWB and MAT files of version 7.3 are HDF5 as well.
- DeepLabCut writes pandas tables. Their column names are pickled, so they are not read.
"""

from pathlib import Path
from typing import Any

from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.keypoints.matlab import read_matlab_hdf5
from rodent.keypoints.nwb import read_nwb
from rodent.keypoints.raw import RawKeypoints, in_order, names_of, word_of
from rodent.keypoints.session import is_session, read_session
from rodent.keypoints.stac import read_stac_file

TRACK_ORDERS = ("fakc", "fack", "ackf", "fkc", "fck")


def read_hdf5(path: Path, count: int | None) -> RawKeypoints:
    """Read any kind of HDF5 file of keypoints.

    Args:
        path: the file.
        count: number of keypoints, if known.

    Raises:
        InputError: damaged, of no known kind, or not what its kind must be.
    """
    with reading(path), open_hdf5(path) as file:
        members, schema = tuple(file), file.attrs.get("schema")
        is_nwb = "nwb_version" in file.attrs
        is_pandas = any(_is_pandas(file.get(name)) for name in members)
        of_session = is_session(file)
    if schema is not None:
        raise InputError(f"{path} is a file of {word_of(schema)!r}: its motion needs no registration")
    if is_nwb:
        return read_nwb(path)
    if "kp_data" in members:
        return _read_stac(path)
    if "pred" in members:
        return read_matlab_hdf5(path, count)
    if "tracks" in members:
        return _read_tracks(path, count)
    if of_session:
        return read_session(path, count)
    if is_pandas:
        raise InputError(
            f"{path} is a pandas table, as DeepLabCut writes it, with pickled names that are never read; "
            f"save it as CSV: pandas.read_hdf({path.name!r}).to_csv({path.stem + '.csv'!r})"
        )
    raise InputError(
        f"{path} is HDF5 without keypoints: no NWB, and no dataset tracks (SLEAP), kp_data (stac-mjx), "
        f"pred (DANNCE) or pose/keypoints; it has: {', '.join(members) or 'nothing'}"
    )


def _is_pandas(member: Any) -> bool:
    return member is not None and "pandas_type" in member.attrs


def _read_stac(path: Path) -> RawKeypoints:
    file = read_stac_file(path)
    if file.keypoints is None:
        raise InputError(f"{path} has kp_data, but no kp_names that tell which keypoints they are")
    return RawKeypoints(file.keypoints, file.keypoint_names, "m", file.setting("model", "RENDER_FPS"))


def _read_tracks(path: Path, count: int | None) -> RawKeypoints:
    with reading(path), open_hdf5(path) as file:
        if not hasattr(file["tracks"], "shape"):
            raise InputError(f"{path}: tracks is a group; a dataset is expected")
        tracks = file["tracks"][()]
        names = names_of(file["node_names"][()]) if "node_names" in file else None
    known = count if names is None else len(names)
    return RawKeypoints(in_order(tracks, TRACK_ORDERS, known, f"{path}: tracks"), names)
