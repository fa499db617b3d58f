"""Commands that meet a full disk, or a disk that is read-only: one line, nothing half-written.

    sudo python benchmarks/storage.py                       # all examples that --help shows
    sudo python benchmarks/storage.py --command encode rsa  # those of some commands

Each example of `--help` that names an output is run in a folder of its own: on a file system that has room
(which also tells how much it writes), on one that is full, on one that is full after half of that, and on one
that is read-only. They are mounted in memory, which takes root.

A command may also succeed: some write less the second time. Else it must end with the exit code 1 or 2 and
one line, and every file that can be seen must be whole. Processes are forked from one that has imported the
libraries, but computed nothing.
"""

import argparse
import multiprocessing
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from _figures import report
from _whole import broken, fingerprints, leftovers

ROOM = 2 << 30
"""Bytes of a file system that has room."""
PAGE = 4096
LEFT_OUT = {"view", "fetch", "demo"}
"""Commands that write nothing, load from elsewhere, or take minutes."""
FULL, HALF, READ_ONLY = "full disk", "full at half", "read-only"


def lines(commands: list[str]) -> list[str]:
    """Examples that name an output, made small; of some commands, or all."""
    from tests.commands import all_help, examples, smaller

    found = []
    for line in sorted({line for text in all_help().values() for line in examples(text)}):
        words = shlex.split(line)
        if "--out" in words and not LEFT_OUT & {*words} and (not commands or words[1] in commands):
            found.append(shlex.join([*words[1:], *smaller(words)]))
    return found


def run(folder: Path, line: str) -> None:
    """One command in a folder, in a process of its own."""
    import pytest

    from rodent.cli import main as rodent
    from tests.docs.reader import prepare

    log = os.open(folder.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    os.chdir(folder)
    os.environ["HOME"] = os.environ["XDG_CACHE_HOME"] = str(folder.parent / "home")
    prepare(pytest.MonkeyPatch(), folder)
    sys.exit(rodent(shlex.split(line)))


class Trial:
    """A command in its folder, which is a file system of its own.

    Args:
        inputs: folder of what commands read.
        place: where the folder is mounted.
        room: bytes that are free after the inputs; 0 for a read-only one.
    """

    def __init__(self, inputs: Path, place: Path, room: int):
        self._folder, self._room = place / "disk", room
        self._folder.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", self._folder], check=True)
        shutil.copytree(inputs, self._folder, dirs_exist_ok=True)

    def __enter__(self) -> "Trial":
        return self

    def __exit__(self, *error: object) -> None:
        subprocess.run(["umount", self._folder], check=True)

    @property
    def used(self) -> int:
        """Bytes."""
        found = os.statvfs(self._folder)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    def run(self, line: str) -> list[str]:
        """What is wrong with the way in which a command ends."""
        out = self._out(line)
        if out.is_dir():
            shutil.rmtree(out)
        before = {*fingerprints(self._folder)}
        if self._room < ROOM:
            options = f"remount,size={self.used + self._room}" if self._room else "remount,ro"
            subprocess.run(["mount", "-o", options, self._folder], check=True)
        process = multiprocessing.get_context("forkserver").Process(target=run, args=(self._folder, line))
        process.start()
        process.join()
        said = self._folder.with_suffix(".log").read_text().strip()
        wrong = [f"damaged {name}" for name in broken(self._folder) if name.split(":")[0] not in before]
        wrong += [f"left over {name}" for name in leftovers(self._folder)]
        if process.exitcode == 0:
            return wrong
        last = said.rpartition("\n")[2]
        if process.exitcode not in (1, 2) or not last.startswith("rodent: ") or "Traceback" in said:
            wrong.append(f"exit code {process.exitcode}: {said[-600:]}")
        if "Warning" in said:
            wrong.append(f"a warning: {said[-600:]}")
        print(f"    {last[:160]}")
        return wrong

    def _out(self, line: str) -> Path:
        words = shlex.split(line)
        return self._folder / words[words.index("--out") + 1]


def main() -> int:
    """Print the figures; the exit code is 1 if one misses its bar."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--command", nargs="+", default=[], help="only examples of these, such as encode")
    asked = arguments.parse_args()
    if os.geteuid():
        print("not measured: small file systems are mounted as root", file=sys.stderr)
        return 0
    multiprocessing.set_forkserver_preload(["rodent.cli.main", "training.train", "rodent.render"])
    from rodent.body_config import BodyConfig
    from rodent.scene import make_scene
    from tests.example_files import write_files

    tried, good = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        inputs, home = place / "inputs", place / "home"
        for folder in (inputs, home):
            folder.mkdir()
        write_files(make_scene(BodyConfig()), inputs)
        for line in lines(asked.command):
            print(line, flush=True)
            with Trial(inputs, place, ROOM) as trial:
                before = trial.used
                if wrong := trial.run(line):
                    raise RuntimeError(f"{line} fails where there is room: {wrong}")
                written = max(trial.used - before, 0)
            for kind, room in ((FULL, PAGE), (HALF, max(written // 2, PAGE)), (READ_ONLY, 0)):
                with Trial(inputs, place, room) as trial:
                    wrong = trial.run(line)
                tried[kind] += 1
                good[kind] += not wrong
                for one in wrong:
                    print(f"  {kind}: {one}", flush=True)
    met = [
        report(f"{kind}: commands that end in one line with whole files", good[kind] / n, "1", 1.0, "least")
        for kind, n in tried.items()
    ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
