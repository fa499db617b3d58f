"""Malformed files of every reader: each is read, or refused in one line; none takes long or much memory.

    python benchmarks/malformed.py --files 100       # a trial

Half of the files have damaged bytes, the others an odd value in their content: a key that is missing, text
where a number is expected, an array of another shape. Files of formats whose content is not changed here,
such as MAT and Parquet, have damaged bytes only. One seed makes all of them.
"""

import argparse
import itertools
import resource
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _figures import report

from rodent.body_config import BodyConfig
from rodent.errors import InputError
from rodent.scene import make_scene
from rodent.synthesis.stance import stance_clips
from tests.damage import change_content, damaged
from tests.example_files import write_files
from tests.readable_files import project_files, sound_files

SECONDS, MEMORY = 10, 4.0
"""Of one file at most: seconds of processor time, and growth of memory in GiB, that of the largest array."""


class TooLong(BaseException):
    """A file takes too long; no reader may take it for an error of the file."""


def outcome(read: Callable[[Path], object], path: Path) -> str:
    """What becomes of a file: `read`, `refused`, or a fault with its reason."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        read(path)
        kind = "read"
    except InputError as error:
        kind = "refused" if "\n" not in str(error) else f"fault: more than one line: {error}"
    except TooLong:
        kind = f"fault: more than {SECONDS} s"
    except Exception as error:  # noqa: BLE001 that is what is looked for
        where = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"fault: {type(error).__name__}: {error} ({where.filename}:{where.lineno})"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
    return kind if grown < MEMORY else f"fault: {grown:.1f} GiB of memory"


def _too_long(*_: object) -> None:
    raise TooLong


def main() -> int:
    """Print the figures; the exit code is 1 if one misses its bar."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=1000, help="number of malformed files")
    arguments.add_argument("--seed", type=int, default=0, help="of all damage")
    arguments.add_argument("--reader", default="", help="only readers with this in their names")
    asked = arguments.parse_args()
    signal.signal(signal.SIGPROF, _too_long)
    rng, found, longest = np.random.default_rng(asked.seed), Counter[str](), 0.0
    body = make_scene(BodyConfig())
    with tempfile.TemporaryDirectory() as place:
        sound, examples = Path(place, "sound"), Path(place, "examples")
        for folder in (sound, examples):
            folder.mkdir()
        write_files(body, examples)
        clips = stance_clips(body, frames=20)
        readers = {**sound_files(sound, clips, body), **project_files(examples)}
        readers = {name: one for name, one in readers.items() if asked.reader in name}
        for path, read in readers.values():
            read(path)  # sound as it is
        names = itertools.islice(itertools.cycle(readers), asked.files)
        for number, name in enumerate(names):
            path, read = readers[name]
            content = path.read_bytes()
            if number // len(readers) % 2 or not change_content(path, rng):
                path.write_bytes(damaged(content, rng))
            begun = time.process_time()
            kind = outcome(read, path)
            longest = max(longest, time.process_time() - begun)
            if kind.startswith("fault"):
                print(f"{name}, file {number}: {kind}", flush=True)
            found[kind.partition(":")[0]] += 1
            path.write_bytes(content)
    what = f"of {found.total()} malformed files of {len(readers)} readers"
    print(f"{what}: {found['refused']} were refused, {found['read']} could be read")
    met = [
        report(f"faults {what}", found["fault"], "1", 0, "most"),
        report(f"part that was refused {what}", found["refused"] / found.total(), "1", 0.3, "least"),
        report("longest processor time with one file", longest, "s", SECONDS, "most"),
    ]
    return int(not all(met))


if __name__ == "__main__":
    raise SystemExit(main())
