"""The card of a policy that tracks clips; and the parts that cards of all policies share.

text, curve = card("rat-walk", subject, scores(traces, subject.split))
"""

import dataclasses
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rodent.clips.clip import Clip
from rodent.configs import TAG, to_json
from rodent.intervention import from_table
from rodent.parts import TASKS
from rodent.policy.sizes import PrimitivesConfig, ReferenceConfig
from rodent.tasks.observation import Parts
from rodent.tasks.task import Part
from training.defaults import DEFAULTS
from training.pages.subject import Subject, TrackingSubject, flat
from training.primitives import with_primitives

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COURSES = {"frames tracked": "tracking/lifespan_frames", "success rate": "success_rate"}


def card(
    name: str, subject: TrackingSubject, metrics: Mapping[str, Any], note: str = ""
) -> "tuple[str, Figure | None]":
    """The card as Markdown, and the learning curve that it shows as learning.svg.

    Args:
        name: of the policy.
        subject: the policy with the clips and the log of its run.
        metrics: its tracking metrics on these clips.
        note: text below the title.
    """
    facts = [*body_facts(subject), *_motion_facts(subject), *training_facts(subject)]
    parts = [*title(name, note), markdown_table(["", ""], facts)]
    parts += ["## Tracking", _success(metrics), _clips(metrics)]
    curve, shown = learning_curve(subject, _COURSES, "frames tracked and success rate")
    return "\n\n".join([*parts, *shown]) + "\n", curve


def title(name: str, note: str) -> list[str]:
    """First paragraphs of a card: the name of the policy, and a note if there is one."""
    return [f"# {name}", *([note] if note else [])]


def command(subject: Subject) -> str:
    """The command line that trains the policy again."""
    defaults = _defaults(subject)
    clips = isinstance(subject, TrackingSubject)
    words = ["rodent", "train"]
    words += ["--clips", subject.source.name] if clips else ["--task", subject.settings[_TASK]]
    words += ["--out", "run"]
    if subject.history:
        words += ["--steps", str(subject.history[-1]["steps"])]
    for key, value in subject.settings.items():
        if value != defaults.get(key) and (clips or key != _TASK):
            words += list(_option(key, _built_on(subject, key) if key in _BUILT_ON else value))
    return shlex.join(words)


_TASK = f"task.{TAG}"
_BUILT_ON = ("start_from", "teacher", "primitives")


def _built_on(subject: Subject, role: str) -> str:
    """Name of a policy that this one builds on; where its folder lay means nothing elsewhere."""
    return Path(subject.settings[role]).name


def _defaults(subject: Subject) -> dict[str, Any]:
    """The settings that a training of the same task on the same primitives has without options."""
    config = DEFAULTS[subject.settings["device"]]
    if (task := TASKS.config(subject.settings[_TASK])) is not type(config.task):
        config = dataclasses.replace(config, task=task())
    config = with_primitives(config, subject.primitives)
    return dict(flat(to_json(config))) | {"device": "cpu"}


def _option(key: str, value: Any) -> Iterator[str]:
    *parts, last = key.removesuffix(f".{TAG}").replace("_", "-").split(".")
    if isinstance(value, bool):
        yield "--" + ".".join([*parts, last if value else f"no-{last}"])
        return
    yield "--" + ".".join([*parts, last])
    yield from map(str, value) if isinstance(value, list | tuple) else [str(value)]


def body_facts(subject: Subject) -> list[list[str]]:
    """Rows on the body, the network and what it observes."""
    body, network = subject.policy.body, subject.policy.network_config
    physics = f"physics in steps of {1e3 * body.timestep:g} ms"
    rows = [
        ["body", f"scale {body.scale:g}, {body.actuation} actuation, {physics}"],
        ["network", _network(network)],
    ]
    if subject.primitives is not None:
        text = f"`{_built_on(subject, 'primitives')}` ({subject.primitives.digest()}), frozen"
        rows.append(["primitives", text])
    if subject.policy.observation:
        rows.append(["observation", _observation(subject.policy.observation)])
    return rows


def _motion_facts(subject: TrackingSubject) -> list[list[str]]:
    """Rows on the clips."""
    split = subject.split
    assert split is not None, "the clips are the run's own"
    trained = [clip for clip in subject.clips.clips if clip.name in split["train"]]
    rows = [["trained on", _motion(trained)]]
    if held_out := [clip for clip in subject.clips.clips if clip.name in split["test"]]:
        rows.append(["held out", _motion(held_out)])
    origins = Counter(map(_origin, trained))
    return rows + [["source of the motion", f"{text}: {n}"] for text, n in origins.items() if text]


def training_facts(subject: Subject) -> list[list[str]]:
    """Rows on the training, how to repeat it, and the versions of the software."""
    rows = []
    start = subject.policy.provenance.get("start", {})
    before = start.get("steps", 0)
    if start:
        policy = f"{_built_on(subject, 'start_from')} ({start['digest']})"
        trained_on = start.get("trained_on", ())
        on = f" on {len(trained_on)} clips" if trained_on else ""
        rows.append(["started from", f"{policy}, after {before:,} control steps{on}"])
        if damage := start.get("damage"):
            rows.append(["damage before", "; ".join(f"`{from_table(one)}`" for one in damage)])
    if teacher := subject.policy.provenance.get("teacher"):
        rows.append(["learnt the controls of", f"{_built_on(subject, 'teacher')} ({teacher['digest']})"])
    if subject.history:
        steps = subject.history[-1]["steps"] - before
        rows.append(["training", f"{steps:,} control steps in {subject.minutes[-1]:.0f} minutes"])
    packages = ("mujoco", "jax", "virtual-rodent")
    rows.append(["reproduced by", f"`{command(subject)}`"])
    versions = (f"{name} {subject.versions[name]}" for name in packages if name in subject.versions)
    return [*rows, ["versions", ", ".join(versions)]]


def _network(network: Any) -> str:
    def units(layers: Sequence[int]) -> str:
        return " and ".join(map(str, layers))

    def levels(one: Any) -> str:
        return (
            f"encoder of {units(one.encoder)} units, intention of {one.latent}, "
            f"{one.decoder_kind.upper()} decoder of {units(one.decoder)}"
        )

    if isinstance(network, PrimitivesConfig):
        low = network.low
        return (
            f"high level: {levels(network)}; low level: latent of {low.latent}, prior of {units(low.prior)}, "
            f"{low.decoder_kind.upper()} decoder of {units(low.decoder)}"
        )
    if isinstance(network, ReferenceConfig):
        gaits = f"{len(network.speeds)} speeds and {len(network.turns)} turns"
        return f"high level: {levels(network)}; gaits of {gaits}, tracked by: {levels(network.low)}"
    return levels(network)


def _observation(groups: Parts) -> str:
    def numbers(part: Part) -> str:
        return f"{part.name} ({part.size}{'' if part.unit in ('', '1') else f', {part.unit}'})"

    return "; ".join(f"{group}: {', '.join(map(numbers, parts))}" for group, parts in groups.items())


def _motion(clips: Sequence[Clip]) -> str:
    seconds = sum(clip.n_frames / clip.fps for clip in clips)
    behaviors = Counter(clip.behavior or "unlabelled" for clip in clips)
    listed = ", ".join(f"{n} {behavior}" for behavior, n in behaviors.items())
    return f"{len(clips)} clips, {seconds:.0f} s: {listed}"


def _origin(clip: Clip) -> str:
    """Source and licence, without the number of the clip within the source."""
    source = re.sub(r"(\s+id)?\s+\d+$", "", clip.source)
    return f"{source} ({clip.licence})" if source and clip.licence else source or clip.licence


def _success(metrics: Mapping[str, Any]) -> str:
    mean, n = metrics["mean"], len(metrics["clips"])
    tracked, close = (round(n * metrics[rate]) for rate in ("success_rate", "success_rate_20mm"))
    return (
        "The clips are played from their first frames with the mean action. "
        f"{tracked} of {n} clips are tracked to the end, {close} of them always within 20 mm. "
        "Mean errors before a failure (50 mm or 60 degrees): "
        f"root position {mean['root_position_error_mm']:.1f} mm, "
        f"root orientation {mean['root_orientation_error_deg']:.1f} degrees, "
        f"joint angles {mean['joint_angle_error_deg']:.1f} degrees."
    )


def _clips(metrics: Mapping[str, Any]) -> str:
    split = ["split"] if len(metrics["splits"]) > 1 else []
    errors = ("root_position_error_mm", "joint_angle_error_deg", "body_position_error_mm")
    rows = [
        [
            *(str(clip[key]) for key in ("name", "behavior", *split)),
            f"{clip['lifespan_frames']} of {clip['frames']}",
            *(f"{clip[key]:.1f}" for key in errors),
        ]
        for clip in metrics["clips"]
    ]
    return markdown_table(
        ["clip", "behavior", *split, "frames tracked", "root, mm", "joints, deg", "bodies, mm"], rows
    )


def learning_curve(
    subject: Subject, shown: Mapping[str, str], what: str
) -> "tuple[Figure | None, list[str]]":
    """The figure of learning.svg, and the paragraphs of the card that show it; none if nothing is logged.

    Steps are on the axis because minutes depend on the machine and its load.

    Args:
        subject: with the log of its run.
        shown: columns of the log by the label of their axis.
        what: is shown, for those who cannot see it.
    """
    from rodent.pages.drawing import courses

    curves = {label: subject.curve(key, subject.steps / 1e6) for label, key in shown.items()}
    panels = {label: {"": curve} for label, curve in curves.items() if len(curve[1])}
    if not panels:
        return None, []
    text = ["## Learning curve", f"![{what} by control steps](learning.svg)"]
    return courses(panels, "million control steps"), text


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    cells = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells)
