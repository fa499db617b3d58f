"""The demo from built-in motion to a page of results, one function per step."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.encoding.crossvalidation import EncodingResult, cross_validate, n_fits
from analysis.encoding.settings import EncodingSettings
from analysis.neural.clock import Clock
from analysis.neural.read import read_session
from analysis.simulation import SimulatedNeurons, simulate_neurons
from analysis.timeline import Timeline
from rodent.cli.demo.page import Curve, Results, of_kind, write_report
from rodent.cli.learning import progress_shown
from rodent.clips.clip import ClipSet
from rodent.clips.file import write_clips
from rodent.clips.reading import read_clips
from rodent.errors import InputError
from rodent.files import explain_os_errors
from rodent.pages.output import say, write_json
from rodent.policy.policy import load_policy
from rodent.policy.sizes import NetworkConfig
from rodent.progress import progress
from rodent.recording import open_recording
from rodent.render import NoOpenGLError, RenderOptions, render
from rodent.rollouts import RecordConfig, record
from training import train
from training.config import PPOConfig, TrainConfig
from training.evaluate import evaluate

POLICY = "rat-position"
ORIGIN = {"policy_folder": POLICY, "clips": "gaits"}
LAYER = "decoder/layer_0"
BIN_SECONDS = 0.1
FEW = ("walk", "rear", "groom")
"""The clips that are rendered, and that the new policy is trained on; more would take too long."""

FILES = {
    "report.html": "all results on one page: start here",
    "clips.h5": "synthetic clips that the new policy is trained on: `rodent clips info clips.h5`",
    "built-in.h5": "recording of the built-in policy: "
    f"`rodent rollout {POLICY} --clips gaits --out built-in.h5`",
    "built-in.mp4": "its video, with the reference in blue: "
    "`rodent render built-in.h5 --out built-in.mp4 --ghost --fps 25`",
    "built-in.json": f"its tracking errors: `rodent evaluate {POLICY} --clips gaits --json`",
    "run": "the training from scratch: settings, curves, checkpoints, policy: `tensorboard --logdir run`",
    "learnt.h5": "recording of the new policy",
    "learnt.mp4": "its video",
    "learnt.json": "its tracking errors",
    "session.h5": "recording of every clip several times, by the built-in policy with noise, with every unit",
    "spikes.npz": f"spikes of simulated neurons: those named driven are driven by units of {LAYER}, "
    "those named drifting only by slow drift, independent of the network",
    "encoding.json": "scores of the units as predictors of these neurons: "
    f"`rodent encode session.h5 spikes.npz --layer {LAYER} --json`",
}


@dataclasses.dataclass(frozen=True)
class Plan:
    """Size of each step of the demo."""

    minutes: float | None = None
    steps: int | None = None
    """Limits of the training; one is required."""
    train: TrainConfig = dataclasses.field(
        default_factory=lambda: TrainConfig(
            network=NetworkConfig(latent=16, encoder=(128,), decoder=(128, 128), value=(128,)),
            # few environments: many updates in little time
            ppo=PPOConfig(num_envs=64, final_std_steps=(0, 500_000)),
            evaluate_every=25_000,
        )
    )
    repeats: int = 6
    """Number of times that every clip is played for the neurons: the regression needs minutes of data."""
    picture: tuple[int, int] = (480, 360)
    """Width and height of the videos, pixels."""
    neurons: int = 10
    """Of each kind."""
    encoding: EncodingSettings = dataclasses.field(
        default_factory=lambda: EncodingSettings(block_seconds=20.0)
    )


def make_demo(out: Path, plan: Plan) -> dict[str, Any]:
    """Run the full pipeline into a new folder, and describe each step on standard error.

    Returns:
        the results of the final table, and the files written.

    Raises:
        InputError: the folder is not empty.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists already; remove it, or choose another folder: --out FOLDER")
    with explain_os_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    say("All motion and all neurons here are synthetic: the demo shows the pipeline, not results.")
    clips = _motion()
    built_in = _perform(out, clips)
    curve = _learn(out, plan, clips)
    learnt = _watch(out)
    no_film = _film(out, plan)
    neurons, result = _compare(out, plan, clips)
    say("7. The report.")
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
        f"1. Motion: {len(clips)} clips of {clips[0].duration:g} s, generated from published figures of\n"
        f"   rat gaits: {', '.join(clips.names)}."
    )
    return clips


def _perform(out: Path, clips: ClipSet) -> Mapping[str, Any]:
    say(f"2. The built-in policy, {POLICY}, imitates each of them.")
    policy = load_policy(POLICY)
    record(policy, clips.subset(FEW), out / "built-in.h5", origin=ORIGIN)
    found = evaluate(policy, clips)
    write_json(found, out / "built-in.json")
    return found


def _learn(out: Path, plan: Plan, clips: ClipSet) -> Curve:
    write_clips(clips.subset(FEW), out / "clips.h5")
    bound = f"{plan.minutes:g} min" if plan.minutes else f"{plan.steps:,} steps"
    say(
        f"3. A new policy is trained on {', '.join(FEW)} from scratch for {bound}; the reward is high close\n"
        "   to the reference."
    )
    run = train.new_run(out / "run", plan.train, out / "clips.h5")
    with progress_shown() as shown:
        train.train(run, train.Until(plan.minutes, plan.steps), callbacks=[shown])
    rows = [json.loads(line) for line in (out / "run" / "metrics.jsonl").read_text().splitlines()]
    key = "tracking/lifespan_frames"
    return Curve(*zip(*((row["seconds"] / 60, row[key]) for row in rows if key in row), strict=True))


def _watch(out: Path) -> Mapping[str, Any]:
    say("4. The new policy is evaluated and recorded.")
    policy, clips = load_policy(out / "run"), read_clips(out / "clips.h5")
    origin = {"policy_folder": "run", "clips": "clips.h5"}
    record(policy, clips, out / "learnt.h5", origin=origin)
    found = evaluate(policy, clips)
    write_json(found, out / "learnt.json")
    return found


def _film(out: Path, plan: Plan) -> str | None:
    """Render both; returns the reason if there is no video, else None."""
    say("5. Videos of both, with the reference in blue.")
    options = RenderOptions(ghost=True, size=plan.picture, fps=25.0)
    try:
        for name in ("built-in", "learnt"):
            render(out / f"{name}.h5", out / f"{name}.mp4", options)
    except NoOpenGLError as error:
        say(f"   NO VIDEO could be rendered; the demo continues without it: {error}")
        return str(error)
    return None


def _compare(out: Path, plan: Plan, clips: ClipSet) -> tuple[SimulatedNeurons, EncodingResult]:
    """Simulate neurons and regress them on the units."""
    say(
        f"6. Neurons: {plan.neurons} driven by units of {LAYER}, {plan.neurons} that only drift. All are\n"
        "   regressed on these units; the score on time-shifted spikes is subtracted."
    )
    session = out / "session.h5"
    config = RecordConfig(repeats=plan.repeats, sample=True, on_failure="restart")
    record(load_policy(POLICY), clips, session, config, origin=ORIGIN)
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
        "# Files of `rodent demo`",
        "",
        "From synthetic motion and simulated neurons. Run the commands in this folder.",
        "",
        "| file | content |",
        "|---|---|",
    ]
    for name, what in FILES.items():
        content = f"missing: {no_film}" if name.endswith(".mp4") and no_film else what
        lines.append(f"| `{name}` | {content} |")
    (out / "README.md").write_text("\n".join(lines) + "\n")
