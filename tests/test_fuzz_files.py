"""Damaged files of every reader: each is read, or refused in one line with exit code 2.

500 files from one seed: bytes changed, cut out, repeated, cut short, or another file's end put behind.
"""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from analysis.neural.labels import read_labels
from analysis.neural.read import read_session
from analysis.neural.settings import LabelOptions, SpikeOptions
from analysis.parts import LABEL_READERS, SPIKE_READERS
from rodent.cli import main
from rodent.clips import ImportOptions, import_clips, write_clips
from rodent.errors import InputError
from rodent.keypoints import KeypointOptions, read_keypoints
from rodent.parts import CLIP_READERS, KEYPOINT_READERS
from tests.analysis.neural.files import Workshop as SpikeWorkshop
from tests.analysis.neural.files import trains
from tests.analysis.neural.test_lab_files import write_phy
from tests.analysis.neural.test_labels import aggregated, moseq_csv, moseq_h5, motion_mapper
from tests.clips.test_importers import mimic
from tests.clips.test_lab_files import write_mocap
from tests.keypoints.files import FPS, NAMES, Workshop, walk

PER_FORMAT = 18
SEED = 2024
KEYPOINTS = KeypointOptions(units="mm", fps=FPS, unnamed=NAMES)


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """The bytes of a file after one of five kinds of damage."""
    bytes_, size = bytearray(data), len(data)
    at, length = int(rng.integers(size)), int(rng.integers(1, max(size // 4, 2)))
    kind = rng.integers(5)
    if kind == 0:
        for place in rng.integers(0, size, int(rng.integers(1, 40))):
            bytes_[place] = rng.integers(256)
    elif kind == 1:
        del bytes_[at : at + length]
    elif kind == 2:
        bytes_[at:at] = bytes_[at : at + length]
    elif kind == 3:
        bytes_ = bytes_[: max(at, 1)]
    else:
        # the header is where a file declares what it holds
        for place in rng.integers(0, min(size, 600), int(rng.integers(1, 12))):
            bytes_[place] = (0, 0xFF, 0x7F, 0x80)[rng.integers(4)]
    return bytes(bytes_)


def keypoint_files(folder: Path) -> dict[str, Path]:
    """A sound file of every reader of keypoints."""
    made, rng = {}, np.random.default_rng(1)
    for name in KEYPOINT_READERS.names():
        (folder / name).mkdir()
        workshop = Workshop(folder / name, 1000 * walk(), rng.uniform(0.5, 1, (60, 7)))
        kinds: dict[str, Callable[[], Path]] = {
            "nwb": workshop.nwb,
            "dannce": workshop.mat,
            "npz": workshop.npz,
            "deeplabcut": workshop.deeplabcut,
            "anipose": workshop.anipose,
            "tracks": lambda w=workshop: w.hdf5(tracks=w.points),
            "stac-mjx": lambda w=workshop: w.hdf5(
                kp_data=w.points.reshape(60, -1), kp_names=list(NAMES), qpos=np.zeros((60, 74))
            ),
            "aldarondo": lambda w=workshop: w.hdf5(**{"pose/keypoints": w.points.transpose(0, 2, 1)}),
            "jarvis": lambda w=workshop: w.csv(
                [[n for n in NAMES for _ in "xyz"], [*"xyz"] * 7, *w.points.reshape(60, -1).tolist()]
            ),
            "mat-struct": lambda w=workshop: _struct(w),
        }
        if name in kinds:
            made[name] = kinds[name]()
    return made


def _struct(workshop: Workshop) -> Path:
    path = workshop.folder / "bad.mat"
    scipy.io.savemat(path, {"predictions": {n: workshop.points[:, i] for i, n in enumerate(NAMES)}})
    return path


def clip_files(folder: Path, clips, body) -> dict[str, Path]:
    """A sound file of every reader of clips."""
    made = {name: folder / f"{name}{end}" for name, end in _CLIP_ENDINGS.items()}
    qpos = clips[0].qpos
    write_clips(clips.subset(clips.names[:1]), made["clips"])
    np.savez(made["npz"], qpos=qpos, fps=50.0, scale=0.9)
    np.save(made["npy"], qpos)
    write_mocap(made["dm-control"], list(clips)[:1], body)
    import json

    made["mimic-mjx"].write_text(json.dumps(mimic(qpos[None], (7,))))
    with h5py.File(made["stac-mjx"], "w") as file:
        file["qpos"] = qpos
        file["names_qpos"] = [*["free"] * 7, *clips.joint_names]
        file["config"] = "model: {SCALE_FACTOR: 0.9, RENDER_FPS: 50}"
    return made


_CLIP_ENDINGS = {
    "clips": ".h5",
    "npz": ".npz",
    "npy": ".npy",
    "dm-control": ".hdf5",
    "mimic-mjx": ".json",
    "stac-mjx": ".stac.h5",
}


def spike_files(folder: Path) -> dict[str, Path]:
    """A sound file of every reader of spikes; of Phy, a file of the folder."""
    each = trains(3)
    times, ids = np.concatenate(each), np.repeat([0, 1, 2], [len(one) for one in each])
    made = {}
    for name in SPIKE_READERS.names():
        (folder / name).mkdir()
        workshop = SpikeWorkshop(folder / name)
        if name == "nwb":
            made[name] = workshop.nwb()
        elif name == "aldarondo":
            made[name] = workshop.session(frames=3000, width=8)
        elif name == "tetrodes":
            made[name] = workshop.tetrodes()
        elif name == "npz":
            made[name] = workshop.npz(times=times, neurons=ids)
        elif name == "hdf5":
            made[name] = workshop.hdf5({"times": times, "neurons": ids})
        elif name == "mat-arrays":
            made[name] = workshop.folder / "a.mat"
            scipy.io.savemat(made[name], {"times": times, "neurons": ids})
        elif name == "pynapple":
            content = {"t": times, "index": ids, "keys": np.arange(3), "start": [0.0], "end": [60.0]}
            made[name] = workshop.npz(type=np.array(["TsGroup"]), **content)
        elif name == "phy":
            write_phy(workshop.folder / "phy")
            made[name] = workshop.folder / "phy" / "spike_times.npy"
    return made


def label_files(folder: Path) -> dict[str, Path]:
    """A sound file of every reader of labels."""
    (folder / "boris.csv").write_text(aggregated(","))
    return {
        "boris": folder / "boris.csv",
        "keypoint-moseq-csv": moseq_csv(folder),
        "keypoint-moseq": moseq_h5(folder),
        "motion-mapper": motion_mapper(folder),
    }


def built_in(registry) -> set[str]:
    return {name for name, origin in registry.origins().items() if origin == "built in"}


@pytest.fixture
def readers(tmp_path, clips, body) -> dict[str, tuple[Path, Callable[[Path], object]]]:
    """Of every reader a sound file, and how it is read."""
    pytest.importorskip("pynwb")
    found: dict[str, tuple[Path, Callable[[Path], object]]] = {}
    for kind, files, registry, read in (
        ("keypoints", keypoint_files, KEYPOINT_READERS, lambda path: read_keypoints(path, KEYPOINTS)),
        ("clips", lambda f: clip_files(f, clips, body), CLIP_READERS, _import),
        ("spikes", spike_files, SPIKE_READERS, _session),
        ("labels", label_files, LABEL_READERS, lambda path: read_labels(LabelOptions(path, fps=10.0))),
    ):
        folder = tmp_path / kind
        folder.mkdir()
        made = files(folder)
        assert set(made) >= built_in(registry), kind
        found |= {f"{kind}/{name}": (path, read) for name, path in made.items()}
    return found


def _import(path: Path) -> object:
    return import_clips(path, ImportOptions(fps=50.0, scale=0.9))


def _session(path: Path) -> object:
    session = read_session(path.parent if path.parent.name == "phy" else path, SpikeOptions())
    return [session.behavior[name] for name in session.behavior]


def refusal(read: Callable[[Path], object], path: Path, which: str) -> str:
    """What a reader says of a file that it refuses; empty if it reads it."""
    try:
        read(path)
    except InputError as error:
        return str(error)
    except Exception as error:
        raise AssertionError(which) from error
    return ""


def test_damaged_files_are_read_or_refused_in_one_line(readers):
    rng, tried, refused = np.random.default_rng(SEED), 0, 0
    for name, (path, read) in readers.items():
        read(path)  # sound as it is
        sound = path.read_bytes()
        for number in range(PER_FORMAT):
            path.write_bytes(damaged(sound, rng))
            tried += 1
            message = refusal(read, path, f"{name}, file {number} of seed {SEED}")
            refused += bool(message)
            assert "\n" not in message, message
        path.write_bytes(sound)
    assert tried >= 500
    assert refused > tried / 3


@pytest.mark.parametrize("kind", ["clips/npz", "spikes/npz", "labels/boris"])
def test_commands_end_with_2_and_one_line(readers, kind, capsys):
    path, _ = readers[kind]
    path.write_bytes(path.read_bytes()[:40])
    line = {
        "clips/npz": ["clips", "info", str(path)],
        "spikes/npz": ["spikes", str(path)],
        "labels/boris": ["spikes", str(readers["spikes/npz"][0]), "--labels.file", str(path)],
    }[kind]
    assert main(line) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("rodent: ") and str(path) in message
