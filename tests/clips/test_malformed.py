"""Files that are wrong, each in one way: refused in one line that names what and where."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from rodent.clips import ClipSet, read_clips, write_clips
from rodent.errors import InputError

FRAME, JOINT = 7, 30  # where a fault is put


class Workshop:
    """Sound files and the means to spoil them."""

    def __init__(self, clip_set: ClipSet, folder: Path):
        self.clip_set, self.folder = clip_set, folder
        self.qpos = clip_set[0].qpos
        self.joint = clip_set.joint_names[JOINT]

    def native(self, spoil: Callable[[h5py.File], None]) -> Path:
        """A clip file after `spoil(file)`."""
        path = self.folder / "bad.h5"
        write_clips(self.clip_set, path)
        with h5py.File(path, "r+") as file:
            spoil(file)
        return path

    def at(self, frame, column, value) -> Path:
        """A clip file with one value changed in its first clip."""

        def spoil(file):
            file["clips/Walk_2/qpos"][frame, column] = value

        return self.native(spoil)

    def npz(self, **changes) -> Path:
        """An npz with some arrays changed, or left out where None."""
        names = np.array(self.clip_set.joint_names)
        arrays = {
            "qpos": self.qpos,
            "fps": 50.0,
            "scale": 0.9,
            "joint_names": names,
            "label": "Walk_2",
        } | changes
        path = self.folder / "bad.npz"
        np.savez(path, allow_pickle=True, **{k: v for k, v in arrays.items() if v is not None})
        return path

    def raw(self, data: bytes, name: str = "bad.h5") -> Path:
        """A file of these bytes."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    def json(self, spoil: Callable[[dict], object] = lambda document: None) -> bytes:
        """A mimic-mjx document after `spoil(document)`."""
        clip = {"id": 0, "name": "Walk_2", "num_frames": len(self.qpos), "qpos": self.qpos.tolist()}
        document = {"metadata": {"num_clips": 1, "mocap_hz": 50}, "clips": [clip]}
        spoil(document)
        return json.dumps(document).encode()

    def stac(self, config: str, **changes) -> Path:
        """A stac-mjx file with this configuration."""
        path = self.folder / "bad.h5"
        with h5py.File(path, "w") as file:
            for name, values in ({"qpos": self.qpos, "config": np.bytes_(config)} | changes).items():
                file.create_dataset(name, data=values)
        return path


def rename_group(file: h5py.File) -> None:
    file.move("clips/Rear_1", "clips/Rear_2")


def replace(name: str, values: np.ndarray) -> Callable[[h5py.File], None]:
    def spoil(file):
        del file[name]
        file[name] = values

    return spoil


def attribute(where: str, name: str, value) -> Callable[[h5py.File], None]:
    return lambda file: file[where].attrs.__setitem__(name, value)


def swapped(names: tuple[str, ...]) -> list[str]:
    return [names[1], names[0], *names[2:]]


def truncated(path: Path, keep: float = 0.5) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


W = "clips/Walk_2"
# what is wrong: how to make it, and what the message must say besides the file's name
CASES: dict[str, tuple[Callable[[Workshop], Path], list[str]]] = {
    "missing file": (lambda w: w.folder / "bad.h5", ["no such file"]),
    "folder": (lambda w: w.folder, ["is a folder"]),
    "empty file": (lambda w: w.raw(b""), ["is empty"]),
    "text file": (lambda w: w.raw(b"frame,x,y\n1,2,3\n"), ["no motion file"]),
    "binary file": (lambda w: w.raw(bytes(range(256))), ["no motion file"]),
    # the file itself
    "truncated clip file": (lambda w: truncated(w.native(lambda f: None)), ["truncated or damaged"]),
    "hardly begun clip file": (lambda w: w.raw(b"\x89HDF\r\n\x1a\n\0\0"), ["damaged"]),
    "other schema": (
        lambda w: w.native(attribute("/", "schema", "virtual-rodent/recording")),
        ["schema 'virtual-rodent/recording'", "'virtual-rodent/clips' is expected"],
    ),
    "other version": (lambda w: w.native(attribute("/", "version", 2)), ["version 2", "reads version 1"]),
    "no schema": (lambda w: w.native(lambda f: f.attrs.__delitem__("schema")), ["no clip file", "clips"]),
    "no clips group": (lambda w: w.native(lambda f: f.__delitem__("clips")), ["no group 'clips'"]),
    "no clips at all": (
        lambda w: w.native(lambda f: (f.__delitem__("clips"), f.create_group("clips"))),
        ["at least one"],
    ),
    "clips is a dataset": (lambda w: w.native(replace("clips", np.zeros(3))), ["no group 'clips'"]),
    "no scale": (lambda w: w.native(lambda f: f.attrs.__delitem__("scale")), ["no attribute 'scale'"]),
    "negative scale": (lambda w: w.native(attribute("/", "scale", -0.9)), ["scale is -0.9"]),
    "scale is NaN": (lambda w: w.native(attribute("/", "scale", np.nan)), ["scale is nan"]),
    "scale in words": (lambda w: w.native(attribute("/", "scale", "big")), ["'scale'", "number is expected"]),
    # one clip
    "missing qpos": (
        lambda w: w.native(lambda f: f.__delitem__(f"{W}/qpos")),
        ["clip 'Walk_2'", "no dataset 'qpos'", "it has: qvel"],
    ),
    "qpos is text": (
        lambda w: w.native(replace(f"{W}/qpos", np.array([b"a"]))),
        ["clip 'Walk_2'", "numbers"],
    ),
    "qpos is complex": (
        lambda w: w.native(replace(f"{W}/qpos", np.ones((9, 74), complex))),
        ["Walk_2", "numbers"],
    ),
    "clip is a dataset": (lambda w: w.native(replace(W, np.zeros(3))), ["clip 'Walk_2'", "is a dataset"]),
    "other name inside": (lambda w: w.native(rename_group), ["clip 'Rear_2'", "'name' is 'Rear_1'"]),
    "wrong columns": (
        lambda w: w.native(replace(f"{W}/qpos", np.zeros((40, 73)))),
        ["clip 'Walk_2'", "(40, 73)", "(frames, 74) is expected"],
    ),
    "one frame": (
        lambda w: w.native(replace(f"{W}/qpos", w.qpos[:1])),
        ["clip 'Walk_2' has 1 frame", "at least 2"],
    ),
    "no frames": (lambda w: w.native(replace(f"{W}/qpos", w.qpos[:0])), ["clip 'Walk_2' has 0 frame"]),
    "NaN": (lambda w: w.at(FRAME, 12, np.nan), ["clip 'Walk_2' frame 7", "column 12 is nan"]),
    "infinity": (lambda w: w.at(FRAME, 0, np.inf), ["clip 'Walk_2' frame 7", "column 0 is inf"]),
    "zero quaternion": (
        lambda w: w.at(FRAME, slice(3, 7), 0),
        ["clip 'Walk_2' frame 7", "quaternion", "length 0"],
    ),
    "long quaternion": (
        lambda w: w.at(FRAME, slice(3, 7), [2, 0, 0, 0]),
        ["clip 'Walk_2' frame 7", "length 2"],
    ),
    "velocities of other frames": (
        lambda w: w.native(replace(f"{W}/qvel", np.zeros((39, 73)))),
        ["clip 'Walk_2'", "qvel has shape (39, 73)", "(40, 73) is expected"],
    ),
    "fps nought": (lambda w: w.native(attribute(W, "fps", 0)), ["clip 'Walk_2'", "fps is 0", "[1, 1000]"]),
    "fps is NaN": (lambda w: w.native(attribute(W, "fps", np.nan)), ["clip 'Walk_2'", "fps is nan"]),
    "fps too high": (lambda w: w.native(attribute(W, "fps", 50000)), ["clip 'Walk_2'", "fps is 50000"]),
    "fps in words": (
        lambda w: w.native(attribute(W, "fps", "fast")),
        ["clip 'Walk_2'", "number is expected"],
    ),
    "no fps": (
        lambda w: w.native(lambda f: f[W].attrs.__delitem__("fps")),
        ["clip 'Walk_2'", "no attribute 'fps'"],
    ),
    # motion that no rat makes
    "joint out of range": (
        lambda w: w.at(FRAME, 7 + JOINT, 3.0),
        ["clip 'Walk_2' frame 7", "joint 'JOINT' is at 171.9 deg", "its range is"],
    ),
    "degrees for radians": (
        lambda w: w.native(
            replace(f"{W}/qpos", np.concatenate([w.qpos[:, :7], 57.3 * w.qpos[:, 7:]], axis=1))
        ),
        ["clip 'Walk_2' frame", "deg; its range is"],
    ),
    "teleporting root": (
        lambda w: w.at(slice(FRAME, None), 0, 5.0),
        ["clip 'Walk_2' frame 7", "root moves at 2"],
    ),
    "millimetres for metres": (
        lambda w: w.native(replace(f"{W}/qpos", w.qpos * np.where(np.arange(74) < 3, 1000, 1))),
        ["clip 'Walk_2' frame", "the root moves", "metres"],
    ),
    "root turned over": (
        lambda w: w.at(slice(FRAME, None), slice(3, 7), [0, 1, 0, 0]),
        ["clip 'Walk_2' frame 7", "the root turns at"],
    ),
    "under the floor": (lambda w: w.at(slice(None), 2, -0.5), ["clip 'Walk_2' frame", "above the floor"]),
    "in the air": (lambda w: w.at(slice(None), 2, 2.0), ["clip 'Walk_2' frame", "above the floor"]),
    # joints
    "joints in another order": (
        lambda w: w.native(attribute("/", "joint_names", swapped(w.clip_set.joint_names))),
        ["joint 0 is 'vertebra_2_bend'", "has 'vertebra_1_extend' there", "another order"],
    ),
    "joints of another body": (
        lambda w: w.native(attribute("/", "joint_names", [f"j{i}" for i in range(67)])),
        ["joint 0 is 'j0'", "another body"],
    ),
    "too few joints": (lambda w: w.native(attribute("/", "joint_names", ["a"])), ["1 joint names", "67"]),
    # npz and npy
    "truncated npz": (lambda w: truncated(w.npz()), ["truncated or damaged"]),
    "npz without qpos": (lambda w: w.npz(qpos=None), ["no array 'qpos'", "it has: fps"]),
    "npz of pickled objects": (lambda w: w.npz(qpos=np.array([{"a": 1}], object)), ["pickled", "never read"]),
    "npz of text": (lambda w: w.npz(qpos=np.array(["a", "b"])), ["qpos is not an array of numbers"]),
    "npz of one dimension": (lambda w: w.npz(qpos=np.zeros(74)), ["qpos has shape (74,)"]),
    "npz of wrong columns": (lambda w: w.npz(qpos=np.zeros((40, 30))), ["clip 'Walk_2'", "(40, 30)", "74"]),
    "npz without fps": (lambda w: w.npz(fps=None), ["does not say its fps", "--fps"]),
    "npz without scale": (lambda w: w.npz(scale=None), ["does not say its scale", "--scale"]),
    "npz of two rates": (lambda w: w.npz(fps=np.array([50.0, 60.0])), ["fps has shape (2,)"]),
    "npz with too few labels": (
        lambda w: w.npz(qpos=np.stack([w.qpos] * 3)),
        ["label has 1 entries for 3 clip"],
    ),
    "npz with other joints": (lambda w: w.npz(joint_names=np.array(["a"] * 67)), ["joint 0 is 'a'"]),
    "npz with NaN": (lambda w: w.npz(qpos=np.full((9, 74), np.nan)), ["clip 'Walk_2' frame 0", "nan"]),
    "pickle": (lambda w: w.raw(b"\x80\x04\x95\x10", "bad.p"), ["no motion file"]),
    "truncated npy": (lambda w: w.raw(b"\x93NUMPY\x01\x00", "bad.npy"), ["damaged"]),
    # mimic-mjx JSON
    "bad JSON": (lambda w: w.raw(b'{"clips": [', "bad.json"), ["not valid JSON"]),
    "JSON of a list": (lambda w: w.raw(b"[1, 2]", "bad.json"), ["'metadata'", "object"]),
    "JSON without metadata": (
        lambda w: w.raw(w.json(lambda d: d.pop("metadata")), "bad.json"),
        ["no 'metadata'", "it has: clips"],
    ),
    "JSON without a rate": (
        lambda w: w.raw(w.json(lambda d: d["metadata"].pop("mocap_hz")), "bad.json"),
        ["no 'mocap_hz'"],
    ),
    "JSON without qpos": (
        lambda w: w.raw(w.json(lambda d: d["clips"][0].pop("qpos")), "bad.json"),
        ["no 'qpos'"],
    ),
    "JSON with a ragged qpos": (
        lambda w: w.raw(w.json(lambda d: d["clips"][0]["qpos"][3].pop()), "bad.json"),
        ["clip 0 (Walk_2)", "qpos is not an array of numbers"],
    ),
    "JSON with a huge number": (
        lambda w: w.raw(w.json(lambda d: d["clips"][0]["qpos"][3].__setitem__(0, 10**400)), "bad.json"),
        ["clip 0 (Walk_2)", "qpos is not an array of numbers"],
    ),
    "JSON with NaN": (
        lambda w: w.raw(w.json(lambda d: d["clips"][0]["qpos"][3].__setitem__(9, float("nan"))), "bad.json"),
        ["clip 'Walk_2' frame 3", "column 9 is nan"],
    ),
    "JSON cut short": (
        lambda w: w.raw(w.json(lambda d: d["clips"][0]["qpos"].pop()), "bad.json"),
        ["clip 0 (Walk_2)", "num_frames is 40", "39 rows"],
    ),
    "JSON of fewer clips": (
        lambda w: w.raw(w.json(lambda d: d["metadata"].update(num_clips=10)), "bad.json"),
        ["says 10 clips", "there are 1"],
    ),
    "JSON too deep": (lambda w: w.raw(b"[" * 100_000, "bad.json"), ["nested too deeply"]),
    "truncated JSON.gz": (
        lambda w: truncated(w.raw(gzip.compress(w.json()), "bad.json.gz")),
        ["truncated or damaged"],
    ),
    "damaged JSON.gz": (lambda w: w.raw(b"\x1f\x8b\x08" + bytes(30), "bad.json.gz"), ["damaged"]),
    "gzip of something else": (lambda w: w.raw(gzip.compress(b"\xff\xfe\x00"), "bad.gz"), ["bad.gz"]),
    # stac-mjx HDF5
    "other HDF5": (lambda w: w.native(lambda f: [f.attrs.clear(), f.clear()]), ["no clip file", "nothing"]),
    "stac with a group for qpos": (
        lambda w: w.native(lambda f: (f.attrs.clear(), f.create_group("qpos"))),
        ["qpos is a group"],
    ),
    "stac of flat qpos": (lambda w: w.stac("{}", qpos=np.zeros(74)), ["qpos has shape (74,)"]),
    "stac with bad YAML": (lambda w: w.stac("model: [1"), ["not valid YAML"]),
    "stac with a YAML list": (lambda w: w.stac("[1]"), ["YAML list"]),
    "stac without a scale": (lambda w: w.stac("model: {RENDER_FPS: 50}"), ["does not say its scale"]),
    "stac with a rate in words": (
        lambda w: w.stac("model: {SCALE_FACTOR: 0.9, RENDER_FPS: fast}"),
        ["model.RENDER_FPS"],
    ),
    "stac in overlapping stretches": (lambda w: w.stac("stac: {continuous: true}"), ["--frames-per-clip"]),
    "stac of uneven clips": (
        lambda w: w.stac("model: {snips_order: [a, b, c]}"),
        ["40 frames do not divide into 3 clips"],
    ),
    "stac with too few keypoints": (
        lambda w: w.stac("{}", kp_names=np.array(["a", "b"], dtype="S"), kp_data=np.zeros((40, 3))),
        ["kp_data has shape (40, 3)", "(40, 6) is expected"],
    ),
}


@pytest.fixture
def workshop(clip_set, tmp_path) -> Workshop:
    folder = tmp_path / "in"
    folder.mkdir()
    return Workshop(clip_set, folder)


def test_the_workshops_files_are_sound_before_they_are_spoilt(workshop):
    config = "model: {SCALE_FACTOR: 0.9, RENDER_FPS: 50}"
    sound = [workshop.native(lambda file: None), workshop.npz(), workshop.raw(workshop.json(), "bad.json")]
    assert [len(read_clips(path)) for path in sound] == [2, 1, 1]
    assert len(read_clips(workshop.stac(config))) == 1


@pytest.mark.parametrize("case", CASES)
def test_reading_names_the_file_and_the_fault(case, workshop):
    make, wanted = CASES[case]
    path = make(workshop)
    with pytest.raises(InputError) as error:
        read_clips(path)
    message = str(error.value)
    for part in (str(path), *(text.replace("JOINT", workshop.joint) for text in wanted)):
        assert part in message
    assert "\n" not in message


# import mends these two
@pytest.mark.parametrize(
    "case", sorted(CASES.keys() - {"joints in another order", "velocities of other frames"})
)
def test_the_command_ends_with_2_and_leaves_nothing(case, workshop, tmp_path, capsys):
    from rodent.cli import main

    path, out = CASES[case][0](workshop), tmp_path / "out"
    out.mkdir()
    assert main(["clips", "import", str(path), "--out", str(out / "clips.h5")]) == 2
    assert list(out.iterdir()) == []
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("rodent: ")
    assert printed.err.count("\n") == 1
    assert str(path) in printed.err


@pytest.mark.parametrize("seed", range(40))
def test_damage_anywhere_is_an_input_error_or_harmless(seed, workshop):
    rng = np.random.default_rng(seed)
    path = (workshop.native(lambda file: None), workshop.npz())[seed % 2]
    data = bytearray(path.read_bytes())
    for at in rng.integers(0, len(data), size=20):
        data[at] = rng.integers(256)
    path.write_bytes(data)
    try:
        clips = read_clips(path)
    except InputError:
        return
    assert all(np.isfinite(clip.qpos).all() for clip in clips)
