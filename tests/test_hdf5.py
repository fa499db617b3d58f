"""HDF5 files on a full disk: an error like any other, where the library itself would crash."""

import resource
from contextlib import contextmanager

import h5py
import numpy as np
import pytest

from rodent.errors import WorkError
from rodent.hdf5 import new_hdf5
from tests.recordings import block, writer


@contextmanager
def full_disk(size):
    """Files cannot be longer than this, bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def _fill(file, numbers):
    for i in range(40):
        file.create_group(f"clip_{i}")["qpos"] = np.arange(numbers, dtype=float)


def test_a_file_is_written_whole(tmp_path):
    with new_hdf5(tmp_path / "a.h5") as file:
        _fill(file, 1000)
    with h5py.File(tmp_path / "a.h5") as file:
        assert all((one["qpos"][()] == np.arange(1000)).all() for one in file.values()) and len(file) == 40
    assert len(list(tmp_path.iterdir())) == 1


# within the data, and when the file is closed
@pytest.mark.parametrize(("numbers", "size"), [(1000, 100_000), (1, 2000), (1, 20_000)])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, numbers, size):
    full = pytest.raises(WorkError, match=r"disk full while writing .*a\.h5; free some space")
    with full_disk(size), full, new_hdf5(tmp_path / "a.h5") as file:
        _fill(file, numbers)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_amid_a_recording_is_one_line_and_leaves_nothing(tmp_path):
    full = pytest.raises(WorkError, match=r"disk full while writing .*a\.h5; free some space")
    with full_disk(40_000), full, writer(tmp_path / "a.h5") as recording:
        recording.rollout("a").append(block(0, 300))
    assert not list(tmp_path.iterdir())
