"""The page with the results of the demo."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analysis.encoding.crossvalidation import EncodingResult
from analysis.simulation import SimulatedNeurons
from rodent.clips.clip import ClipSet
from rodent.pages.drawing import activity, bars, curve, scores
from rodent.pages.page import Drawing, Film, Section, Table, write_page
from rodent.recording import open_recording


class Curve(NamedTuple):
    """Learning curve: minutes of training, and frames tracked, mean over the clips."""

    minutes: tuple[float, ...]
    frames: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Results:
    """Content of the page."""

    clips: ClipSet
    built_in: Mapping[str, Any]
    learnt: Mapping[str, Any]
    """Metrics of `training.evaluate.evaluate`."""
    curve: Curve
    neurons: SimulatedNeurons
    encoding: EncodingResult


def write_report(out: Path, results: Results, layer: str, no_film: str | None) -> None:
    """Write report.html to the demo's folder, from the results and the files in the folder."""
    sections = [
        _rats(out, results, no_film),
        _learning(results),
        _tracking(results),
        _units(out, results, layer),
        _neurons(results, layer),
        _onwards(),
    ]
    write_page(out / "report.html", "A virtual rat, from motion to neurons", sections)


def of_kind(encoding: EncodingResult, kind: str) -> np.ndarray:
    """Which of the scored neurons are `driven`, or `drifting`; bool, shape (neurons,)."""
    return np.array([name.startswith(f"{kind}_") for name in encoding.names])


def _rats(out: Path, results: Results, no_film: str | None) -> Section:
    text = (
        "A rat with 38 actuators moves in a physics simulation. The inputs of the policy network are the "
        "reference of the next tenth of a second and proprioception; its output controls the actuators. The "
        "reference is blue."
    )
    if no_film:
        return Section("Two policies", f"{text}\n\nThere is no video: {no_film}")
    films = (
        Film(out / "built-in.mp4", "A built-in policy."),
        Film(
            out / "learnt.mp4",
            f"A policy trained from scratch for {results.curve.minutes[-1]:.1f} minutes.",
        ),
    )
    return Section("Two policies", text, films)


def _learning(results: Results) -> Section:
    frames, clips = results.curve.frames, results.clips
    text = (
        "The second policy is rewarded for being close to the reference. It is evaluated on its clips from "
        "their first frames, until the trunk is 50 mm or 60 degrees away from the reference. "
        f"It tracked {frames[0]:.0f} frames in the first evaluation, {max(frames):.0f} in the best."
    )
    figure = curve(
        np.array(results.curve.minutes),
        np.array(frames),
        "minutes of training, including compilation",
        "frames tracked",
        top=clips.total_frames / len(clips),
    )
    return Section(
        "Learning",
        text,
        (Drawing(figure, "Mean over the clips; the dashed line is the length of the clips."),),
    )


def _tracking(results: Results) -> Section:
    found = {"built-in": results.built_in, "trained here": results.learnt}
    names = results.clips.names
    lifespans = {}
    for kind, f in found.items():
        frames = {clip["name"]: clip["lifespan_frames"] for clip in f["clips"]}
        lifespans[kind] = np.array([frames.get(name, np.nan) for name in names])
    errors = {
        "clips tracked to the end": lambda f: f"{f['success_rate']:.0%}",
        "frames tracked": lambda f: f["mean"]["lifespan_frames"],
        "root position error, mm": lambda f: f["mean"]["root_position_error_mm"],
        "root orientation error, degrees": lambda f: f["mean"]["root_orientation_error_deg"],
        "joint angle error, degrees": lambda f: f["mean"]["joint_angle_error_deg"],
        "body position error, mm": lambda f: f["mean"]["body_position_error_mm"],
    }
    rows = [[name, *(figure(f) for f in found.values())] for name, figure in errors.items()]
    return Section(
        "Tracking",
        "Errors are means over the frames before a failure. The second policy was trained and evaluated on "
        "three clips only.",
        (
            Drawing(bars(names, lifespans, "frames tracked"), "Clip by clip."),
            Table(["", *found], rows),
        ),
    )


def _units(out: Path, results: Results, layer: str) -> Section:
    with open_recording(out / "session.h5") as recording:
        rollout = next(iter(recording.rollouts.values()))
        units, fps, name = rollout.units(layer), recording.fps, rollout.clip
    bins = int(len(units) / fps / results.neurons.bin_seconds)
    figure = activity(
        np.arange(1, len(units) + 1) / fps, units, results.neurons.counts[:bins], results.neurons.bin_seconds
    )
    text = (
        "Every unit of the network is recorded while the rat moves. The neurons are simulated, so the ground "
        "truth is known: half of them are driven by a few units each, half only drift."
    )
    caption = (
        f"Units of {layer} during {name}, in standard deviations; below, spikes of the simulated neurons."
    )
    return Section("Units", text, (Drawing(figure, caption),))


def _neurons(results: Results, layer: str) -> Section:
    found = results.encoding
    kinds = {"driven": of_kind(found, "driven"), "drifting": of_kind(found, "drifting")}
    figure = scores(
        {kind: found.bits_per_spike[which] for kind, which in kinds.items()},
        {kind: found.null_bits_per_spike[which] for kind, which in kinds.items()},
        "bits per spike",
    )
    mean = {kind: found.corrected_bits_per_spike[which].mean() for kind, which in kinds.items()}
    text = (
        f"The spikes of each neuron are regressed on the units of {layer}, and predicted on held-out blocks. "
        "The null is the score on time-shifted spikes, which keep their autocorrelation but lose their "
        "relation to the units. It is subtracted.\n\n"
        f"Neurons driven by units score {mean['driven']:.3f} bits per spike above the null, neurons that "
        f"only drift {mean['drifting']:.3f}."
    )
    return Section(
        "Neurons predicted by the units", text, (Drawing(figure, "A dot is a neuron, a line a mean."),)
    )


def _onwards() -> Section:
    rows = [
        ["real motion", "rodent clips fetch mimic-mjx-demo"],
        ["your own motion", "rodent clips import FILE --out clips.h5"],
        ["train on it", "rodent train --clips clips.h5 --out runs/mine --minutes 25"],
        ["watch it live, and push it", "rodent view runs/mine"],
        ["record every unit", "rodent rollout runs/mine --clips clips.h5 --out session.h5"],
        ["regress your neurons", "rodent encode session.h5 spikes.npz --layer decoder/layer_0"],
    ]
    return Section("With your own data", "", (Table(["step", "command"], rows),))
