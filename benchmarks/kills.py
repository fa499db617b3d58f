"""Commands that are killed at random times: what is started again ends as if nothing had happened.

    python benchmarks/kills.py --kills 30           # a trial
    python benchmarks/kills.py --work train         # one of them

Each command is first run to its end. Then it is killed (SIGKILL) after a random part of that time and started
again, up to four times, and ends by itself; and so on from the beginning. After every kill all files that
can be seen must be whole. In the end they must be the same as those of the first run, and no temporary files
may be left. `shards` is a driver of an experiment whose shards take milliseconds, so that kills meet every
moment of its writing. Processes are forked from one that has imported the libraries, but computed nothing.
"""

import argparse
import contextlib
import multiprocessing
import os
import shlex
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _figures import report
from _whole import broken, fingerprints, leftovers, unlike

LIVES = 4
"""Kills before a command may end."""
SIZE, SECONDS = 20_000, 0.01
"""Of a shard of `shards`: numbers, so that writing takes a while; and duration."""
INPUTS = {
    "lesions.toml": """
policies = ["rat-position"]
clips = "gaits"
clip = ["walk"]
frames = 10
seeds = 4
jitter = 0.06
batch = 64

[[arm]]
name = "decoder"
acts = ["silence decoder/layer_0[{dose}%] to zero"]
doses = [10, 20]
draws = 40
""",
    "walks.toml": """
clips = "gaits"
clip = ["walk"]
members = 3
steps = 512

[criterion]
copies = 1

[settings]
checkpoint_seconds = 0.01
evaluate_every = 256

[settings.ppo]
num_envs = 16
minibatches = 2
unroll = 8

[settings.network]
latent = 4
encoder = [8]
decoder = [8]
value = [8]

[[vary]]
setting = "ppo.latent_kl"
low = 1e-5
high = 1e-2
""",
}


class Work(NamedTuple):
    """A command that is killed.

    Attributes:
        out: the file or folder that it makes.
        line: its command line.
        again: the command line with which it is started again once `out` is there; "" for the same.
    """

    out: str
    line: str
    again: str = ""


TRAIN = "--ppo.num-envs 16 --ppo.minibatches 2 --ppo.unroll 8 --network.encoder 8 --network.decoder 8"
WORKS = {
    "shards": Work("folder", "shards"),
    "train": Work(
        "run",
        f"train --clips clips.h5 --out run --steps 1280 {TRAIN} --network.value 8 --network.latent 4"
        " --checkpoint-seconds 0.01 --evaluate-every 256 --keep-every 256",
        "train --out run --resume --steps 1280",
    ),
    "experiment": Work("lesions", "experiment run lesions.toml --out lesions"),
    "population": Work("walks", "population train walks.toml --out walks"),
    "rollout": Work("walk.h5", "rollout rat-position --clips clips.h5 --out walk.h5"),
    "register": Work("mine.h5", "register keypoints.npz --units mm --scale 0.9 --out mine.h5"),
    "render": Work("film.mp4", "render clips.h5 --out film.mp4 --size 96x64 --fps 25"),
    "synth": Work("random.h5", "clips synth --walks 2 --rears 2 --out random.h5"),
}


def run(folder: Path, line: str) -> None:
    """One command in a folder, in a process of its own."""
    os.chdir(folder)
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    if line == "shards":
        sys.exit(shards(Path("folder")))
    from rodent.cli import main as rodent

    sys.exit(rodent(shlex.split(line)))


def shards(folder: Path, count: int = 20) -> int:
    """Do all shards of an experiment that only writes numbers."""
    from rodent.experiment.drive import run_shards
    from rodent.experiment.local import LocalExecutor
    from rodent.experiment.shards import Shards

    for name in ("shards", "failures"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    run_shards(Shards(folder, count), _numbers, LocalExecutor())
    return 0


def _numbers(number: int) -> dict[str, np.ndarray]:
    time.sleep(SECONDS)
    return {"values": np.random.default_rng(number).normal(size=SIZE)}


def write_inputs(folder: Path) -> None:
    """Write what the commands read."""
    from rodent.clips import read_clips, write_clips
    from rodent.kinematics.skeleton import Skeleton
    from rodent.registration import read_markers
    from rodent.scene import make_scene

    folder.mkdir()
    clips = read_clips("gaits").subset(["walk"])
    write_clips(clips, folder / "clips.h5")
    markers = read_markers("rat23")
    skeleton = Skeleton(make_scene(clips.body), markers.bodies)
    points = 1000 * skeleton.positions(clips[0].qpos, markers.offsets * clips.scale)
    np.savez(folder / "keypoints.npz", points=points, fps=50.0, names=np.array(markers.names))
    for name, text in INPUTS.items():
        (folder / name).write_text(text)


class Killer:
    """Runs one work, and kills it.

    Args:
        work: the command.
        inputs: folder of what it reads.
        place: folder for everything.
        rng: of the times.

    Attributes:
        found: numbers of kills, of files that were not whole, and so on.
    """

    def __init__(self, work: Work, inputs: Path, place: Path, rng: np.random.Generator):
        self._work, self._inputs, self._place, self._rng = work, inputs, place, rng
        self.found = Counter[str]()
        whole = self._fresh("whole")
        self._process(whole, work.line).join()  # compiles
        whole = self._fresh("whole")
        begun = time.monotonic()
        process = self._process(whole, work.line)
        process.join()
        self.seconds = time.monotonic() - begun
        if process.exitcode:
            raise RuntimeError(
                f"{work.line}: exit code {process.exitcode}: {(whole / 'log').read_text()[-300:]}"
            )
        self._first = fingerprints(whole)

    def life(self, kills: int) -> None:
        """Kill it some times, let it end, and check what it has made."""
        folder = self._fresh("killed")
        for _ in range(kills):
            process = self._start(folder)
            process.join(self._rng.uniform(0, self.seconds))
            if process.is_alive():
                process.kill()
                process.join()
                self.found["kills"] += 1
            self._note("half-written", broken(folder))
        process = self._start(folder)
        process.join()
        wrong = [f"exit code {process.exitcode}: {_end(folder)}"] if process.exitcode else []
        self._note("differ", wrong + self._differing(folder))
        self._note("left over", leftovers(folder))

    def _differing(self, folder: Path) -> list[str]:
        return [name for name in unlike(folder, self._first) if name.startswith(self._work.out)]

    def _start(self, folder: Path) -> multiprocessing.process.BaseProcess:
        there = (folder / self._work.out).exists()
        return self._process(folder, self._work.again if there and self._work.again else self._work.line)

    def _process(self, folder: Path, line: str) -> multiprocessing.process.BaseProcess:
        process = multiprocessing.get_context("forkserver").Process(target=run, args=(folder, line))
        process.start()
        return process

    def _fresh(self, name: str) -> Path:
        """A folder with nothing but what the command reads."""
        folder = self._place / name
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(self._inputs, folder))

    def _note(self, what: str, names: list[str]) -> None:
        self.found[what] += len(names)
        for name in names:
            print(f"{what}: {name}", flush=True)


def _end(folder: Path) -> str:
    with contextlib.suppress(OSError):
        return (folder / "log").read_text().strip().rpartition("\n")[2][-300:]
    return ""


def main() -> int:
    """Print the figures; the exit code is 1 if one misses its bar."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=300, help="kills of all works together")
    arguments.add_argument("--work", choices=WORKS, nargs="+", default=[*WORKS], help="only these")
    asked = arguments.parse_args()
    multiprocessing.set_forkserver_preload(
        ["rodent.cli.main", "training.train", "rodent.experiment.run", "rodent.registration", "rodent.render"]
    )
    rng, found = np.random.default_rng(0), Counter[str]()
    with tempfile.TemporaryDirectory() as place:
        inputs = Path(place, "inputs")
        write_inputs(inputs)
        for i, name in enumerate(asked.work):
            folder = Path(place, name)
            folder.mkdir()
            killer = Killer(WORKS[name], inputs, folder, rng)
            # equal parts of all kills that are left
            share = (asked.kills - found["kills"]) // (len(asked.work) - i)
            while killer.found["kills"] < share:
                killer.life(min(LIVES, share - killer.found["kills"]))
            found += killer.found
            print(f"{name}, {killer.seconds:.1f} s: {dict(killer.found)}", flush=True)
            shutil.rmtree(folder)
    what = f"after {found['kills']} kills of {len(asked.work)} commands"
    met = [
        report(f"files that are not whole, {what}", found["half-written"], "1", 0, "most"),
        report(f"files that differ from those without kills, {what}", found["differ"], "1", 0, "most"),
        report(f"temporary files left in the end, {what}", found["left over"], "1", 0, "most"),
    ]
    return int(not all(met))


if __name__ == "__main__":
    raise SystemExit(main())
