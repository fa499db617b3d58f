"""How soon the program answers: CPU time of `rodent --help`, wall time to the first training update.

The training is run twice and the second run counts: the first one fills JAX's compilation
cache, as anybody's first run does.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _motion import benchmark_clips

from rodent.clips.file import write_clips
from rodent.scene import make_scene

RODENT = Path(sys.executable).with_name("rodent")
HELP_BAR = 1.0  # CPU seconds
FIRST_UPDATE_BAR = 20.0  # wall seconds
STEPS = 1  # the loop rounds it up to one update


def help_seconds(repeats: int = 5) -> float:
    """CPU seconds, user and system, that `rodent --help` takes: the median of some runs."""

    def used() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    seconds = []
    for _ in range(repeats):
        before = used()
        subprocess.run([RODENT, "--help"], check=True, stdout=subprocess.DEVNULL)
        seconds.append(used() - before)
    return statistics.median(seconds)


def first_update_seconds(clips: Path) -> float:
    """Wall seconds from the start of `rodent train` to the log of its first update, cache warm.

    The first update is logged after the first evaluation, which is counted too.
    """
    with tempfile.TemporaryDirectory() as folder:
        cached = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(Path(folder) / "cache")}
        for name in ("cold", "warm"):
            run = Path(folder) / name
            begun = time.monotonic()
            words = ["train", "--clips", clips, "--out", run, "--steps", str(STEPS)]
            with subprocess.Popen([RODENT, *words], env=cached, stderr=subprocess.DEVNULL) as process:
                log = run / "metrics.jsonl"
                while not (log.exists() and log.stat().st_size):
                    if process.poll() is not None:
                        raise RuntimeError(f"rodent train ended with {process.returncode} before an update")
                    time.sleep(0.02)
                seconds = time.monotonic() - begun
            print(f"first update after {seconds:.1f} s with a {name} cache")
    return seconds


def main() -> int:
    """Print one line of JSON per figure; the exit code is 1 where one misses its bar."""
    with tempfile.TemporaryDirectory() as folder:
        clips = Path(folder) / "clips.h5"
        write_clips(benchmark_clips(make_scene()), clips)
        first_update = first_update_seconds(clips)
    measured = [
        ("rodent --help", help_seconds(), "s of CPU", HELP_BAR),
        (
            "rodent train, first update with a warm cache",
            first_update,
            "s",
            FIRST_UPDATE_BAR,
        ),
    ]
    for figure, value, unit, bar in measured:
        print(json.dumps({"figure": figure, "value": round(value, 3), "unit": unit, "bar": bar}))
    return int(any(value > bar for _, value, _, bar in measured))


if __name__ == "__main__":
    sys.exit(main())
