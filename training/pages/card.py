"""The card of a policy: body, network, training clips, tracking errors, and the training command."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rodent.clips.clip import Clip
from rodent.configs import to_json
from rodent.intervention import from_table
from rodent.tasks.observation import Parts
from rodent.tasks.task import Part
from training.defaults import DEFAULTS
from training.pages.subject import Subject, flat

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COURSES = {"frames tracked": "tracking/lifespan_frames", "success rate": "success_rate"}


def card(
    name: str, subject: Subject, metrics: Mapping[str, Any], note: str = ""
) -> "tuple[str, Figure | None]":
    """The card as Markdown, and the learning curve that it shows as learning.svg.

    Args:
        name: of the policy.
        subject: the policy with the clips and the log of its run.
        metrics: its tracking metrics on these clips.
        note: text below the title.
    """
    curve = _curve(subject)
    parts = [
        f"# {name}",
        *([note] if note else []),
        _table(["", ""], _facts(subject)),
        "## Tracking",
    ]
    parts += [_success(metrics), _clips(metrics)]
    if curve is not None:
        parts += [
            "## Learning curve",
            "![frames tracked and success rate by control steps](learning.svg)",
        ]
    return "\n\n".join(parts) + "\n", curve


def command(subject: Subject) -> str:
    """The command line that trains the policy again."""
    defaults = dict(flat(to_json(DEFAULTS[subject.settings["device"]]))) | {"device": "cpu"}
    words = ["rodent", "train", "--clips", subject.source.name, "--out", "run"]
    if subject.history:
        words += ["--steps", str(subject.history[-1]["steps"])]
    for key, value in subject.settings.items():
        if value != defaults.get(key):
            words += list(_option(key, value))
    return shlex.join(words)


def _option(key: str, value: Any) -> Iterator[str]:
    *parts, last = key.replace("_", "-").split(".")
    if isinstance(value, bool):
        yield "--" + ".".join([*parts, last if value else f"no-{last}"])
        return
    yield "--" + ".".join([*parts, last])
    yield from map(str, value) if isinstance(value, list | tuple) else [str(value)]


def _facts(subject: Subject) -> list[list[str]]:
    body, network = subject.policy.body, subject.policy.network_config
    split = subject.split
    assert split is not None, "the clips are the run's own"
    trained = [clip for clip in subject.clips.clips if clip.name in split["train"]]
    physics = f"physics in steps of {1e3 * body.timestep:g} ms"
    rows = [
        ["body", f"scale {body.scale:g}, {body.actuation} actuation, {physics}"],
        ["network", _network(network)],
        *([["observation", _observation(subject.policy.observation)]] if subject.policy.observation else []),
        ["trained on", _motion(trained)],
    ]
    if held_out := [clip for clip in subject.clips.clips if clip.name in split["test"]]:
        rows.append(["held out", _motion(held_out)])
    origins = Counter(map(_origin, trained))
    rows += [["source of the motion", f"{text}: {n}"] for text, n in origins.items() if text]
    start = subject.policy.provenance.get("start", {})
    before = start.get("steps", 0)
    if start:
        policy = f"{subject.settings['start_from']} ({start['digest']})"
        n = len(start.get("trained_on", ()))
        rows.append(["started from", f"{policy}, after {before:,} control steps on {n} clips"])
        if damage := start.get("damage"):
            rows.append(["damage before", "; ".join(f"`{from_table(one)}`" for one in damage)])
    if subject.history:
        steps = subject.history[-1]["steps"] - before
        rows.append(["training", f"{steps:,} control steps in {subject.minutes[-1]:.0f} minutes"])
    packages = ("mujoco", "jax", "virtual-rodent")
    rows.append(["reproduced by", f"`{command(subject)}`"])
    versions = (f"{name} {subject.versions[name]}" for name in packages if name in subject.versions)
    rows.append(["versions", ", ".join(versions)])
    return rows


def _network(network: Any) -> str:
    def units(layers: Sequence[int]) -> str:
        return " and ".join(map(str, layers))

    return (
        f"encoder of {units(network.encoder)} units, intention of {network.latent}, "
        f"{network.decoder_kind.upper()} decoder of {units(network.decoder)}"
    )


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
    return _table(
        ["clip", "behavior", *split, "frames tracked", "root, mm", "joints, deg", "bodies, mm"], rows
    )


def _curve(subject: Subject) -> "Figure | None":
    """Over control steps, because minutes depend on the machine and its load."""
    from rodent.pages.drawing import courses

    panels = {label: {"": subject.curve(key, subject.steps / 1e6)} for label, key in _COURSES.items()}
    drawn = any(len(values) for curves in panels.values() for _, values in curves.values())
    return courses(panels, "million control steps") if drawn else None


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells)
