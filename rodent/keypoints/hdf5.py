"""HDF5 files with a single array of keypoints.

- sleap-anipose: `tracks` (frames, animals, K, 3), without names (talmolab/sleap-anipose,
  `sleap_anipose/triangulation.py`). Others write `tracks` with other orders of the axes, and
  `node_names` and `track_names` beside it; SLEAP's own analysis file has them too, of one camera's two
  coordinates.
- stac-mjx: `kp_data` (frames, 3 K) and `kp_names`, in metres, beside the fitted poses; what it is
  given to fit may be `tracks` (frames, 3, K).
"""

from pathlib import Path

from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.keypoints.raw import Layout, RawKeypoints, in_order, names_of
from rodent.keypoints.stac import read_stac_file
from rodent.reader import Reader
from rodent.reading_config import KeypointOptions

TRACK_ORDERS = ("fakc", "fack", "ackf", "fkc", "fck")


def read_stac(path: Path, options: KeypointOptions) -> RawKeypoints:
    """Read the keypoints of a file that stac-mjx wrote.

    Raises:
        InputError: damaged, or without the names of its keypoints.
    """
    file = read_stac_file(path)
    if file.keypoints is None:
        raise InputError(f"{path} has kp_data, but no kp_names that tell which keypoints they are")
    return RawKeypoints(file.keypoints, file.keypoint_names, "m", file.setting("model", "RENDER_FPS"))


def read_tracks(path: Path, options: KeypointOptions) -> RawKeypoints:
    """Read `tracks`.

    Raises:
        InputError: damaged, no dataset, or of another shape.
    """
    with reading(path), open_hdf5(path) as file:
        if not hasattr(file["tracks"], "shape"):
            raise InputError(f"{path}: tracks is a group; a dataset is expected")
        tracks = file["tracks"][()]
        names = names_of(file["node_names"][()]) if "node_names" in file else None
        animals = names_of(file["track_names"][()]) if "track_names" in file else ()
    layout = Layout(TRACK_ORDERS, len(names or options.expected), options.animal, animals)
    return RawKeypoints(in_order(tracks, layout, f"{path}: tracks"), names)


STAC = Reader("HDF5 of stac-mjx", lambda file: file.has("kp_data"), read_stac)
TRACKS = Reader("HDF5 of sleap-anipose", lambda file: file.has("tracks"), read_tracks)
