"""Files are written whole or not at all, and what cannot be read is said in one line."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from rodent.errors import InputError, WorkError
from rodent.files import atomic_path, existing_file, open_hdf5, require_room_for_files


def _write(path, text, error=None):
    with atomic_path(path) as temporary:
        temporary.write_text(text)
        if error is not None:
            raise error


def test_a_file_appears_whole(tmp_path):
    _write(tmp_path / "a.txt", "one")
    _write(tmp_path / "a.txt", "two")
    assert (tmp_path / "a.txt").read_text() == "two"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_an_error_leaves_what_was_there(tmp_path):
    _write(tmp_path / "a.txt", "one")
    with pytest.raises(KeyError):
        _write(tmp_path / "a.txt", "two", KeyError("x"))
    assert (tmp_path / "a.txt").read_text() == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_without_permission_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # tests may run as root, who may write everywhere
    with pytest.raises(InputError, match="no permission to write in the folder"):
        require_room_for_files(None, tmp_path / "a.txt")


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "full"),
        RuntimeError("write: No space left on device"),
        ValueError("RESOURCE_EXHAUSTED: Failed to write: No space left on device [os_error_code='28']"),
    ],
)
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, error):
    with pytest.raises(WorkError, match=r"disk full while writing .*a.txt"):
        _write(tmp_path / "a.txt", "half", error)
    assert not list(tmp_path.iterdir())


def test_a_file_within_a_file_that_is_written_is_named_as_it_will_be(tmp_path):
    with (
        pytest.raises(WorkError, match=r"disk full while writing .*/a.html;"),
        atomic_path(tmp_path / "a.html") as temporary,
    ):
        _write(temporary, "half", OSError(errno.ENOSPC, "full"))


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match="does not exist; create it first"):
        _write(tmp_path / "no" / "a.txt", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        _write(tmp_path / "folder", "x")


def test_a_folder_replaces_a_folder(tmp_path):
    for name in ("one", "two"):
        with atomic_path(tmp_path / "f") as temporary:
            temporary.mkdir()
            (temporary / name).touch()
    assert [p.name for p in (tmp_path / "f").iterdir()] == ["two"]
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


_WRITER = (
    "import os, sys; from pathlib import Path; from rodent.files import atomic_path\n"
    "with atomic_path(Path(sys.argv[1])) as part:\n"
    "    part.write_text('half'); os.kill(os.getpid(), int(sys.argv[2]))"
)


def _written_elsewhere(path, signal):
    """The exit code of a process that writes a file and gives itself a signal meanwhile; 0 is none."""
    return subprocess.run([sys.executable, "-c", _WRITER, str(path), str(signal)]).returncode


@pytest.mark.parametrize("name", ["a.txt", "a"])
def test_what_a_killed_process_left_is_removed(tmp_path, name):
    assert _written_elsewhere(tmp_path / name, 9) == -9
    (left,) = tmp_path.iterdir()
    # nothing is known of the processes of another machine
    other = tmp_path / left.name.replace("@", "@not-")
    other.touch()
    _write(tmp_path / name, "whole")
    assert sorted(tmp_path.iterdir()) == sorted([other, tmp_path / name])


def test_what_another_process_is_writing_is_left_alone(tmp_path):
    with atomic_path(tmp_path / "a.txt") as temporary:
        temporary.write_text("last")
        assert _written_elsewhere(tmp_path / "a.txt", 0) == 0
        assert (tmp_path / "a.txt").read_text() == "half"
    assert (tmp_path / "a.txt").read_text() == "last"


def test_a_place_without_a_name_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"cannot write \.: name a file"), atomic_path(Path()):
        pass


def test_a_new_folder_replaces_no_other(tmp_path):
    full = pytest.raises(InputError, match=r"cannot write .*f: Directory not empty")
    with full, atomic_path(tmp_path / "f", new=True) as temporary:
        temporary.mkdir()
        (tmp_path / "f").mkdir()
        (tmp_path / "f" / "of another process").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["f", "of another process"]


def test_hdf5_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "a.h5"
    with pytest.raises(InputError, match="no such file"), open_hdf5(path):
        pass
    with pytest.raises(InputError, match="is a folder"):
        existing_file(tmp_path)
    path.write_text("text")
    with pytest.raises(InputError, match="not an HDF5 file"), open_hdf5(path):
        pass
    with h5py.File(path, "w") as file:
        file.attrs["schema"] = "mine"
        file.create_dataset("x", data=range(10_000))
    with pytest.raises(InputError, match="schema 'mine'; 'yours' is expected"), open_hdf5(path, "yours", 1):
        pass
    with pytest.raises(InputError, match="version None of mine"), open_hdf5(path, "mine", 1):
        pass
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match="truncated or damaged"), open_hdf5(path):
        pass
