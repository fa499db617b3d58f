"""The demo's way from built-in motion to a page of results, one function per step."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from analysis.encoding.crossvalidation import EncodingResult, cross_validate, n_fits
from analysis.encoding.settings import EncodingSettings
from analysis.neural.clock import Clock
from analysis.neural.read import read_session
from analysis.simulation import SimulatedNeurons, simulate_neurons
from analysis.timeline import Timeline
from rodent.cli.demo.page import Curve, Results, of_kind, write_report
from rodent.cli.output import say, write_json
from rodent.clips.clip import ClipSet
from rodent.clips.file import write_clips
from rodent.clips.reading import read_clips
from rodent.errors import InputError
from rodent.files import explain_os_errors
from rodent.policy.policy import load_policy
from rodent.policy.sizes import NetworkConfig
from rodent.progress import progress
from rodent.recording import open_recording
from rodent.render import NoOpenGLError, RenderOptions, render
from rodent.rollout import record
from training import train
from training.config import PPOConfig, TrainConfig
from training.evaluate import evaluate

POLICY = "rat-position"
ORIGIN = {"policy_folder": POLICY, "clips": "gaits"}
LAYER = "decoder/layer_0"
BIN_SECONDS = 0.1
FEW = ("walk", "rear", "groom")
"""The clips that are filmed, and that the new rat learns: more would take it too long."""

FILES = {
    "report.html": "all of it on one page: begin here",
    "clips.h5": "what the new rat is to learn, synthetic: `rodent clips info clips.h5`",
    "built-in.h5": f"the built-in policy moving: `rodent rollout {POLICY} --clips gaits --out built-in.h5`",
    "built-in.mp4": "a film of it, blue what it was asked to do: "
    "`rodent render built-in.h5 --out built-in.mp4 --ghost --fps 25`",
    "built-in.json": f"how closely it tracks: `rodent evaluate {POLICY} --clips gaits --json`",
    "run": "the training from scratch: settings, curves, checkpoints, policy: `tensorboard --logdir run`",
    "learnt.h5": "what it learnt, moving",
    "learnt.mp4": "a film of that",
    "learnt.json": "how closely that tracks",
    "session.h5": "every clip several times, by the built-in policy with noise, and every unit meanwhile",
    "spikes.npz": f"spikes of simulated neurons: those named driven are driven by units of {LAYER}, "
    "those named drifting by slow drift that knows nothing of the network",
    "encoding.json": "how well the units predict these neurons: "
    f"`rodent encode session.h5 spikes.npz --layer {LAYER} --json`",
}


@dataclasses.dataclass(frozen=True)
class Plan:
    """How much of everything the demo makes."""

    minutes: float | None = None
    steps: int | None = None
    """Bounds of the training; one is needed."""
    train: TrainConfig = dataclasses.field(
        default_factory=lambda: TrainConfig(
            network=NetworkConfig(latent=16, encoder=(128,), decoder=(128, 128), value=(128,)),
            # few rats: many updates in little time
            ppo=PPOConfig(num_envs=64, final_std_steps=(0, 500_000)),
            evaluate_every=25_000,
        )
    )
    repeats: int = 6
    """How often every clip is played for the neurons: the regression wants minutes."""
    picture: tuple[int, int] = (480, 360)
    """Width and height of the films, pixels."""
    neurons: int = 10
    """Of each kind."""
    encoding: EncodingSettings = dataclasses.field(
        default_factory=lambda: EncodingSettings(block_seconds=20.0)
    )


def make_demo(out: Path, plan: Plan) -> dict[str, Any]:
    """Go the whole way into a new folder, saying what is done and why.

    Returns:
        the figures of the closing table, and the files made.

    Raises:
        InputError: the folder is not empty.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists already; remove it, or choose another folder: --out FOLDER")
    with explain_os_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    say("No measured motion, no measured neurons: all data here are synthetic, to show the way.")
    clips = _motion()
    built_in = _perform(out, clips)
    curve = _learn(out, plan, clips)
    learnt = _watch(out)
    no_film = _film(out, plan)
    neurons, result = _compare(out, plan, clips)
    say("7. Writing it all up.")
    results = Results(
        clips=clips, built_in=built_in, learnt=learnt, curve=curve, neurons=neurons, encoding=result
    )
    write_report(out, results, LAYER, no_film)
    _write_readme(out, no_film)
    return {
        "out": str(out),
        "files": [str(out / name) for name in FILES if (out / name).exists()],
        "frames_tracked": {
            "of": clips.total_frames / len(clips),
            "built-in": built_in["mean"]["lifespan_frames"],
            "at first": curve.frames[0],
            "learnt": learnt["mean"]["lifespan_frames"],
        },
        "success_rate": {"built-in": built_in["success_rate"], "learnt": learnt["success_rate"]},
        "no_film_because": no_film,
        "layer": LAYER,
        "corrected_bits_per_spike": {kind: _mean(result, kind) for kind in ("driven", "drifting")},
    }


def _motion() -> ClipSet:
    clips = read_clips("gaits")
    say(
        f"1. Motion: {len(clips)} clips of {clips[0].duration:g} s, made from published figures of rats'\n"
        f"   gaits: {', '.join(clips.names)}."
    )
    return clips


def _perform(out: Path, clips: ClipSet) -> dict[str, Any]:
    say(f"2. The built-in policy, {POLICY}, imitates each of them; where it would lose one, it is put back.")
    policy = load_policy(POLICY)
    record(policy, clips.subset(FEW), out / "built-in.h5", origin=ORIGIN)
    found = evaluate(policy, clips)
    write_json(found, out / "built-in.json")
    return found


def _learn(out: Path, plan: Plan, clips: ClipSet) -> Curve:
    write_clips(clips.subset(FEW), out / "clips.h5")
    bound = f"{plan.minutes:g} min" if plan.minutes else f"{plan.steps:,} steps"
    say(
        f"3. A rat that knows nothing learns {', '.join(FEW)} for {bound}, by reward for being where the\n"
        "   motion wants it."
    )
    train.start(out / "clips.h5", out / "run", plan.train, plan.minutes, plan.steps)
    rows = [json.loads(line) for line in (out / "run" / "metrics.jsonl").read_text().splitlines()]
    key = "tracking/lifespan_frames"
    return Curve(*zip(*((row["seconds"] / 60, row[key]) for row in rows if key in row), strict=True))


def _watch(out: Path) -> dict[str, Any]:
    say("4. What it has learnt: measured, and recorded as it moves.")
    policy, clips = load_policy(out / "run"), read_clips(out / "clips.h5")
    origin = {"policy_folder": "run", "clips": "clips.h5"}
    record(policy, clips, out / "learnt.h5", origin=origin)
    found = evaluate(policy, clips)
    write_json(found, out / "learnt.json")
    return found


def _film(out: Path, plan: Plan) -> str | None:
    """Film both rats; returns why there is no film, if there is none."""
    say("5. Filming both: the rat with fur, and blue what it was asked to do.")
    options = RenderOptions(ghost=True, size=plan.picture, fps=25.0)
    try:
        for name in ("built-in", "learnt"):
            render(out / f"{name}.h5", out / f"{name}.mp4", options)
    except NoOpenGLError as error:
        say(f"   THERE IS NO FILM, the rest goes on without it: {error}")
        return str(error)
    return None


def _compare(out: Path, plan: Plan, clips: ClipSet) -> tuple[SimulatedNeurons, EncodingResult]:
    """Simulate neurons and regress them on the units."""
    say(
        f"6. Neurons: {plan.neurons} driven by units of {LAYER}, {plan.neurons} that only drift, all\n"
        "   regressed on these units, less what that earns on spikes shifted in time."
    )
    session = out / "session.h5"
    # in another order every time: the null of clips that come again in one order would hold signal
    random = np.random.default_rng(0)
    every, rounds = tuple(clips), [random.permutation(len(clips)) for _ in range(plan.repeats)]
    again = tuple(
        dataclasses.replace(every[k], name=f"{every[k].name}.{i + 1}")
        for i, order in enumerate(rounds)
        for k in order
    )
    record(
        load_policy(POLICY),
        dataclasses.replace(clips, clips=again),
        session,
        origin=ORIGIN,
        sample=True,
        on_failure="restart",
    )
    with (
        open_recording(session) as recording,
        progress("regressing", n_fits(plan.encoding), "fits") as advance,
    ):
        timeline = Timeline.of(list(recording.rollouts.values()), recording.fps, BIN_SECONDS)
        neurons = simulate_neurons(timeline, LAYER, plan.neurons, seed=0)
        neurons.write(out / "spikes.npz")
        spikes = read_session(out / "spikes.npz").on_bins(timeline.n_bins, BIN_SECONDS, Clock())
        result = cross_validate(timeline, spikes, LAYER, plan.encoding, advance)
    found = {
        "bin_seconds": BIN_SECONDS,
        "layers": [result.to_json()],
        "notes": timeline.notes,
        "settings": dataclasses.asdict(plan.encoding),
    }
    write_json(found, out / "encoding.json")
    return neurons, result


def _mean(result: EncodingResult, kind: str) -> dict[str, float]:
    """Corrected bits per spike of the neurons of a kind."""
    bits = result.corrected_bits_per_spike[of_kind(result, kind)]
    return {"neurons": len(bits), "mean": bits.mean(), "sem": bits.std(ddof=1) / len(bits) ** 0.5}


def _write_readme(out: Path, no_film: str | None) -> None:
    lines = [
        "# What `rodent demo` made",
        "",
        "Of synthetic motion and simulated neurons. The commands are for this folder.",
        "",
        "| file | what it is |",
        "|---|---|",
    ]
    for name, what in FILES.items():
        told = f"missing: {no_film}" if name.endswith(".mp4") and no_film else what
        lines.append(f"| `{name}` | {told} |")
    (out / "README.md").write_text("\n".join(lines) + "\n")
