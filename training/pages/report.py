"""The page of a report on how clips are tracked; functions are in the order of its sections."""

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rodent.pages.drawing import courses
from rodent.pages.page import Drawing, Section, Table, write_page
from rodent.pages.provenance import Provenance, provenance_section
from rodent.progress import progress
from rodent.rollouts import clip_episodes
from training.evaluate import Trace, n_steps, scores, trace_policy
from training.pages.drawings import alive
from training.pages.evaluation import clip_by_clip, whole
from training.pages.shared import film_section, provenance_of, training_section
from training.pages.subject import TrackingSubject
from training.pages.tables import columns_of
from training.survival import alive_by_frame, failure_text

_COURSES = {
    "frames tracked": "tracking/lifespan_frames",
    "body position error, mm": "tracking/body_position_error_mm",
    "reward per step": "reward",
}


@dataclasses.dataclass(frozen=True)
class Tracked:
    """How a policy tracks its clips: the metrics of `rodent evaluate --json`, and their traces."""

    found: dict[str, Any]
    traces: list[Trace]


def write_report(
    out: Path,
    subjects: Sequence[TrackingSubject],
    recording: Path | None,
    results: Sequence[Section] = (),
    made: Sequence[Provenance] = (),
    title: str = "",
) -> dict[str, Any]:
    """Play the clips, render videos, and write the page.

    Args:
        out: the HTML file.
        subjects: policies, one or more.
        recording: for the video; None to play clips for it.
        results: sections of other results, such as the comparison with neurons.
        made: how these were made.
        title: of the page; by default the names of the policies.

    Returns:
        metrics of each policy, and the reason if there is no video.

    Raises:
        InputError: the page cannot be written there.
        WorkError: the disk is full, or a video cannot be encoded.
    """
    tracked = [_track(subject) for subject in subjects]
    with tempfile.TemporaryDirectory() as folder:
        film, no_film = film_section(subjects, recording, Path(folder))
        sections = [
            _trained(subjects),
            _clips(subjects),
            *_learning(subjects),
            *_tracking(subjects, tracked),
            film,
            *results,
            provenance_section([*provenance_of(subjects, recording), *made]),
        ]
        named = f"Report on {', '.join(subject.name for subject in subjects)}"
        write_page(out, title or named, sections)
    runs = [
        {"run": subject.name, "success_rate": one.found["success_rate"], "mean": one.found["mean"]}
        for subject, one in zip(subjects, tracked, strict=True)
    ]
    return {"runs": runs, "no_film_because": no_film}


def _track(subject: TrackingSubject) -> Tracked:
    with progress(f"evaluating {subject.name}", n_steps(clip_episodes(subject.clips)), "steps") as advance:
        traces = trace_policy(subject.policy, subject.clips, advance=advance)
    return Tracked(scores(traces, subject.split), traces)


def _trained(subjects: Sequence[TrackingSubject]) -> Section:
    facts = {
        "clips": lambda s: s.policy.provenance.get("clips", "unknown"),
        "clips trained on": lambda s: len(s.policy.provenance.get("trained_on", ())) or "unknown",
        "held-out clips": lambda s: "unknown" if s.split is None else len(s.split["test"]),
    }
    text = (
        "A policy is a network that controls the actuators of the body in a physics simulation. Its inputs "
        "are the next frames of a reference clip and proprioception. It is trained with a reward for being "
        "close to the reference. The policy that tracked best in training is kept; if there are more than "
        "24 clips, only 24 are evaluated in training, and the latest policy that is not much worse than the "
        "best is kept."
    )
    return training_section(text, subjects, facts)


def _clips(subjects: Sequence[TrackingSubject]) -> Section:
    """The clips, a table for each set of them."""
    sets: dict[tuple[str, ...], list[TrackingSubject]] = {}
    for subject in subjects:
        parts = [str(sorted(names)) for names in (subject.split or {}).values()]
        sets.setdefault((str(subject.source), *parts), []).append(subject)
    tables = []
    for group in sets.values():
        part_of = {name: part for part, names in (group[0].split or {}).items() for name in names}
        rows = [
            [clip.name, clip.behavior or "-", f"{clip.duration:.1f}", part_of.get(clip.name, "-")]
            for clip in group[0].clips
        ]
        caption = f"{group[0].source}, played by {', '.join(subject.name for subject in group)}."
        tables.append(Table(["clip", "behavior", "seconds", "split"], rows, caption))
    text = "The reference motion. Test clips were held out of training."
    return Section("Clips", text, tuple(tables))


def _learning(subjects: Sequence[TrackingSubject]) -> list[Section]:
    runs = [subject for subject in subjects if subject.history]
    if not runs:
        return []
    figure = courses(
        {label: {run.name: run.curve(key, run.minutes) for run in runs} for label, key in _COURSES.items()},
        "minutes of training, including compilation",
    )
    text = (
        "During training, the policy is evaluated on its training clips, from their first frames with the "
        "mean action, until a failure. Errors are means over the frames before the failure, so an error may "
        "rise while more frames are tracked. The reward is that of the training rollouts, including "
        "exploration noise."
    )
    return [Section("Learning", text, (Drawing(figure),))]


def _tracking(subjects: Sequence[TrackingSubject], tracked: Sequence[Tracked]) -> list[Section]:
    curves = {s.name: alive_by_frame(one.traces) for s, one in zip(subjects, tracked, strict=True)}
    last = max(len(trace.failed) for one in tracked for trace in one.traces)
    survival = Drawing(alive(curves, last), "Clips without failure, against the frame.")
    sections = [
        Section("Tracking", _method(tracked[0].found["limits"]), (_summary(subjects, tracked), survival))
    ]
    for subject, one in zip(subjects, tracked, strict=True):
        of = f" by {subject.name}" if len(subjects) > 1 else ""
        _, *groups = whole(one.found).parts
        parts = (*groups, *clip_by_clip(one.found).parts)
        sections.append(Section(f"Tracking{of}, by behavior and clip", "", parts))
    return sections


def _method(limits: dict[str, float]) -> str:
    return (
        "Every clip is played from its first frame with the policy's mean action, until a failure: until "
        f"{failure_text(limits)}. Errors are means over all frames; a frame after the failure counts as 50 "
        "mm or 90 degrees."
    )


def _summary(subjects: Sequence[TrackingSubject], tracked: Sequence[Tracked]) -> Table:
    """A row per policy."""
    columns = columns_of(tracked[0].found)
    rows = [
        [
            subject.name,
            len(one.traces),
            f"{one.found['success_rate']:.0%}",
            f"{one.found['success_rate_20mm']:.0%}",
            *(f"{one.found['mean'][key]:.{0 if 'frames' in key else 1}f}" for key in columns.values()),
        ]
        for subject, one in zip(subjects, tracked, strict=True)
    ]
    headings = ["", "clips", "tracked to the end", "always within 20 mm", *columns]
    return Table(headings, rows, "Means over the clips.")
