"""Sections that reports on tracked clips and on other tasks share."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rodent.configs import to_json
from rodent.pages.page import Section, Table
from rodent.pages.provenance import Provenance
from rodent.recording import open_recording
from rodent.render import NoOpenGLError
from training.config import TrainConfig
from training.pages.film import film_recording, film_subject
from training.pages.subject import Subject, flat
from training.primitives import with_primitives

S = TypeVar("S", bound=Subject)
_FACTS: dict[str, Callable[[Subject], Any]] = {
    "control steps of the policy": lambda s: _thousands(s.policy.provenance.get("steps")),
    "control steps of the run": lambda s: _thousands(s.history[-1]["steps"] if s.history else None),
    "minutes": lambda s: f"{s.minutes[-1]:.1f}" if s.history else "unknown",
    "seed": lambda s: "unknown" if s.seed is None else s.seed,
    "actuation": lambda s: s.policy.body.actuation,
    "size of the body": lambda s: f"{s.policy.body.scale:g}",
    "encoder, layers of units": lambda s: _listed(s.policy.network_config.encoder),
    "latent, units": lambda s: s.policy.network_config.latent,
    "decoder, layers of units": lambda s: _listed(s.policy.network_config.decoder),
    "decoder": lambda s: s.policy.network_config.decoder_kind.upper(),
    "digest of the policy": lambda s: s.policy.digest(),
}


def training_section(text: str, subjects: Sequence[S], facts: Mapping[str, Callable[[S], Any]]) -> Section:
    """How policies were trained: facts, a column per policy, and settings that are not the defaults.

    Args:
        text: of the section.
        subjects: the policies.
        facts: those of this kind of task, by name, above those of all.
    """
    names = [subject.name for subject in subjects]
    rows = [[name, *(fact(subject) for subject in subjects)] for name, fact in {**facts, **_FACTS}.items()]
    return Section("Training", text, (Table(["", *names], rows), settings_table(subjects)))


def settings_table(subjects: Sequence[Subject]) -> Table:
    """The settings of runs that differ from the defaults."""
    default = {key: _listed(value) for key, value in flat(to_json(_defaults(subjects[0])))}
    columns = [{key: _listed(value) for key, value in subject.settings.items()} for subject in subjects]
    keys = [k for k in default if any(column.get(k, default[k]) != default[k] for column in columns)]
    rows = [[key, default[key], *(column.get(key, "unknown") for column in columns)] for key in keys]
    caption = f"All {'other ' if rows else ''}known settings have their defaults."
    return Table(["setting", "default", *(subject.name for subject in subjects)], rows, caption)


def _defaults(subject: Subject) -> TrainConfig:
    """The default settings of a training in the task of a policy, on its primitives."""
    return with_primitives(TrainConfig(task=type(subject.policy.task)()), subject.primitives)


def film_section(
    subjects: Sequence[Subject], recording: Path | None, folder: Path
) -> tuple[Section, str | None]:
    """A video of a recording, or of each policy, and the reason if there is none.

    Args:
        subjects: the policies.
        recording: to show; None to play each policy.
        folder: for files that are needed meanwhile.
    """
    try:
        if recording is not None:
            films = (film_recording(recording, folder / "film.mp4", f"The start of {recording}."),)
        else:
            films = tuple(film_subject(subject, folder / str(i)) for i, subject in enumerate(subjects))
    except NoOpenGLError as error:
        return Section("Video", f"The video could not be rendered: {error}"), str(error)
    return Section("Video", "", films), None


def provenance_of(subjects: Sequence[Subject], recording: Path | None) -> list[Provenance]:
    """How policies and a recording were made."""
    made = [Provenance(subject.name, subject.versions, subject.seed) for subject in subjects]
    if recording is not None:
        with open_recording(recording) as opened:
            how = opened.provenance
        made.append(Provenance(str(recording), how.get("versions", {}), how.get("seed")))
    return made


def _thousands(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _listed(value: Any) -> str:
    """A setting as it is shown."""
    if isinstance(value, tuple | list):
        return ", ".join(map(_listed, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
