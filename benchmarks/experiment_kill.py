"""Experiments under kills: a driver that is killed at random loses no shard, doubles none, changes no byte.

    python benchmarks/experiment_kill.py --kills 10 --shards 20     # a trial

The work of a shard is a stand-in that takes a few milliseconds, so that kills meet every moment of a run:
between shards, in the work, while a file is written, before its rename. Every driver is a process of its own
that ends by SIGKILL after a random time; the last one ends by itself.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from rodent.experiment.drive import run_shards
from rodent.experiment.local import LocalExecutor
from rodent.experiment.shards import Shards

_SIZE = 20_000  # numbers of a shard, so that writing takes a while
_SECONDS = 0.01  # of a shard
_AFTER = 0.02  # most seconds from the first new shard to the kill: the time of two shards


def work(number: int) -> dict[str, np.ndarray]:
    """Arrays that depend on the number alone."""
    time.sleep(_SECONDS)
    return {"values": np.random.default_rng(number).normal(size=_SIZE)}


def new_shards(folder: Path, count: int) -> Shards:
    for name in ("shards", "failures"):
        (folder / name).mkdir(parents=True)
    return Shards(folder, count)


def written(shards: Shards) -> int:
    """Number of shards that were ever written: each driver adds a line for each of its own."""
    return sum(len(path.read_text().split()) for path in shards.folder.glob("written-*"))


def drive(folder: Path, count: int) -> None:
    """One driver: does what is missing, and notes each shard once it is there."""
    shards = Shards(folder, count)
    with (folder / f"written-{time.time_ns()}").open("a") as notes:
        for number in shards.missing():
            if shards.complete(number, work) == "written":
                notes.write(f"{number}\n")
                notes.flush()


def killed(folder: Path, count: int, kills: int) -> tuple[Shards, int]:
    """The shards after so many drivers were killed, or until all are done; and how many kills there were."""
    shards, random, done = new_shards(folder, count), np.random.default_rng(0), 0
    words = [sys.executable, __file__, "--drive", str(folder), "--shards", str(count)]
    while shards.missing():
        before = len(shards.missing())
        process = subprocess.Popen(words)
        if done < kills:
            while process.poll() is None and len(shards.missing()) == before:
                time.sleep(0.001)
            time.sleep(_AFTER * random.random())
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                done += 1
        process.wait()
    return shards, done


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=100, help="kills at most")
    arguments.add_argument("--shards", type=int, default=200, help="shards")
    arguments.add_argument("--drive", type=Path, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.drive:
        drive(asked.drive, asked.shards)
        return
    with tempfile.TemporaryDirectory() as folder:
        shards, kills = killed(Path(folder) / "killed", asked.shards, asked.kills)
        whole = new_shards(Path(folder) / "whole", asked.shards)
        run_shards(whole, work, LocalExecutor())
        lost = len(shards.missing())
        doubled = max(0, written(shards) - asked.shards)
        files = {path.name: path.read_bytes() for path in (shards.folder / "shards").iterdir()}
        same = {path.name: path.read_bytes() for path in (whole.folder / "shards").iterdir()}
        differing = sum(files.get(name) != content for name, content in same.items()) + len(
            {*files} - {*same}
        )
    what = f"of {asked.shards} shards"
    rows = [
        (f"drivers killed at random, {what}", kills, asked.kills, "least"),
        (f"shards lost {what}", lost, 0, "most"),
        (f"shards written twice {what}", doubled, 0, "most"),
        (f"files that differ from those of one driver, {what}", differing, 0, "most"),
    ]
    for figure, value, bar, at in rows:
        print(json.dumps({"figure": figure, "value": value, "unit": "1", "bar": bar, "at": at}))
    if lost or doubled or differing or kills < asked.kills:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
