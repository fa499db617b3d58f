"""Readers of formats: which one reads a file, and what packages add."""

import sys

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.keypoints import KeypointOptions, read_keypoints
from rodent.parts import CLIP_READERS, KEYPOINT_READERS
from rodent.reader import FileStart, Reader, descriptions, recognised
from tests.plugins import install

GROUP = "virtual_rodent.keypoint_readers"
CODE = """
import numpy as np
from rodent.keypoints import RawKeypoints
from rodent.reader import Reader

def read(path, options):
    points = np.array([[float(x) for x in line.split()] for line in path.read_text().splitlines()[1:]])
    return RawKeypoints(points.reshape(len(points), -1, 3), ("Snout", "Tail"), "cm", 10.0)

def fail(path, options):
    raise ValueError("row 3 is odd")

SPOTS = Reader("spots", lambda file: file.start.startswith(b"spots"), read)
OTHER = Reader("other spots", lambda file: file.start.startswith(b"spots"), read)
ODD = Reader("odd", lambda file: file.suffix == ".odd", fail)
"""


@pytest.fixture
def spots(tmp_path, monkeypatch):
    install(tmp_path / "site", monkeypatch, "rat-spots", GROUP, {"spots": "SPOTS", "odd": "ODD"}, CODE)
    yield tmp_path
    sys.modules.pop("rat_spots", None)


def write_spots(path):
    rows = [f"{i} 0 2 {i - 18} 0 3" for i in range(8)]
    path.write_text("\n".join(["spots 1.0", *rows]))
    return path


def test_a_package_adds_a_reader(spots):
    keypoints = read_keypoints(write_spots(spots / "rat.csv"))
    assert keypoints.names == ("Snout", "Tail")
    assert keypoints.points[3, 1] == pytest.approx([-0.15, 0.0, 0.03])
    assert KEYPOINT_READERS.origins()["spots"] == "package rat-spots 0.1"


def test_two_packages_that_recognise_a_file_are_told_apart_by_an_option(spots, monkeypatch):
    install(spots / "b", monkeypatch, "more-spots", GROUP, {"more": "OTHER"}, CODE)
    path = write_spots(spots / "rat.txt")
    with pytest.raises(
        InputError, match="several added readers; choose one: --format more or --format spots"
    ):
        read_keypoints(path)
    assert read_keypoints(path, KeypointOptions(format="more")).fps == 10
    with pytest.raises(
        InputError, match="unknown reader of keypoints 'spot' in --format; did you mean 'spots'"
    ):
        read_keypoints(path, KeypointOptions(format="spot"))
    sys.modules.pop("more_spots")


def test_what_a_packages_reader_raises_is_one_line_with_the_file(spots):
    (spots / "a.odd").write_text("x")
    with pytest.raises(InputError, match=r"a.odd is damaged: row 3 is odd"):
        read_keypoints(spots / "a.odd")


def test_a_broken_package_stops_no_other_format(tmp_path, monkeypatch):
    install(tmp_path / "bad", monkeypatch, "bad-spots", GROUP, {"bad": "X"}, "import nothing_of_the_kind")
    points = np.random.default_rng(0).normal(0, 0.05, (5, 4, 3))
    np.savez(tmp_path / "a.npz", points=points, names=list("abcd"), fps=10.0, units="m")
    assert read_keypoints(tmp_path / "a.npz").n_frames == 5
    assert "bad (cannot be imported)" in descriptions(KEYPOINT_READERS)


def test_every_built_in_reader_can_be_imported():
    for registry in (KEYPOINT_READERS, CLIP_READERS):
        for name in registry.names():
            assert isinstance(registry.get(name), Reader), name


def test_a_file_that_no_reader_knows_has_none(tmp_path):
    (tmp_path / "a.bin").write_bytes(bytes(range(1, 200)))
    assert recognised(KEYPOINT_READERS, FileStart.of(tmp_path / "a.bin")) is None


def test_the_start_of_a_file_says_what_is_in_it(tmp_path):
    np.savez(tmp_path / "a.npz", points=1, fps=2)
    assert FileStart.of(tmp_path / "a.npz").members == ("points", "fps")
    (tmp_path / "a.CSV").write_text("a,b\n")
    text = FileStart.of(tmp_path / "a.CSV")
    assert (text.suffix, text.is_text, text.is_npz, text.is_hdf5) == (".csv", True, False, False)
    assert FileStart.of(tmp_path).is_folder
    with pytest.raises(InputError, match="no such file"):
        FileStart.of(tmp_path / "b")
