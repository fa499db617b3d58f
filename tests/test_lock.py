"""Folders that one process works on at a time."""

import os
import subprocess
import sys

import pytest

from rodent.errors import InputError
from rodent.lock import FILE, held


def test_a_folder_in_use_names_its_holder(tmp_path):
    named = rf"in use by rodent train \(process {os.getpid()} on .*since"
    # the second opens the file anew, as another process does
    with held(tmp_path, "rodent train"), pytest.raises(InputError, match=named), held(tmp_path, "another"):
        pass
    with held(tmp_path, "rodent evaluate"):
        assert (tmp_path / FILE).read_text().startswith("rodent evaluate (process")


def test_a_holder_that_was_killed_holds_nothing(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from rodent.lock import held\n"
        "with held(Path(sys.argv[1]), 'work'): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)]).returncode == -9
    assert (tmp_path / FILE).read_text().startswith("work (process")
    with held(tmp_path, "rodent train"):
        pass
