"""The subject of a report or card: a policy, its settings and training log, and the clips that it imitates.

(tracked,) = open_subjects([folder], clips)     # a policy and the clips to imitate
(subject,) = open_task_subjects([folder])       # a policy whose task has no clips
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rodent.clips.clip import ClipSet
from rodent.clips.reading import clips_path, read_clips
from rodent.configs import to_json
from rodent.errors import InputError
from rodent.files import read_json
from rodent.json_fields import Field
from rodent.policy.catalogue import policy_path
from rodent.policy.policy import Policy, load_policy
from training.runs import Run, digest, open_run, read_own_clips


@dataclasses.dataclass(frozen=True)
class Subject:
    """One policy.

    Attributes:
        name: as given on the command line.
        policy: the policy.
        settings: by names such as `ppo.num_envs`.
        seed: of the training; None if unknown.
        versions: of the software it was trained with.
        history: rows of the training log; empty for a policy without a run.
        primitives: the policy whose primitives it acts through; None without.
    """

    name: str
    policy: Policy
    settings: Mapping[str, Any]
    seed: int | None
    versions: Mapping[str, str]
    history: tuple[Mapping[str, Any], ...]
    primitives: Policy | None

    @property
    def minutes(self) -> np.ndarray:
        """Time trained up to each row of the history, shape (rows,)."""
        seconds = np.array([row["seconds"] for row in self.history])
        # the time of a resumed training restarts at zero
        again = np.flatnonzero(np.diff(seconds) < 0) + 1
        earlier = np.zeros(len(seconds))
        earlier[again] = seconds[again - 1]
        return (seconds + np.cumsum(earlier)) / 60

    @property
    def steps(self) -> np.ndarray:
        """Control steps trained up to each row of the history, shape (rows,)."""
        return np.array([row["steps"] for row in self.history])

    def curve(self, key: str, over: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """X and y of the curve of a metric, over the rows of the history that have it, shape (n,) each.

        Args:
            key: name of the metric.
            over: x of every row, such as `minutes`, shape (rows,).
        """
        has = np.array([key in row for row in self.history], bool)
        return over[has], np.array([row[key] for row in self.history if key in row])


@dataclasses.dataclass(frozen=True)
class TrackingSubject(Subject):
    """A policy, and the clips that it imitates.

    Attributes:
        clips: to imitate.
        source: file of the clips.
        split: names of the `train` and `test` clips; None for clips that are not those of the run.
    """

    clips: ClipSet
    source: Path
    split: dict[str, list[str]] | None


def open_subjects(
    names: Sequence[Path], clips: Path | None, resample: float | None = None
) -> list[TrackingSubject]:
    """Read policies and the clips that they are to imitate.

    Args:
        names: run folders, policy folders, or names of built-in policies.
        clips: to imitate; None for those that each run was begun with.
        resample: frame rate to which given clips are resampled, Hz; None for that of the file.

    Raises:
        InputError: a file is missing or damaged, or a policy is given twice.
    """
    _require_different(names)
    return [_tracking(name, clips, resample) for name in names]


def open_task_subjects(names: Sequence[Path]) -> list[Subject]:
    """Read policies whose task has no clips; `names` and errors as for `open_subjects`."""
    _require_different(names)
    return [Subject(**_attributes(name)[1]) for name in names]


def open_task_run(name: Path) -> Subject:
    """Read a run of a task without clips.

    Raises:
        InputError: it is not a run folder, or a file is missing or damaged.
    """
    open_run(name)
    return Subject(**_attributes(name)[1])


def _require_different(names: Sequence[Path]) -> None:
    for i, name in enumerate(names):
        if name in names[:i]:
            raise InputError(f"{name} is given twice; give each RUN once")


def _tracking(name: Path, clips: Path | None, resample: float | None) -> TrackingSubject:
    run, attributes = _attributes(name)
    if run is not None:
        source, played, split = _clips_of_run(run, clips, resample)
        return TrackingSubject(**attributes, clips=played, source=source, split=split)
    if clips is None:
        raise InputError(f"{name} is not a run folder, so its clips are unknown; give them: --clips FILE")
    return TrackingSubject(
        **attributes, clips=read_clips(clips, resample=resample), source=clips_path(clips), split=None
    )


def _attributes(name: Path) -> tuple[Run | None, dict[str, Any]]:
    """The run of a policy, None for a policy without one, and the attributes of its `Subject`."""
    policy = load_policy(name)
    folder = policy_path(name)
    if (folder / "config.json").is_file():
        run = open_run(folder)
        return run, _of_run(name, run, policy)
    parts = {"body": policy.body, "task": policy.task, "network": policy.network_config}
    settings = {part: to_json(config) for part, config in parts.items()}
    card = next(path for path in (folder, folder / "policy") if (path / "policy.json").is_file())
    versions = Field(card, "", read_json(card / "policy.json"))["versions"].members()
    return None, {
        "name": str(name),
        "policy": policy,
        "settings": dict(flat(settings)),
        "seed": policy.provenance.get("seed"),
        "versions": {key: one.text for key, one in versions.items()},
        "history": (),
        "primitives": None,
    }


def _of_run(name: Path, run: Run, policy: Policy) -> dict[str, Any]:
    """The attributes of a `Subject` that is a run."""
    versions = Field(run.folder / "versions.json", "", read_json(run.folder / "versions.json")).members()
    return {
        "name": str(name),
        "policy": policy,
        "settings": dict(flat(to_json(run.config))),
        "seed": run.config.seed,
        "versions": {key: one.text for key, one in versions.items()},
        "history": tuple(_history(run.folder / "metrics.jsonl")),
        "primitives": load_policy(run.primitives) if run.config.primitives else None,
    }


def flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings as pairs of names such as `ppo.num_envs` and values."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _clips_of_run(
    run: Run, path: Path | None, resample: float | None
) -> tuple[Path, ClipSet, dict[str, list[str]] | None]:
    """The clips to play, where they lie, and their parts if they are the run's own."""
    if run.clips is None:
        raise InputError(
            f"{run.folder} was trained without clips, which are needed here; give runs that imitate clips"
        )
    if path is None and not run.clips.exists():
        raise InputError(
            f"{run.folder} was trained on {run.clips}, which is missing; give its new location: --clips FILE"
        )
    source = run.clips if path is None else clips_path(path)
    if path is not None and digest(source) != run.clips_digest:
        return source, read_clips(source, resample=resample), None
    return source, read_own_clips(run, source), run.split


def _history(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a training log; none if there is no log yet."""
    lines = path.read_text().splitlines() if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines):  # incomplete last line of a running training
                return
            raise InputError(f"{path} is damaged in line {number}: {error}") from error
        if not isinstance(row, dict) or not {"seconds", "steps"} <= row.keys():
            raise InputError(f"{path} is damaged in line {number}: it lacks seconds and steps")
        yield row
