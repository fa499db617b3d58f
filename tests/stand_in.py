"""A stand-in for the work of a shard, and drivers of it in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from rodent.experiment.drive import run_shards
from rodent.experiment.local import LocalExecutor
from rodent.experiment.shards import Shards

ROOT = Path(__file__).parents[1]


def work(number: int, seconds: float = 0.0, size: int = 100) -> dict[str, np.ndarray]:
    """Arrays that depend on the number alone."""
    time.sleep(seconds)
    return {"values": np.random.default_rng(number).normal(size=size), "number": np.array([number])}


def dying(number: int, deaths: str, dies: tuple[int, ...]) -> dict[str, np.ndarray]:
    """The same, but the process of some shards is killed in the middle, the first time."""
    mark = Path(deaths) / f"died-{number}"
    if number in dies and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return work(number)


def new_shards(folder: Path, count: int) -> Shards:
    """An empty folder of shards."""
    for name in ("shards", "failures"):
        (folder / name).mkdir(parents=True)
    return Shards(folder, count)


def contents(shards: Shards) -> dict[str, bytes]:
    """The bytes of everything in the folder of shards."""
    return {path.name: path.read_bytes() for path in (shards.folder / "shards").iterdir()}


def expected(folder: Path, count: int, size: int = 100) -> dict[str, bytes]:
    """What `contents` is when one driver has done all."""
    shards = new_shards(folder, count)
    run_shards(shards, partial(work, size=size), LocalExecutor())
    return contents(shards)


def driver(shards: Shards, seconds: float) -> subprocess.Popen[bytes]:
    """A process that does what is missing."""
    words = [sys.executable, "-m", "tests.stand_in", str(shards.folder), str(shards.count), str(seconds)]
    return subprocess.Popen(words, cwd=ROOT)


if __name__ == "__main__":
    place, number_of_shards, pause = sys.argv[1:]
    own = partial(work, seconds=float(pause))
    run_shards(Shards(Path(place), int(number_of_shards)), own, LocalExecutor())
