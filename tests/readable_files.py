"""A sound file of every reader, and how it is read, for tests and benchmarks of damaged files."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import scipy.io

from analysis.effects.outcomes import read_outcomes
from analysis.neural.labels import read_labels
from analysis.neural.read import read_session
from analysis.neural.settings import LabelOptions, SpikeOptions
from analysis.parts import LABEL_READERS, SPIKE_READERS
from analysis.report.comparison import read_encoding, read_similarity
from analysis.twin.files import load_readouts, load_twin
from analysis.twin.pair_table import read_pairs
from rodent.assets import asset_path
from rodent.clips import ClipSet, ImportOptions, import_clips, write_clips
from rodent.experiment import open_experiment, read_executor, read_experiment
from rodent.intervention import read_interventions
from rodent.intervention.unit_table import UnitTable
from rodent.keypoints import KeypointOptions, read_keypoints
from rodent.parts import CLIP_READERS, KEYPOINT_READERS
from rodent.policy.policy import load_policy
from rodent.policy.policy_set import read_policy_set
from rodent.recording import open_recording
from rodent.registration import read_markers
from rodent.scene import Scene
from rodent.study.spec import read_study
from rodent.synthesis.track import read_track
from tests.analysis.neural.files import Workshop as SpikeWorkshop
from tests.analysis.neural.files import trains
from tests.analysis.neural.test_lab_files import write_phy
from tests.analysis.neural.test_labels import aggregated, moseq_csv, moseq_h5, motion_mapper
from tests.clips.test_importers import mimic
from tests.clips.test_lab_files import write_mocap
from tests.keypoints.files import FPS, NAMES, Workshop, walk
from tests.test_report import ENCODING, RSA
from training.population.draw import member_config
from training.population.spec import read_population
from training.runs import open_run

KEYPOINTS = KeypointOptions(units="mm", fps=FPS, unnamed=NAMES)
INTERVENTIONS = """
[[intervention]]
kind = "silence"
site = "decoder/layer_0"
units = "0:4"
to = "mean"

[[intervention]]
kind = "noise"
site = "latent/sample"
by = 0.5
"""
Read = Callable[[Path], object]


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
    """Names of the readers that come with the project."""
    return {name for name, origin in registry.origins().items() if origin == "built in"}


def sound_files(folder: Path, clips: ClipSet, body: Scene) -> dict[str, tuple[Path, Read]]:
    """Write a file for every reader of the registries of formats into a folder."""
    found: dict[str, tuple[Path, Read]] = {}
    for kind, files, registry, read in (
        ("keypoints", keypoint_files, KEYPOINT_READERS, lambda path: read_keypoints(path, KEYPOINTS)),
        ("clips", lambda f: clip_files(f, clips, body), CLIP_READERS, _import),
        ("spikes", spike_files, SPIKE_READERS, _session),
        ("labels", label_files, LABEL_READERS, lambda path: read_labels(LabelOptions(path, fps=10.0))),
    ):
        place = folder / kind
        place.mkdir()
        made = files(place)
        assert set(made) >= built_in(registry), kind
        found |= {f"{kind}/{name}": (path, read) for name, path in made.items()}
    return found


def project_files(folder: Path) -> dict[str, tuple[Path, Read]]:
    """Files of this project, in a folder that `example_files.write_files` has written; adds some to it.

    A reader of a folder is given one of its files.
    """
    (folder / "acts.toml").write_text(INTERVENTIONS)
    (folder / "units.csv").write_text("layer,unit,score\ndecoder/layer_0,0,0.5\ndecoder/layer_0,3,0.25\n")
    for name, content in (("encoding", ENCODING), ("rsa", RSA)):
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "local.toml").write_text('name = "local"\nthreads = 2\n')
    shutil.copy(asset_path("markers/rat23.toml"), folder / "rat23.toml")
    neurons = load_readouts(folder / "rat9.safetensors").neurons
    readers: dict[str, Read] = {
        "walk.h5": _recording,
        "joystick.h5": _recording,
        "runs/walk/policy/policy.json": lambda path: load_policy(path.parent),
        "runs/walk/policy/params.safetensors": lambda path: load_policy(path.parent),
        "runs/walk/config.json": lambda path: open_run(path.parent),
        "runs/walk/split.json": lambda path: open_run(path.parent),
        "lesions.toml": read_experiment,
        "lesions/experiment.json": lambda path: open_experiment(path.parent),
        "lesions/outcomes.parquet": read_outcomes,
        "local.toml": lambda path: read_executor(str(path)),
        "acts.toml": read_interventions,
        "units.csv": lambda path: UnitTable.read(path, "score").numbers("decoder/layer_0", 16),
        "rat23.toml": read_markers,
        "walks.toml": _members,
        "walks/policies.json": read_policy_set,
        "rearing/study.toml": lambda path: read_study(path.parent),
        "animal.csv": read_track,
        "encoding.json": read_encoding,
        "rsa.json": read_similarity,
        "twin/twin.json": lambda path: load_twin(path.parent),
        "twin/core.safetensors": lambda path: load_twin(path.parent),
        "rat9.safetensors": load_readouts,
        "pairs.csv": lambda path: read_pairs(path, neurons),
    }
    return {name: (folder / name, read) for name, read in readers.items()}


def _import(path: Path) -> object:
    return import_clips(path, ImportOptions(fps=50.0, scale=0.9))


def _session(path: Path) -> object:
    session = read_session(path.parent if path.parent.name == "phy" else path, SpikeOptions())
    return [session.behavior[name] for name in session.behavior]


def _recording(path: Path) -> object:
    with open_recording(path) as recording:
        rollouts = recording.rollouts.values()
        return [one[name] for one in rollouts for name in one.channels], recording.trials.columns


def _members(path: Path) -> object:
    config = read_population(path)
    return [member_config(config, number) for number in range(min(config.members, 3))]
