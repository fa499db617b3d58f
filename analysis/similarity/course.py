"""The recordings of a run's checkpoints, compared: drift of layers beside what the policy achieves.

course = read_course(folder)                             # of `rodent rollout RUN --checkpoints all`
found = compare_checkpoints(course, layers, DriftSettings())
write_course(Path("drift"), found)                       # drift.json and drift.html
"""

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.similarity.drift import Drift, drift
from analysis.similarity.drift_settings import DriftSettings
from rodent.errors import InputError
from rodent.pages.drawing import COLORS, GREY, unboxed
from rodent.pages.output import write_json
from rodent.pages.page import Drawing, Section, Table, write_page
from rodent.recording import open_recording
from rodent.recording.trials import OUTCOME
from rodent.versions import versions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCHEMA, VERSION = "virtual-rodent/drift", 1
_TEXT = (
    "Debiased linear CKA of a layer at the same moments of the same episodes, between random halves of its "
    "units at two checkpoints. Ceiling: of the two halves at one checkpoint. Null: one is turned in time."
    "\n\nMoments are matched by their place in the episode. Where policies are at other places by then, what "
    "they sense differs, and so does what a layer shows of it."
)


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """One recording.

    Attributes:
        steps: of training before it.
        path: of the recording.
        metrics: reward per step, fraction of frames before a failure, mean errors, and fractions of the
            outcomes of trials.
    """

    steps: int
    path: Path
    metrics: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Course:
    """Drift of layers over checkpoints.

    Attributes:
        checkpoints: in order of training.
        layers: drift by layer.
        settings: how.
    """

    checkpoints: tuple[Checkpoint, ...]
    layers: dict[str, Drift]
    settings: DriftSettings

    @property
    def steps(self) -> list[int]:
        """Control steps of training before each checkpoint."""
        return [one.steps for one in self.checkpoints]

    def to_json(self) -> dict[str, Any]:
        """The output of `rodent drift --json`."""
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "checkpoints": [{"steps": one.steps, **one.metrics} for one in self.checkpoints],
            "layers": {
                name: {
                    "similarity": found.similarity,
                    "null": found.null,
                    "moments": found.moments,
                    "pairs": found.by_distance(self.steps),
                }
                for name, found in self.layers.items()
            },
            "settings": dataclasses.asdict(self.settings),
            "versions": versions(),
        }


def read_course(folder: Path) -> tuple[Checkpoint, ...]:
    """The recordings of a folder, whose names are control steps.

    Raises:
        InputError: there are fewer than two, or one has another name.
    """
    paths = sorted(Path(folder).glob("*.h5"))
    if len(paths) < 2:
        raise InputError(
            f"{folder} has {len(paths)} recordings; at least 2 checkpoints are needed: rodent rollout RUN "
            "--checkpoints all --out FOLDER"
        )
    wrong = [path.name for path in paths if not path.stem.isdecimal()]
    if wrong:
        raise InputError(
            f"{folder}/{wrong[0]} is not named by control steps, such as 0000250000.h5; give a folder that "
            "rodent rollout --checkpoints has written"
        )
    return tuple(Checkpoint(int(path.stem), path, _metrics(path)) for path in paths)


def default_layers(checkpoints: Sequence[Checkpoint]) -> tuple[str, ...]:
    """Hidden layers of encoder and decoder and the mean of the latent, of both levels if there are two."""
    with open_recording(checkpoints[-1].path) as recording:
        names = next(iter(recording.rollouts.values())).layers
    hidden = re.compile(r"(low/)?((en|de)coder/(layer_\d+|lstm)|latent/mean)")
    return tuple(name for name in names if hidden.fullmatch(name))


def compare_checkpoints(
    checkpoints: Sequence[Checkpoint],
    layers: Sequence[str],
    settings: DriftSettings,
    advance: Callable[[int], None] = lambda n: None,
) -> Course:
    """Drift of layers.

    Args:
        checkpoints: of `read_course`.
        layers: their names.
        settings: how.
        advance: called with 1 after each layer.

    Raises:
        InputError: a layer is unknown, the checkpoints are of other episodes, or see `drift`.
    """
    alive = _same_moments(checkpoints, settings.every)
    found = {}
    for name in layers:
        found[name] = drift(
            [_activity(one.path, name, settings.every) for one in checkpoints], alive, settings
        )
        advance(1)
    return Course(tuple(checkpoints), found, settings)


def write_course(out: Path, course: Course) -> None:
    """Write drift.json and drift.html in a folder, which is created if missing."""
    out.mkdir(parents=True, exist_ok=True)
    write_json(course.to_json(), out / "drift.json")
    sections = [Section("What the policy achieves", "", (Table(*metric_table(course)),))]
    for name, found in course.layers.items():
        table = Table(["steps apart", "pairs", "similarity", "ceiling", "null"], distance_rows(course, name))
        sections.append(Section(name, _TEXT, (Drawing(course_figure(course, found)), table)))
    write_page(out / "drift.html", "Drift of representation across learning", sections)


def metric_table(course: Course) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows of the metrics, a row per checkpoint."""
    names = list(dict.fromkeys(name for one in course.checkpoints for name in one.metrics))
    rows = [
        [f"{one.steps:,}", *(one.metrics.get(name, float("nan")) for name in names)]
        for one in course.checkpoints
    ]
    return ["control steps", *names], rows


def distance_rows(course: Course, layer: str) -> list[list[Any]]:
    """Similarity by distance, mean over the pairs that are equally far apart; a row per distance."""
    rows = course.layers[layer].by_distance(course.steps)
    found = []
    for distance in sorted({row["distance"] for row in rows}):
        here = [row for row in rows if row["distance"] == distance]
        means = [float(np.mean([row[key] for row in here])) for key in ("similarity", "ceiling", "null")]
        found.append([f"{distance:,}", len(here), *means])
    return found


def course_figure(course: Course, found: Drift) -> "Figure":
    """Similarity by distance, the similarity of all pairs, and the reward of the checkpoints."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, 2, height_ratios=(2.2, 1))
    draw_fall(upper[0], course.steps, found)
    image = upper[1].imshow(found.similarity, cmap="cividis", vmin=0, vmax=1)
    labels = [f"{one / 1e6:.2f}" for one in course.steps]
    upper[1].set_xticks(range(len(labels)), labels, rotation=90, fontsize=7)
    upper[1].set_yticks(range(len(labels)), labels, fontsize=7)
    upper[1].set(xlabel="million control steps", title="similarity")
    figure.colorbar(image, ax=upper[1], shrink=0.8)
    million = np.array(course.steps) / 1e6
    for axes, name in zip(lower, ("reward", "alive"), strict=True):
        values = [one.metrics.get(name, np.nan) for one in course.checkpoints]
        axes.plot(million, values, color=COLORS[0], marker="o", markersize=4)
        axes.set(xlabel="million control steps", ylabel=name)
        unboxed(axes)
    return figure


def draw_fall(axes: "Axes", steps: Sequence[int], found: Drift) -> "Axes":
    """Similarity of all pairs of checkpoints by their distance, with ceiling and null."""
    rows = found.by_distance(steps)
    apart = [row["distance"] / 1e6 for row in rows]
    for name, color, marker in (
        ("ceiling", GREY, "_"),
        ("null", COLORS[1], "x"),
        ("similarity", COLORS[0], "o"),
    ):
        axes.scatter(apart, [row[name] for row in rows], s=22, color=color, marker=marker, label=name)
    axes.set(
        xlabel="million control steps apart", ylabel="debiased CKA", ylim=(min(-0.05, *found.null.flat), 1.05)
    )
    unboxed(axes)
    axes.legend(frameon=False, fontsize=8)
    return axes


def _metrics(path: Path) -> dict[str, float]:
    """What a recorded policy achieves: means over the frames before failures."""
    with open_recording(path) as recording:
        outcomes, trials = recording.outcomes, recording.trials
        frames, lifespan = (np.asarray(outcomes[name], float) for name in ("frames", "lifespan"))
        found = {"alive": float(lifespan.sum() / frames.sum())}
        for name, values in outcomes.items():
            if name == "reward/total" or name.startswith("error/"):
                label = "reward" if name == "reward/total" else name
                found[label] = (
                    float(np.nansum(values * lifespan) / lifespan.sum()) if lifespan.any() else np.nan
                )
        if len(trials):
            kinds, counts = np.unique(np.asarray(trials[OUTCOME], str), return_counts=True)
            found |= {
                f"trials {kind}": float(n / counts.sum()) for kind, n in zip(kinds, counts, strict=True)
            }
    return found


def _same_moments(checkpoints: Sequence[Checkpoint], every: float) -> list[np.ndarray]:
    """Moments before a failure of each checkpoint; refuses recordings of other episodes."""
    alive, episodes = [], None
    for one in checkpoints:
        with open_recording(one.path) as recording:
            step = max(1, round(every * recording.fps))
            own = {name: rollout.n_frames for name, rollout in recording.rollouts.items()}
            if episodes is not None and own != episodes:
                raise InputError(
                    f"{one.path} has other episodes than {checkpoints[0].path}; record all checkpoints at "
                    "once: rodent rollout RUN --checkpoints all"
                )
            episodes = own
            alive.append(np.concatenate([r["alive"][::step] for r in recording.rollouts.values()]))
    return alive


def _activity(path: Path, layer: str, every: float) -> np.ndarray:
    """A layer's units at all moments, episodes one after another, shape (moments, units)."""
    with open_recording(path) as recording:
        step = max(1, round(every * recording.fps))
        return np.concatenate([r.units(layer)[::step] for r in recording.rollouts.values()]).astype(float)
