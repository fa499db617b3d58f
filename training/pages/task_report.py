"""The page of a report on a task without clips; functions are in the order of its sections."""

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rodent.errors import InputError
from rodent.pages.drawing import courses, empty
from rodent.pages.page import Drawing, Section, Table, write_page
from rodent.pages.provenance import Provenance, provenance_section
from rodent.parts import TASKS
from rodent.progress import progress
from rodent.rollouts import policy_episodes
from rodent.tasks.task import Task
from training.curves import TABLE, plot_learning
from training.evaluate import Trace, n_steps, task_figures, trace_policy
from training.pages.drawings import alive
from training.pages.shared import film_section, provenance_of, training_section
from training.pages.subject import Subject
from training.pages.tables import bar_text
from training.pages.task_card import task_courses
from training.survival import alive_by_frame

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class Performed:
    """What a policy does in its task: figures and traces of the same episodes as every other policy."""

    task: Task[Any]
    figures: list[dict[str, Any]]
    traces: list[Trace]


def write_task_report(
    out: Path,
    subjects: Sequence[Subject],
    episodes: int,
    recording: Path | None,
    results: Sequence[Section] = (),
    made: Sequence[Provenance] = (),
    title: str = "",
) -> dict[str, Any]:
    """Play the task, render videos, and write the page.

    Args:
        out: the HTML file.
        subjects: policies of one task, one or more.
        episodes: of the task, that each policy plays.
        recording: for the video; None to play episodes for it.
        results, made, title: as of `training.pages.report.write_report`.

    Returns:
        figures of each policy, and the reason if there is no video.

    Raises:
        InputError: the policies have different tasks, or the page cannot be written there.
        WorkError: the disk is full, or a video cannot be encoded.
    """
    kind = _kind(subjects)
    performed = [_perform(subject, episodes) for subject in subjects]
    with tempfile.TemporaryDirectory() as folder:
        film, no_film = film_section(subjects, recording, Path(folder))
        sections = [
            _trained(kind, subjects),
            _figures(subjects, performed, episodes),
            *_learning(subjects, performed[0]),
            film,
            *results,
            provenance_section([*provenance_of(subjects, recording), *made]),
        ]
        named = f"Report on {', '.join(subject.name for subject in subjects)}"
        write_page(out, title or named, sections)
    runs = [
        {"run": subject.name, "metrics": one.figures}
        for subject, one in zip(subjects, performed, strict=True)
    ]
    return {"task": kind, "runs": runs, "no_film_because": no_film}


def _kind(subjects: Sequence[Subject]) -> str:
    kinds = [TASKS.name_of(type(subject.policy.task)) for subject in subjects]
    for subject, kind in zip(subjects, kinds, strict=True):
        if kind != kinds[0]:
            raise InputError(
                f"{subjects[0].name} has the task {kinds[0]} and {subject.name} the task {kind}; write a "
                "page for each task"
            )
    return kinds[0]


def _perform(subject: Subject, count: int) -> Performed:
    task, episodes = policy_episodes(subject.policy, None, count)
    with progress(f"evaluating {subject.name}", n_steps(episodes), "steps") as advance:
        traces = trace_policy(subject.policy, None, count=count, advance=advance)
    return Performed(task, task_figures(task, traces), traces)


def _trained(kind: str, subjects: Sequence[Subject]) -> Section:
    facts = {
        "task": lambda s: kind,
        "primitives": lambda s: s.policy.provenance.get("primitives", {}).get("digest", "none"),
    }
    text = (
        "A policy is a network that controls the body in a physics simulation. Its inputs are proprioception "
        "and what the task lets it know. With primitives, it acts through the latent of another policy, "
        "which has learnt to move by imitation. It is trained with the rewards of the task; the policy that "
        "came closest to the bars of the task is kept."
    )
    return training_section(text, subjects, facts)


def _figures(subjects: Sequence[Subject], performed: Sequence[Performed], count: int) -> Section:
    """A row per figure, a column per policy, and how long episodes last."""
    rows = [
        [row["figure"], bar_text(row), *(_value(one.figures, row["figure"]) for one in performed)]
        for row in performed[0].figures
    ]
    caption = f"{count} episodes each, with the mean action; the same starts and goals for all."
    table = Table(["figure", "bar", *(subject.name for subject in subjects)], rows, caption)
    lasting = {s.name: alive_by_frame(one.traces) for s, one in zip(subjects, performed, strict=True)}
    last = max(len(trace.failed) for one in performed for trace in one.traces)
    survival = Drawing(alive(lasting, last, "episodes"), "Episodes without failure, against the frame.")
    return Section("Figures", "What the task is judged by, over all episodes.", (table, survival))


def _value(figures: Sequence[Mapping[str, Any]], name: str) -> str:
    found = [row["value"] for row in figures if row["figure"] == name]
    return f"{found[0]:.3g}" if found else "-"


def _learning(subjects: Sequence[Subject], first: Performed) -> list[Section]:
    runs = [subject for subject in subjects if subject.history]
    if not runs:
        return []
    shown = task_courses(first.task, first.figures)
    curves = {
        label: {run.name: run.curve(key, run.steps / 1e6) for run in runs} for label, key in shown.items()
    }
    panels = {label: {k: v for k, v in each.items() if len(v[1])} for label, each in curves.items()}
    figure = courses({label: each for label, each in panels.items() if each}, "million control steps")
    text = (
        "During training, the policy is evaluated in a few episodes with the mean action. The reward is that "
        "of the training rollouts, including exploration noise."
    )
    parts = [Drawing(figure)]
    repeats = dict(_repeats(runs))
    if repeats:
        caption = "Mean over seeds, and its 95 % interval: share of the bars of the task that is attained."
        parts.append(Drawing(_seeds(repeats), caption))
    return [Section("Learning", text, tuple(parts))]


def _repeats(runs: Sequence[Subject]) -> Iterator[tuple[str, list[Path]]]:
    """Run folders that differ by their seed alone, two or more, by the first of their names."""
    groups: dict[str, list[Path]] = {}
    for run in runs:
        settings = {key: value for key, value in run.settings.items() if key != "seed"}
        groups.setdefault(repr(sorted(settings.items())), []).append(Path(run.name))
    for folders in groups.values():
        if len(folders) > 1 and all((folder / TABLE).is_file() for folder in folders):
            yield f"like {folders[0]}", folders


def _seeds(repeats: Mapping[str, Sequence[Path]]) -> "Figure":
    figure, axes = empty(2.6)
    plot_learning(repeats, axes, "attained")
    axes.set(ylim=(0, 1.02))
    return figure
