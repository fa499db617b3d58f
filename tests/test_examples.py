"""Every example that `--help` shows runs as it stands; what takes long is made small by more options."""

import dataclasses
import gzip
import hashlib
import json
import shlex
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

import rodent.cli.demo.way
import rodent.view.page
from rodent.cli import main
from rodent.clips import catalogue, write_clips
from rodent.kinematics.skeleton import Skeleton
from rodent.policy.policy import save_policy
from rodent.registration import read_markers
from rodent.rollout import record
from rodent.scene import Scene
from rodent.synthesis.stance import stance_clips
from tests.clips.test_importers import mimic
from tests.commands import all_help, examples
from tests.policies import untrained_policy
from tests.test_demo import SMALL
from tests.training.test_train import TINY
from training.config import TrainConfig
from training.runs import begin_run

LINES = sorted({line for text in all_help().values() for line in examples(text)})

# by the beginning of the line; of options given twice the last one counts
SMALLER = {
    "rodent train": [*TINY, "--steps", "32"],
    "rodent encode": shlex.split(
        "--block-seconds 1 --gap-seconds 0 --shift-seconds 2 --strengths 1 --folds 2"
    ),
    "rodent rsa": shlex.split(
        "--partitions 2 --least-seconds 0.4 --shift-seconds 1 --permutations 20 --bootstraps 20"
    ),
    "rodent events": shlex.split("--shift-seconds 2 --rotations 19 --bootstraps 5"),
    "rodent render": shlex.split("--size 64x48 --fps 10"),
}


@pytest.fixture(scope="module")
def files(body: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that the examples read."""
    folder = tmp_path_factory.mktemp("files")
    clips = stance_clips(body, frames=300, n=2)
    for name in ("clips", "monday"):
        write_clips(clips, folder / f"{name}.h5")
    tuesday = stance_clips(body, frames=20, n=1)
    renamed = tuple(dataclasses.replace(clip, name="tuesday") for clip in tuesday)
    write_clips(dataclasses.replace(tuesday, clips=renamed), folder / "tuesday.h5")
    pair = np.stack([clip.qpos[:39] for clip in clips])
    (folder / "clips.json.gz").write_bytes(gzip.compress(json.dumps(mimic(pair)).encode()))
    seconds = np.arange(0, 2, 0.04)
    rows = [f"{t:.2f},{0.15 * t:.4f},0" for t in seconds]
    (folder / "animal.csv").write_text("\n".join(["time,x,y", *rows]))
    markers = read_markers("rat23")
    points = Skeleton(body, markers.bodies).positions(clips[0].qpos[:60], markers.offsets * clips.scale)
    np.savez(folder / "keypoints.npz", points=1000 * points, fps=50.0, names=np.array(markers.names))
    policy = untrained_policy(body)
    (folder / "runs").mkdir()
    split = {"train": list(clips.names), "test": []}
    run = begin_run(folder / "runs" / "walk", TrainConfig(), folder / "clips.h5", split)
    save_policy(policy, run.folder / "policy")
    record(policy, clips, folder / "walk.h5")
    with h5py.File(folder / "walk.h5", "r+") as file:
        for rollout in file["rollouts"].values():
            # it hops, so that its paws come down
            rollout["qpos"][:, 2] += 0.02 * (np.arange(300) % 30 < 15)
    bouts = zip(stance_clips(body, frames=50, n=12), ("Walk", "Rear", "RGroom") * 4, strict=True)
    day = tuple(dataclasses.replace(clip, behavior=behavior) for clip, behavior in bouts)
    record(policy, dataclasses.replace(clips, clips=day), folder / "day.h5")
    counts = np.random.default_rng(0).poisson(0.2, (600, 3))
    np.savez(folder / "spikes.npz", counts=counts, bin_seconds=0.02)
    return folder


@pytest.fixture
def small(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small demo, a viewer that is left as soon as it shows something, public clips that lie here."""
    public, here = catalogue.catalogue(), (files / "clips.json.gz").read_bytes()
    for name, entry in public.items():
        digest = hashlib.sha256(here).hexdigest()
        public[name] = dataclasses.replace(entry, file="clips.json.gz", sha256=digest, size=len(here))
    monkeypatch.setattr(catalogue, "catalogue", lambda: public)

    def leave(server, session):
        raise KeyboardInterrupt

    monkeypatch.setattr(rodent.view.page, "watch", leave)
    monkeypatch.setattr(rodent.cli.demo.way, "Plan", lambda minutes: SMALL)


@pytest.mark.parametrize("line", LINES)
def test_example(line, files, small, tmp_path, monkeypatch, request, capfd):
    words = shlex.split(line)
    if "render" in words:
        request.getfixturevalue("drawing")
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RODENT_DATA", str(tmp_path))
    out = Path(words[words.index("--out") + 1]) if "--out" in words else None
    if out and out.is_dir():
        shutil.rmtree(out)
    smaller = next((more for begin, more in SMALLER.items() if line.startswith(begin)), [])
    assert main([*words[1:], *smaller]) == (130 if "view" in words else 0), capfd.readouterr().err
    assert out is None or out.exists()
