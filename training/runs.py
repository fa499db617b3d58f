"""The run folder: configuration, clips, software versions, metrics and results.

config.json, versions.json, split.json, metrics.jsonl, learning.csv, checkpoints/, policy/, policies/ with
--keep-every; and copies of the policies that it builds on: start/ with --start-from, teacher/ with --teacher,
primitives/ with --primitives
"""

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rodent.clips.clip import ClipSet
from rodent.clips.mimic import with_former_names
from rodent.clips.reading import read_clips
from rodent.configs import from_json, to_json
from rodent.errors import InputError, unknown
from rodent.files import atomic_path, existing_file, explain_os_errors, read_json
from rodent.policy.policy import Policy, load_policy, save_policy
from rodent.scene import make_scene
from rodent.versions import versions
from training.config import TrainConfig
from training.curves import write_learning
from training.run_card import RUN

if TYPE_CHECKING:
    from training.callback import Progress


KEPT = "policies"
"""Folder with the policies that are kept across learning, in a run folder."""


@dataclasses.dataclass(frozen=True)
class Run:
    """A run folder, its configuration and its clips.

    Attributes:
        folder: path of the folder.
        config: the configuration.
        clips: the file of reference motion; None for a task without clips.
        clips_digest: SHA-256 of the file; empty without clips.
        split: names of the `train` and `test` clips and, where there are any, of the `validation` clips.
    """

    folder: Path
    config: TrainConfig
    clips: Path | None
    clips_digest: str
    split: dict[str, list[str]]

    @property
    def start(self) -> Path:
        """Folder of the policy that it started from; exists only with --start-from."""
        return self.folder / "start"

    @property
    def teacher(self) -> Path:
        """Folder of the policy that it learns from at first; exists only with --teacher."""
        return self.folder / "teacher"

    @property
    def primitives(self) -> Path:
        """Folder of the policy whose primitives it acts through; exists only with --primitives."""
        return self.folder / "primitives"

    def kept_policies(self) -> dict[int, Path]:
        """Folders of the policies that were kept across learning, by control steps, in order."""
        return {int(path.name): path for path in sorted((self.folder / KEPT).glob("[0-9]*"))}

    def keep(self, policy: Policy, steps: int) -> None:
        """Keep a policy of the training as it is after so many control steps."""
        folder = self.folder / KEPT
        with explain_os_errors(folder):
            folder.mkdir(exist_ok=True)
        save_policy(policy, folder / f"{steps:010d}")

    def other_policies(self) -> dict[str, Policy]:
        """The policies that it builds on, by role: start, teacher, primitives."""
        given = {
            "start": self.config.start_from,
            "teacher": self.config.teacher,
            "primitives": self.config.primitives,
        }
        return {role: load_policy(self.folder / role) for role, name in given.items() if name}


def begin_run(
    folder: Path,
    config: TrainConfig,
    clips: Path | None,
    split: dict[str, list[str]],
    others: Mapping[str, Policy] = MappingProxyType({}),
) -> Run:
    """Create a run folder, whole or not at all, with copies of the policies that it builds on.

    Args:
        folder: to create.
        config: of the run.
        clips: file of reference motion; None for a task without clips.
        split: names of the clips by part.
        others: the policies that it builds on, by role: start, teacher, primitives.

    Raises:
        InputError: the folder exists and is not empty.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists already; continue it with --resume, or choose another --out")
    run = Run(folder, config, clips and clips.absolute(), digest(clips) if clips else "", split)
    origin = {"clips": run.clips and str(run.clips), "clips_digest": run.clips_digest}
    with explain_os_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder, new=True) as temporary:
        temporary.mkdir()
        for role, policy in others.items():
            save_policy(policy, temporary / role)
        _write(temporary / "versions.json", versions())
        _write(temporary / "split.json", split)
        _write(temporary / "config.json", RUN.head() | origin | {"config": to_json(config)})
    return run


def open_run(folder: Path) -> Run:
    """Read a run folder.

    Raises:
        InputError: it is not a run folder, or has an unsupported version.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"no such run folder: {folder}")
    if not (folder / "config.json").exists():
        raise InputError(f"{folder} is not a run folder: it has no config.json")
    card = RUN.upgraded(read_json(folder / "config.json"), folder / "config.json")
    missing = [k for k in ("clips", "clips_digest", "config") if k not in card]
    if missing:
        raise InputError(f"{folder / 'config.json'} lacks {', '.join(missing)}")
    split = read_json(folder / "split.json")
    parts = [split.get(part) for part in ("train", "test")] if isinstance(split, dict) else []
    if not parts or not all(isinstance(names, list) for names in (*parts, *split.values())):
        raise InputError(f"{folder / 'split.json'} lacks the lists train and test")
    for part in ("test", "validation"):
        if both := [name for name in split["train"] if name in split.get(part, ())]:
            raise InputError(f"{folder / 'split.json'} has {both[0]!r} in train and in {part}")
    config = from_json(TrainConfig, card["config"], folder / "config.json", "config")
    clips = None if card["clips"] is None else Path(card["clips"])
    return Run(folder, config, clips, card["clips_digest"], split)


def checkpoints_of(folder: Path, chosen: Sequence[str]) -> dict[int, Path]:
    """Folders of policies that a run has kept across learning, by control steps, in order.

    Args:
        folder: of the run.
        chosen: `all`, or numbers of control steps.

    Raises:
        InputError: it is not a run folder, has kept no policies, or not those.
    """
    kept = open_run(folder).kept_policies()
    if not kept:
        raise InputError(f"{folder} has kept no policies across learning; train with --keep-every STEPS")
    if tuple(chosen) == ("all",):
        return kept
    known = [str(steps) for steps in kept]
    for one in chosen:
        if one not in known:
            raise unknown("checkpoint", one, ("all", *known), str(folder))
    return {steps: path for steps, path in kept.items() if str(steps) in chosen}


def read_own_clips(run: Run, path: Path | None = None) -> ClipSet:
    """All clips of a run.

    Args:
        run: the run.
        path: current location of the clip file; None if it was not moved.

    Raises:
        InputError: the file differs from that of the run.
    """
    path = path or run.clips
    if path is None:
        raise InputError(f"{run.folder} was trained without clips")
    if digest(path) != run.clips_digest:
        raise InputError(
            f"{path} differs from the clip file that {run.folder} was started with; restore the file, or "
            "start a new run"
        )
    known = [name for names in run.split.values() for name in names]
    clips = with_former_names(read_clips(path, make_scene(run.config.scene), run.config.resample), known)
    if unlisted := [name for name in clips.names if name not in known]:
        raise InputError(f"{run.folder / 'split.json'} does not list the clip {unlisted[0]!r} of {path}")
    return clips


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with existing_file(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class MetricsLog:
    """Writes rows of metrics to metrics.jsonl and learning.csv, and flushes after each."""

    def __init__(self, run: Run, resume_at: int):
        self.path, self._run = run.folder / "metrics.jsonl", run
        self._keep(resume_at)
        self._file = self.path.open("a")

    def write(self, progress: "Progress") -> None:
        """Append the metrics of an iteration."""
        row = {
            "iteration": progress.iteration,
            "steps": progress.steps,
            "seconds": progress.seconds,
            "steps_per_second": progress.steps_per_second,
        }
        with explain_os_errors(self.path):
            self._file.write(json.dumps(row | progress.metrics | progress.evaluation) + "\n")
            self._file.flush()
            if progress.evaluation:
                write_learning(self._run.folder, self._run.config.seed)

    def close(self) -> None:
        """Finish writing."""
        self._file.close()

    def _keep(self, iterations: int) -> None:
        """Delete rows of iterations that will be run again, and an incomplete last row."""
        rows = []
        for line in self.path.read_text().splitlines() if self.path.exists() else []:
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                break
            if row["iteration"] <= iterations:
                rows.append(line)
        with atomic_path(self.path) as temporary:
            temporary.write_text("".join(line + "\n" for line in rows))


def _write(path: Path, value: Any) -> None:
    with path.open("w") as file:
        json.dump(value, file, indent=2, default=os.fspath)
        file.write("\n")
