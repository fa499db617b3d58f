"""Damaged files of every reader: each is read, or refused in one line with exit code 2.

`benchmarks/malformed.py` tries more of them, and of all files of this project.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rodent.cli import main
from rodent.errors import InputError
from tests.damage import change_content, damaged
from tests.readable_files import Read, sound_files

PER_FORMAT = 8
SEED = 2024


@pytest.fixture
def readers(tmp_path, clips, body) -> dict[str, tuple[Path, Read]]:
    """Of every reader a sound file, and how it is read."""
    pytest.importorskip("pynwb")
    return sound_files(tmp_path, clips, body)


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
            path.write_bytes(sound)
            if number % 2 or not change_content(path, rng):
                path.write_bytes(damaged(sound, rng))
            tried += 1
            message = refusal(read, path, f"{name}, file {number} of seed {SEED}")
            refused += bool(message)
            assert "\n" not in message, message
        path.write_bytes(sound)
    assert tried >= 200
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
