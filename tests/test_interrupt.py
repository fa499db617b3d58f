"""Ctrl-C, or SIGTERM, amid long work: 130, one line, nothing half-written, the cursor shown again."""

import os
import pty
import shlex
import signal
import subprocess
import sys

import numpy as np
import pytest
import rich.progress

from rodent.cli import main
from rodent.clips import write_clips
from rodent.policy.policy import save_policy
from rodent.rollouts import record
from rodent.synthesis.stance import stance_clips
from tests.policies import untrained_policy

LINES = [
    "rollout policy --clips clips.h5 --out new.h5",
    "evaluate policy --clips clips.h5",
    "render walk.h5 --out new.mp4 --size 64x48",
    "render walk.h5 --out new.png --size 64x48",
    "clips synth --path path.csv --out new.h5",
    "encode walk.h5 spikes.npz --layer decoder/layer_0 --block-seconds 1 --gap-seconds 0 --shift-seconds 2",
]


@pytest.fixture(scope="module")
def files(body, tmp_path_factory):
    """What the commands read."""
    folder = tmp_path_factory.mktemp("files")
    clips, policy = stance_clips(body, frames=600), untrained_policy(body)
    write_clips(clips, folder / "clips.h5")
    save_policy(policy, folder / "policy")
    record(policy, clips, folder / "walk.h5")
    counts = np.random.default_rng(0).poisson(0.5, (1200, 2))
    np.savez(folder / "spikes.npz", counts=counts, bin_seconds=0.02)
    (folder / "path.csv").write_text("time,x,y\n0,0,0\n1,0.1,0\n2,0.2,0\n")
    return folder


@pytest.fixture
def listening():
    """Tests that a shell put into the background would not hear of Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize(
    ("line", "number"), [*((line, signal.SIGINT) for line in LINES), (LINES[0], signal.SIGTERM)]
)
def test_a_signal_ends_the_work(line, number, files, monkeypatch, request, capfd):
    if line.startswith("render"):
        request.getfixturevalue("drawing")
    monkeypatch.chdir(files)
    before = sorted(files.rglob("*"))
    moved = []

    def interrupt(self, task, *, advance=None, **fields):
        moved.extend([advance] if advance else [])
        if len(moved) == 2:  # in the middle: the first piece of work is done
            signal.raise_signal(number)

    monkeypatch.setattr(rich.progress.Progress, "update", interrupt)
    assert main(shlex.split(line)) == 130
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == "rodent: interrupted"
    assert "Traceback" not in err
    assert sorted(files.rglob("*")) == before


def _on_a_terminal(words: list[str], **variables: str) -> str:
    """What a command writes where it writes to a terminal."""
    master, slave = pty.openpty()
    code = "import sys; from rodent.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "120"} | variables
    environment.pop("FORCE_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-c", code, *words], env=environment, stdin=slave, stdout=slave, stderr=slave
    ) as process:
        os.close(slave)
        written = b""
        try:
            while block := os.read(master, 65536):
                written += block
        except OSError:  # how Linux says that the other end was closed
            pass
    os.close(master)
    assert process.returncode == 0, written.decode()
    return written.decode()


def test_no_color_where_none_is_wanted(files):
    words = ["render", str(files / "clips.h5"), "--help"]
    assert "\x1b[" in _on_a_terminal(words)
    assert "\x1b[3" not in _on_a_terminal(words, NO_COLOR="1")


def test_the_cursor_comes_back_after_a_progress_bar(files, tmp_path):
    path, out = files / "path.csv", tmp_path / "new.h5"
    written = _on_a_terminal(["clips", "synth", "--path", str(path), "--out", str(out)])
    hidden, shown = written.rfind("\x1b[?25l"), written.rfind("\x1b[?25h")
    assert 0 <= hidden < shown
