"""A reader who types what a page says, at a shell and at a Python prompt, in one folder.

What is changed for the tests, and nothing else:

- options in `SMALLER` are added, so that learning and regressions are short;
- `REPLACED` are texts for which the page's own would take minutes, or which name a user's file;
- `rodent view` is left as soon as it shows something, and `rodent demo` shows a second of three clips;
- public clips lie on this machine, under the names that the download has.
"""

import contextlib
import dataclasses
import gzip
import hashlib
import io
import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rodent.view.page
from analysis.encoding.settings import EncodingSettings
from rodent.cli import main
from rodent.cli.demo import pipeline
from rodent.clips import ClipSet, catalogue, read_clips
from rodent.clips.mimic import MIMIC_DEMO
from rodent.policy.catalogue import CATALOGUE_VARIABLE
from rodent.scene import Scene
from rodent.synthesis.stance import stance_clips
from tests.clips.test_importers import mimic
from tests.commands import smaller
from tests.docs.snippets import Snippet, command_lines, inner
from tests.test_demo import SMALL

SMALL_ENCODING = (
    "EncodingSettings(folds=2, block_seconds=1, gap_seconds=0, shift_seconds=2, shifts=3, strengths=(1.0,))"
)
SMALL_TRAINING = (
    "TrainConfig(network=DivisiveConfig(latent=4, encoder=(8,), decoder=(8,), value=(8,)), "
    "ppo=dataclasses.replace(TrainConfig().ppo, num_envs=8, minibatches=2, epochs=1, unroll=4))"
)
REPLACED = {
    "stance_clips(make_scene(), frames=500, n=24)": "stance_clips(make_scene(), frames=150, n=4)",
    "EncodingSettings()": SMALL_ENCODING,
    "TrainConfig(network=DivisiveConfig())": SMALL_TRAINING,
    "Until(minutes=25)": "Until(steps=32)",
    "--between 4423 5382": "--between 101 104",
}
INTERRUPTED = 130
PUBLIC_FRAMES = 40
DEMO_FRAMES = 60
DEMO_REPEATS = 14


def replaced(text: str) -> str:
    """The text with what stands for it in the tests."""
    for said, run in REPLACED.items():
        text = text.replace(said, run)
    return text


class Reader:
    """Runs snippets in the present folder, one after the other; Python names are kept."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}

    def run(self, snippet: Snippet, page: str) -> None:
        """Run a block of either language."""
        text = replaced(snippet.text)
        if snippet.language == "python":
            # as many empty lines as stand above it, so that a traceback tells the line of the page
            exec(compile("\n" * snippet.line + text, page, "exec"), self.names)
            return
        for words in command_lines(text):
            if words[0] == "rodent":
                self.type(words)

    def type(self, words: list[str]) -> str:
        """Run `rodent …`; returns what it printed on standard output."""
        words = [self.type(nested).strip() if (nested := inner(word)) else word for word in words]
        words = shlex.split(replaced(shlex.join(words)))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            code = main([*words[1:], *smaller(words)])
        assert code == (INTERRUPTED if words[1] == "view" else 0), f"exit code {code}: {' '.join(words)}"
        return printed.getvalue()


def write_public_clips(body: Scene, folder: Path) -> None:
    """The ten clips of the public set as its file has them, of a rat that only sways."""
    poses = np.stack([clip.qpos for clip in stance_clips(body, frames=PUBLIC_FRAMES, n=len(MIMIC_DEMO))])
    content = mimic(poses, tuple(MIMIC_DEMO))
    (folder / "clips.json.gz").write_bytes(gzip.compress(json.dumps(content).encode()))


def prepare(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    """Let public clips lie in the folder `data`, the viewer be left, and the demo be small."""
    public, here = catalogue.catalogue(), (data / "clips.json.gz").read_bytes()
    for name, entry in public.items():
        digest = hashlib.sha256(here).hexdigest()
        public[name] = dataclasses.replace(entry, file="clips.json.gz", sha256=digest, size=len(here))
    monkeypatch.setattr(catalogue, "catalogue", lambda: public)
    monkeypatch.setenv("RODENT_DATA", str(data))
    if (policies := data / "policies.toml").is_file():
        monkeypatch.setenv(CATALOGUE_VARIABLE, str(policies))

    def leave(server: Any, session: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rodent.view.page, "watch", leave)
    encoding = EncodingSettings(folds=2, block_seconds=1, gap_seconds=0, shift_seconds=2, strengths=(1.0,))
    plan = dataclasses.replace(SMALL, repeats=DEMO_REPEATS, encoding=encoding)
    monkeypatch.setattr(pipeline, "Plan", lambda minutes: plan)
    monkeypatch.setattr(pipeline, "read_clips", lambda path: _short(read_clips(path)))


def _short(clips: ClipSet) -> ClipSet:
    """The first frames of the clips that the demo films."""
    few = clips.subset(pipeline.FEW)
    cut = (dataclasses.replace(c, qpos=c.qpos[:DEMO_FRAMES], qvel=c.qvel[:DEMO_FRAMES]) for c in few)
    return dataclasses.replace(few, clips=tuple(cut))
