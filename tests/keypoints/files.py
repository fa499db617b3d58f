"""A rat of seven keypoints that walks in a curve, and files of it in every format."""

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import scipy.io

NAMES = ("Snout", "EarL", "EarR", "SpineM", "TailBase", "HandL", "HandR")
OFFSETS = np.array(  # metres: forward, left, up
    [
        [0.10, 0.000, 0.050],
        [0.08, 0.015, 0.060],
        [0.08, -0.015, 0.060],
        [0.00, 0.000, 0.060],
        [-0.09, 0.000, 0.040],
        [0.06, 0.015, 0.005],
        [0.06, -0.015, 0.005],
    ]
)
FPS = 50.0
FRAMES = 60


def walk(frames: int = FRAMES, fps: float = FPS) -> np.ndarray:
    """Metres, shape (frames, 7, 3): 0.2 m/s, a gentle turn, hands that swing at 3 Hz."""
    t = np.arange(frames) / fps
    heading = 0.4 * np.sin(2 * t)
    turn = np.array([[np.cos(heading), -np.sin(heading)], [np.sin(heading), np.cos(heading)]])
    points = np.tile(OFFSETS, (frames, 1, 1))
    points[:, 5, 0] += 0.015 * np.sin(2 * np.pi * 3 * t)
    points[:, 6, 0] -= 0.015 * np.sin(2 * np.pi * 3 * t)
    points[..., :2] = np.einsum("ijf,fkj->fki", turn, points[..., :2])
    points[..., 0] += 0.2 * t[:, None]
    return points


@dataclasses.dataclass
class Workshop:
    """Sound files in millimetres, and the means to spoil them."""

    folder: Path
    points: np.ndarray
    """Millimetres, shape (60, 7, 3)."""
    confidence: np.ndarray
    """Shape (60, 7)."""

    def raw(self, data: bytes, name: str = "bad.csv") -> Path:
        """A file of these bytes."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    def npz(self, **changes) -> Path:
        """An npz with some arrays changed, or left out where None."""
        arrays = {"points": self.points, "names": np.array(NAMES), "fps": FPS, "units": "mm"} | changes
        path = self.folder / "bad.npz"
        np.savez(path, allow_pickle=True, **{k: v for k, v in arrays.items() if v is not None})
        return path

    def at(self, frame, keypoint, value) -> Path:
        """An npz with the positions of a keypoint changed."""
        points = self.points.copy()
        points[frame, keypoint] = value
        return self.npz(points=points)

    def mat(self, **variables) -> Path:
        """A MAT file of version 5."""
        path = self.folder / "bad.mat"
        scipy.io.savemat(path, {"pred": self.points.transpose(0, 2, 1)} | variables)
        return path

    def hdf5(self, **datasets) -> Path:
        """Plain HDF5 of these datasets."""
        path = self.folder / "bad.h5"
        with h5py.File(path, "w") as file:
            for name, values in datasets.items():
                file.create_dataset(name, data=values)
        return path

    def mat73(self, **variables) -> Path:
        """What MATLAB 7.3 writes: HDF5 behind a text of 512 bytes, axes reversed."""
        path = self.folder / "bad.mat"
        with h5py.File(path, "w", userblock_size=512) as file:
            for name, values in ({"pred": self.points.transpose(0, 2, 1)} | variables).items():
                dataset = file.create_dataset(name, data=np.transpose(values))
                dataset.attrs["MATLAB_class"] = np.bytes_("double")
        data = bytearray(path.read_bytes())
        data[:124] = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124)
        path.write_bytes(data)
        return path

    def nwb(self, spoil: Callable[[h5py.File], object] = lambda file: None, dimensions: int = 3) -> Path:
        """An NWB file of one pose, at `processing/behavior/PoseEstimation`, after `spoil(file)`."""
        path = self.folder / "bad.nwb"
        with h5py.File(path, "w") as file:
            file.attrs["nwb_version"] = "2.7.0"
            pose = file.create_group("processing/behavior/PoseEstimation")
            pose.attrs["neurodata_type"] = "PoseEstimation"
            skeleton = file.create_group("processing/behavior/Skeletons/rat")
            skeleton.attrs["neurodata_type"] = "Skeleton"
            skeleton["nodes"] = list(NAMES)
            pose["skeleton"] = h5py.SoftLink(skeleton.name)
            pose["source_video"] = h5py.SoftLink("/acquisition/camera1")
            for i, name in enumerate(NAMES):
                series = pose.create_group(name)
                series.attrs["neurodata_type"] = "PoseEstimationSeries"
                # stored in micrometres
                series["data"] = 1000 * self.points[:, i, :dimensions]
                series["data"].attrs.update(unit="millimeters", conversion=0.001, offset=0.0)
                series["confidence"] = self.confidence[:, i]
                if i == 0:
                    series["timestamps"] = 12.5 + np.arange(len(self.points)) / FPS
                else:
                    series["timestamps"] = h5py.SoftLink(f"{pose.name}/{NAMES[0]}/timestamps")
            spoil(file)
        return path

    def csv(self, rows: list[list]) -> Path:
        """A CSV file of these rows."""
        path = self.folder / "bad.csv"
        with open(path, "w", newline="") as stream:
            csv.writer(stream).writerows(rows)
        return path

    def anipose(self, spoil: Callable[[list[list]], object] = lambda rows: None) -> Path:
        """A table as anipose writes it, after `spoil(rows)`."""
        columns = ("x", "y", "z", "error", "ncams", "score")
        header = [f"{name}_{column}" for name in NAMES for column in columns]
        header += ["M_00", "M_01", "M_02", "center_0", "center_1", "center_2", "fnum"]
        rows: list[list] = [header]
        for frame, (points, scores) in enumerate(zip(self.points, self.confidence, strict=True)):
            cells = np.column_stack([points, np.full((len(NAMES), 2), 2.0), scores])
            rows.append([*cells.ravel(), 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, frame])
        spoil(rows)
        return self.csv(rows)

    def deeplabcut(self, spoil: Callable[[list[list]], object] = lambda rows: None, individuals=()) -> Path:
        """A 3-D table as DeepLabCut writes it, after `spoil(rows)`."""
        names = [name for name in NAMES for _ in "xyz"]
        rows: list[list] = [
            ["scorer", *["DLC_3D"] * len(names)],
            *([["individuals", *individuals]] if individuals else []),
            ["bodyparts", *names],
            ["coords", *"xyz" * len(NAMES)],
            *([frame, *points.ravel()] for frame, points in enumerate(self.points)),
        ]
        spoil(rows)
        return self.csv(rows)
