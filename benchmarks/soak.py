"""The daily commands, again and again in one process: memory and open files stay flat, results the same.

    python benchmarks/soak.py --minutes 5        # a trial

Every round runs the commands of `COMMANDS` in a new folder, as the command line does, and reads what they
wrote: every file must be whole, and the numbers and films the same as in the first round. The growth of
memory is the slope of resident memory over time, by Theil and Sen, with its interval. The first third of the
time, in which functions are compiled and buffers find their size, does not count.
"""

import argparse
import contextlib
import gc
import io
import os
import shlex
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _figures import report
from _whole import broken, fingerprints, leftovers, unlike
from scipy.stats import theilslopes

from rodent.cli import main as rodent
from rodent.clips import read_clips, write_clips
from rodent.jax_setup import cache_compilations
from rodent.kinematics.skeleton import Skeleton
from rodent.registration import read_markers
from rodent.scene import make_scene

COMMANDS = (
    "rollout rat-position --clips gaits --clip walk --out walk.h5",
    "evaluate rat-position --clips gaits --clip walk rear --report tracking.html --json",
    "render walk.h5 --out walk.mp4 --size 160x120 --ghost --fps 25",
    "spikes spikes.npz --json",
    "encode walk.h5 spikes.npz --layer latent/mean --bin-seconds 0.02 --folds 2 --shifts 19 --strengths 1"
    " --block-seconds 0.5 --gap-seconds 0 --shift-seconds 0.5 --out encoding",
    "clips mirror clips.h5 --out mirrored.h5",
    "register keypoints.npz --units mm --scale 0.9 --out registered.h5 --report registered.html",
    "experiment run lesions.toml --out lesions",
    "train --clips clips.h5 --out run --steps 4096 --ppo.num-envs 64 --network.encoder 32"
    " --network.decoder 32 --network.value 32",
    "report run --out report.html",
)
LESIONS = """
policies = ["rat-position"]
clips = "gaits"
clip = ["walk"]
frames = 20
seeds = 2
jitter = 0.06

[[arm]]
name = "decoder"
acts = ["silence decoder/layer_0[{dose}%] to zero"]
doses = [10, 20]
draws = 4
"""
GROWTH_BAR = 5.0  # % of the memory in an hour


class Level(NamedTuple):
    """What the process holds.

    Attributes:
        seconds: since the start.
        memory: resident, MiB.
        files: that are open.
        threads: of Python.
    """

    seconds: float
    memory: float
    files: int
    threads: int

    @classmethod
    def now(cls, begun: float) -> "Level":
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
        return cls(
            time.monotonic() - begun, memory, len(os.listdir("/proc/self/fd")), threading.active_count()
        )


def write_inputs(folder: Path) -> None:
    """Write what the commands read: a clip, its keypoints, spikes, the specification of an experiment."""
    clips = read_clips("gaits").subset(["walk"])
    write_clips(clips, folder / "clips.h5")
    markers = read_markers("rat23")
    skeleton = Skeleton(make_scene(clips.body), markers.bodies)
    points = 1000 * skeleton.positions(clips[0].qpos, markers.offsets * clips.scale)
    np.savez(folder / "keypoints.npz", points=points, fps=50.0, names=np.array(markers.names))
    counts = np.random.default_rng(0).poisson(1.0, (clips[0].n_frames, 3))
    np.savez(folder / "spikes.npz", counts=counts, bin_seconds=0.02)
    (folder / "lesions.toml").write_text(LESIONS)


def played(folder: Path) -> None:
    """Run all commands in a folder.

    Raises:
        RuntimeError: a command did not end with 0.
    """
    with contextlib.chdir(folder):
        for line in COMMANDS:
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                code = rodent(shlex.split(line))
            if code:
                raise RuntimeError(f"rodent {line}: exit code {code}: {said.getvalue()[-300:]}")


def growth(levels: list[Level]) -> tuple[float, float, float]:
    """Slope of memory over time after the first third, and its 95 % interval, % per hour."""
    late = [level for level in levels if level.seconds > levels[-1].seconds / 3]
    memory = np.array([level.memory for level in late])
    hours = np.array([level.seconds for level in late]) / 3600
    slope, _, low, high = theilslopes(100 * memory / np.median(memory), hours)
    return slope, low, high


def main() -> int:
    """Print the figures; the exit code is 1 if one misses its bar."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=60.0, help="how long")
    minutes = arguments.parse_args().minutes
    cache_compilations()
    begun, levels, faulty, first = time.monotonic(), [], 0, {}
    with tempfile.TemporaryDirectory() as place:
        inputs = Path(place, "inputs")
        inputs.mkdir()
        write_inputs(inputs)
        while time.monotonic() - begun < 60 * minutes or len(levels) < 6:
            folder = Path(shutil.copytree(inputs, Path(place, "round")))
            played(folder)
            first = first or fingerprints(folder)
            if wrong := [*broken(folder), *unlike(folder, first), *leftovers(folder)]:
                faulty += 1
                print(f"round {len(levels)}: not as in the first: {', '.join(wrong)}", flush=True)
            shutil.rmtree(folder)
            levels.append(Level.now(begun))
            print(f"round {len(levels)}: {levels[-1]}", flush=True)
    slope, low, high = growth(levels)
    late = levels[len(levels) // 3 :]
    what = f"in {len(levels)} rounds of {len(COMMANDS)} commands, {levels[-1].seconds / 60:.0f} minutes"
    print(f"growth of memory, 95 % interval: {low:.2f} to {high:.2f} % per hour")
    met = [
        report(f"rounds with files that are not whole, {what}", faulty, "1", 0, "most"),
        report("growth of resident memory", slope, "% per hour", GROWTH_BAR, "most"),
        report("resident memory at the end", levels[-1].memory / 1024, "GiB", 4.0, "most"),
        report("open files more than before", late[-1].files - late[0].files, "1", 0, "most"),
        report("threads more than before", late[-1].threads - late[0].threads, "1", 0, "most"),
    ]
    return int(not all(met))


if __name__ == "__main__":
    raise SystemExit(main())
