"""Sound files of spikes of every layout, and the means to spoil them."""

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io

SECONDS = 60
BEHAVIORS = ("Walk", "TrackingError", "RearUp (check)", "LGroom")
LABELS = np.repeat([1, 4, 2, 3, 1], [1000, 500, 500, 250, 750])  # 15 of 60 s are tracked wrongly

Spoil = Callable[[Any], object]


def nothing(file: Any) -> None:
    """Spoils nothing."""


def trains(neurons: int, rate: float = 10.0, seconds: float = SECONDS, seed: int = 0) -> list[np.ndarray]:
    """Spike times of Poisson neurons, sorted."""
    rng = np.random.default_rng(seed)
    return [np.sort(rng.uniform(0, seconds, rng.poisson(rate * seconds))) for _ in range(neurons)]


@dataclasses.dataclass(frozen=True)
class Workshop:
    """Where files are made."""

    folder: Path

    def npz(self, **arrays: Any) -> Path:
        """These arrays, pickled where that is needed."""
        path = self.folder / "spikes.npz"
        np.savez(path, allow_pickle=True, **arrays)
        return path

    def hdf5(self, content: Mapping[str, Any]) -> Path:
        """Plain HDF5 of these datasets; those with @ in the name are attributes."""
        path = self.folder / "spikes.h5"
        with h5py.File(path, "w") as file:
            for name, values in content.items():
                holder, at, attribute = name.partition("@")
                if at:
                    (file[holder] if holder else file).attrs[attribute] = values
                else:
                    file[name] = values
        return path

    def session(self, spoil: Spoil = nothing, frames: int = 3000, width: int = 40) -> Path:
        """A session of Aldarondo et al.: 6 of 40 columns hold neurons."""
        path = self.folder / "2021_06_21_1.h5"
        rng = np.random.default_rng(0)
        active = np.zeros(width, bool)
        active[3::7] = True
        with h5py.File(path, "w") as file:
            counts = np.where(active, rng.poisson(0.2, (frames, width)), 0).astype(np.uint8)
            dataset = file.create_dataset(
                "ephys/spike_counts", data=counts, chunks=(256, width), compression=1
            )
            dataset.attrs["active_units"] = active
            dataset.attrs["unique_labels"] = 100 + np.arange(width)
            file["pose/keypoints"] = rng.uniform(-80, 80, (frames, 3, 23)).astype(np.float32)
            file["pose/qpos"] = rng.normal(size=(frames, 74)).astype(np.float32)
            labels = file.create_dataset("behavior/motion_mapper", data=np.resize(LABELS, frames))
            labels.attrs["description"] = "behavior of each frame"
            labels.attrs["names"] = list(BEHAVIORS)
            spoil(file)
        return path

    def tetrodes(self, cells: Any = None, header: Mapping[str, str] | None = None, **track: Any) -> Path:
        """A MAT file of 2 tetrodes × 3 units, one of which is no unit, and a tracked position."""
        path = self.folder / "spikes.mat"
        if cells is None:
            cells = np.empty((2, 3), object)
            for i, train in enumerate(trains(5)):
                cells.flat[i] = {"time": train[:, None] + 100}
            cells[1, 2] = np.zeros((0, 0))
        scipy.io.savemat(path, {"spikes": cells})
        self.track(header, **track)
        return path

    def track(self, header: Mapping[str, str] | None = None, cut: int = 0, **columns: Any) -> Path:
        """A position on a circle of 100 pixels, 60 Hz for 60 s from second 100 on."""
        path = self.folder / "trajectory.videoPositionTracking"
        fields = [("time", "<u4"), *((name, "<u2") for name in ("xloc", "yloc", "xloc2", "yloc2"))]
        angle = 2 * np.pi * np.arange(3600) / 600
        values = {
            "time": (100 + np.arange(3600) / 60) * 30000,
            "xloc": np.round(320 + 100 * np.cos(angle)),
            "yloc": np.round(240 + 100 * np.sin(angle)),
        } | columns
        records = np.zeros(len(values["time"]), fields)
        for name, column in values.items():
            records[name] = column
        settings = {
            "threshold": "199",
            "clockrate": "30000",
            "camera resolution": "640x480",
            "Fields": "<time uint32><xloc uint16><yloc uint16><xloc2 uint16><yloc2 uint16>",
        } | dict(header or {})
        lines = [
            "<Start settings>",
            *(f"{name}: {value}" for name, value in settings.items()),
            "<End settings>",
        ]
        body = records.tobytes()
        path.write_bytes("\n".join([*lines, ""]).encode() + body[: len(body) - cut])
        return path

    def nwb(self, add: Spoil = nothing, units: int = 3, spoil: Spoil = nothing, observed: Any = None) -> Path:
        """An NWB file of units, after `add(nwbfile)` as pynwb has it and `spoil(file)` as h5py has it."""
        from pynwb import NWBHDF5IO, NWBFile

        path = self.folder / "monday.nwb"
        when = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
        nwb = NWBFile(session_description="a rat", identifier="monday", session_start_time=when)
        if units:
            nwb.add_unit_column("depth", "micrometres")
            nwb.add_unit_column("location", "where")
        for i, train in enumerate(trains(units)):
            more = {} if observed is None else {"obs_intervals": observed[i]}
            nwb.add_unit(spike_times=train, depth=100.0 * i, location="M1" if i else "DLS", id=10 + i, **more)
        add(nwb)
        with NWBHDF5IO(path, "w") as io:
            io.write(nwb)
        with h5py.File(path, "a") as file:
            spoil(file)
        return path
