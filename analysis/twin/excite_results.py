"""Exciting movements as clips, as JSON, as a table on the terminal, and as a section of a page."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from analysis.twin.excite import Excited, Movement, Search
from rodent.clips.clip import Clip, ClipSet
from rodent.kinematics.poses import velocities
from rodent.pages.drawing import COLORS, GREY
from rodent.pages.output import print_table
from rodent.pages.page import Drawing, Section, Table
from rodent.versions import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA, VERSION = "virtual-rodent/twin-excite", 1
_COLUMNS = ["neuron", "real, Hz", "gradient, Hz", "performed, Hz", "performed / real", "distance"]
_SOURCE = "exciting movements (analysis.twin)"
_TEXT = (
    "Predicted rates in the best frame of a movement. Real: the best movement of the session. Gradient: the "
    "best of gradient ascent alone, which no body has performed. Performed: what the body of the policy did. "
    "Distance: of the best performed frame from real frames, 1 for the 5 % of these that are furthest. "
    "These rates are predictions. The search finds what a twin gets wrong as well as what excites a neuron, "
    "so a rate above that of real frames has to be tested on the animal."
)


def excited_clips(found: Sequence[Excited], neurons: Sequence[str], search: Search) -> ClipSet:
    """Clips NEURON_real, NEURON_gradient, NEURON_reference and NEURON_performed of each neuron."""
    scene, fps, clips = search.streams.scene, search.streams.fps, []
    for one in found:
        name = neurons[one.neuron].replace("/", "_")
        each = {
            "real": one.real.poses,
            "gradient": one.imagined.poses,
            "reference": one.reference,
            "performed": one.performed.poses,
        }
        for kind, poses in each.items():
            qvel = velocities(poses, fps)
            clips.append(Clip(f"{name}_{kind}", poses, fps, behavior=kind, source=_SOURCE, qvel=qvel))
    return ClipSet(tuple(clips), scene.scale, scene.joint_names, scene.proportions)


def excite_to_json(found: Sequence[Excited], neurons: Sequence[str], search: Search) -> dict[str, Any]:
    """The output of `rodent twin excite --json`."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "neurons": [
            {
                "neuron": neurons[one.neuron],
                **{f"{kind}_hz": one.hz(movement) for kind, movement in _kinds(one).items()},
                "distance": _distance(one),
                "seconds": float(search.seconds[one.row(one.performed)]),
                "course": one.course,
            }
            for one in found
        ],
        "performed": len(search.tried),
        "lost": search.failed,
        "settings": dataclasses.asdict(search.settings),
        "versions": versions(),
    }


def print_excited(found: Sequence[Excited], neurons: Sequence[str]) -> None:
    """A row for every neuron."""
    print_table(_COLUMNS, _rows(found, neurons))


def excite_section(found: Sequence[Excited], neurons: Sequence[str], search: Search) -> Section:
    """Rates of all neurons, as a figure and a table."""
    lost = f" The policy lost {search.failed} of {search.failed + len(search.tried)} movements."
    parts = (Drawing(excite_figure(found, neurons), ""), Table(_COLUMNS, _rows(found, neurons)))
    return Section("Predicted rates", _TEXT + lost, parts)


def excite_figure(found: Sequence[Excited], neurons: Sequence[str]) -> "Figure":
    """A row for each neuron, with a dot for each kind of movement."""
    from rodent.pages.drawing import empty

    figure, axes = empty(1.0 + 0.22 * len(found))
    marks = {"real": ("o", GREY), "gradient": ("x", COLORS[1]), "performed": ("o", COLORS[0])}
    for i, one in enumerate(found):
        rates = {kind: one.hz(movement) for kind, movement in _kinds(one).items()}
        axes.plot([rates["real"], rates["performed"]], [i, i], color=GREY, linewidth=1, zorder=1)
        for kind, hz in rates.items():
            mark, color = marks[kind]
            axes.scatter(hz, i, marker=mark, color=color, s=30, zorder=2, label=kind if i == 0 else None)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(found)), [neurons[one.neuron] for one in found])
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlabel("predicted rate, Hz")
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return figure


def _kinds(one: Excited) -> dict[str, Movement]:
    return {"real": one.real, "gradient": one.imagined, "performed": one.performed}


def _distance(one: Excited) -> float:
    return float(one.performed.distance[one.row(one.performed)])


def _rows(found: Sequence[Excited], neurons: Sequence[str]) -> list[list[Any]]:
    rows = []
    for one in found:
        real, imagined, performed = (one.hz(movement) for movement in _kinds(one).values())
        first = [neurons[one.neuron], *(f"{hz:.1f}" for hz in (real, imagined, performed))]
        rows.append([*first, f"{performed / real:.2f}", f"{_distance(one):.2f}"])
    return rows
