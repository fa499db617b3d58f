"""NWB files with the extension ndx-pose: a PoseEstimation of one PoseEstimationSeries per keypoint.

They are HDF5: `processing/<module>/<pose>/<keypoint>` holds `data` (frames, 3) with attributes
`unit`, `conversion` and `offset` (what is stored, times conversion, plus offset, is in the unit),
`timestamps` (frames,) or `starting_time` with an attribute `rate`, and often `confidence`
(frames,). The keypoints' order is that of the skeleton's nodes. As in the schemas of NWB 2
(`nwb.base.yaml`, `nwb.behavior.yaml`) and of ndx-pose 0.1 to 0.4 (`ndx-pose.extensions.yaml`).
MatNWB writes `data` (3, frames).
"""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from rodent.arrays import number, numbers
from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.keypoints.raw import RawKeypoints, names_of, require_animal, word_of
from rodent.reader import Reader
from rodent.reading_config import KeypointOptions


@dataclasses.dataclass(frozen=True)
class _Series:
    """One keypoint."""

    points: np.ndarray  # (frames, 3) in the unit
    unit: str | None
    rate: float | None  # Hz
    times: np.ndarray | None  # (frames,) seconds
    confidence: np.ndarray | None  # (frames,)


def read(path: Path, options: KeypointOptions) -> RawKeypoints:
    """Read the 3-D pose of an NWB file.

    Raises:
        InputError: damaged, without a 3-D pose or with several of which none is chosen, or its keypoints do
            not have the same frames, unit and times.
    """
    with reading(path), open_hdf5(path) as file:
        pose = _pose(file, options.animal, path)
        names = _in_order_of_nodes(pose)
        each = [_read_series(pose[name], f"{path}: keypoint {name!r}") for name in names]
    first = each[0]
    for name, one in zip(names, each, strict=True):
        for what, same in (
            ("number of frames", len(one.points) == len(first.points)),
            ("unit", one.unit == first.unit),
            ("frame rate", one.rate == first.rate),
            ("timestamps", _same(one.times, first.times)),
            ("confidence: only one has it", (one.confidence is None) == (first.confidence is None)),
        ):
            if not same:
                raise InputError(f"{path}: keypoints {names[0]!r} and {name!r} differ in their {what}")
    confidence = [one.confidence for one in each if one.confidence is not None]
    return RawKeypoints(
        np.stack([one.points for one in each], axis=1),
        names,
        first.unit,
        first.rate,
        first.times,
        np.stack(confidence, axis=1) if confidence else None,
    )


def _pose(file: Any, animal: str | None, path: Path) -> Any:
    """The group of the one pose whose series have three coordinates, or of the animal's."""
    modules = _groups(_groups(file).get("processing", {}))
    poses = {
        f"{module}/{name}": pose
        for module, interfaces in modules.items()
        for name, pose in _groups(interfaces).items()
        if _series(pose)
    }
    solid = {name: pose for name, pose in poses.items() if any(map(_is_solid, _series(pose).values()))}
    if solid:
        # a pose has the name of its group; its path if another has that name too
        short = {name.rsplit("/", 1)[-1]: pose for name, pose in solid.items()}
        named = short if len(short) == len(solid) else solid
        if animal is None and len(solid) > 1:
            raise InputError(
                f"{path} has several 3-D poses: {', '.join(solid)}; choose one: --animal {next(iter(named))}"
            )
        return named[require_animal(animal, tuple(named), str(path))]
    if poses:
        raise InputError(
            f"{path}: the points of {', '.join(poses)} have two coordinates, as one camera sees them; "
            "triangulate them first"
        )
    raise InputError(
        f"{path} has no pose (a PoseEstimation of ndx-pose) in processing; there is: "
        f"{', '.join(modules) or 'nothing'}"
    )


def _groups(parent: Any) -> dict[str, Any]:
    """The groups in a group; links that lead nowhere are left out."""
    members = {name: parent.get(name) for name in parent}
    return {name: member for name, member in members.items() if hasattr(member, "keys")}


def _series(pose: Any) -> dict[str, Any]:
    return {n: group for n, group in _groups(pose).items() if _type(group) == "PoseEstimationSeries"}


def _type(group: Any) -> str:
    return word_of(group.attrs.get("neurodata_type", ""))


def _is_solid(series: Any) -> bool:
    shape = getattr(series.get("data"), "shape", ())
    return len(shape) == 2 and (shape[1] == 3 or (shape[0] == 3 and shape[1] != 2))


def _in_order_of_nodes(pose: Any) -> tuple[str, ...]:
    """Names of the series, those of the skeleton's nodes first and in their order."""
    # ndx-pose 0.1 has the nodes in the pose itself, later ones in a linked skeleton
    holders = [pose, *(group for group in _groups(pose).values() if _type(group) == "Skeleton")]
    nodes = [name for holder in holders if "nodes" in holder for name in names_of(holder["nodes"][()])]
    return tuple(sorted(_series(pose), key=lambda name: nodes.index(name) if name in nodes else len(nodes)))


def _read_series(series: Any, what: str) -> _Series:
    data = series.get("data")
    if not hasattr(data, "shape"):
        raise InputError(f"{what} has no data")
    points = numbers(data[()], f"{what}: data")
    if points.ndim == 2 and points.shape[0] == 3 and points.shape[1] != 3:
        points = points.T  # as MatNWB writes it: MATLAB has the axes in reverse order
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError(f"{what}: data has shape {points.shape}; (frames, 3) is expected")
    conversion = number(data.attrs.get("conversion", 1.0), f"{what}: conversion")
    offset = number(data.attrs.get("offset", 0.0), f"{what}: offset")
    start = series.get("starting_time")
    rate = None if start is None else start.attrs.get("rate")
    return _Series(
        points * conversion + offset,
        word_of(data.attrs["unit"]) if "unit" in data.attrs else None,
        None if rate is None else number(rate, f"{what}: rate"),
        _column(series, "timestamps", len(points), what),
        _column(series, "confidence", len(points), what),
    )


def _column(series: Any, name: str, frames: int, what: str) -> np.ndarray | None:
    """A number per frame."""
    if name not in series:
        return None
    column = numbers(series[name][()], f"{what}: {name}")
    if column.size == frames == max(column.shape, default=0):
        column = column.ravel()  # a row or column of MATLAB
    if column.shape != (frames,):
        raise InputError(f"{what}: {name} has shape {column.shape}; ({frames},) is expected")
    return column


def _same(times: np.ndarray | None, others: np.ndarray | None) -> bool:
    if times is None or others is None:
        return times is others
    return np.array_equal(times, others, equal_nan=True)


READER = Reader("NWB with ndx-pose", lambda file: "nwb_version" in file.attributes, read)
