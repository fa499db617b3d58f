"""`rodent demo`: the whole way in minutes, on motion that is built in."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.settings import EncodingSettings
from rodent.errors import InputError
from rodent.policy.sizes import NetworkConfig
from training.config import PPOConfig, TrainConfig

if TYPE_CHECKING:
    from analysis.encoding import EncodingResult

LAYER = "decoder/layer_0"
BIN_SECONDS = 0.1
FILES = {
    "clips.h5": "the motion to imitate, synthetic (rodent clips info clips.h5)",
    "run": "the training: settings, curves, checkpoints and the policy (tensorboard --logdir run)",
    "evaluation.json": "how well the policy tracks (rodent evaluate run --clips clips.h5 --json)",
    "recording.h5": "what the rat did and what every unit of its network did meanwhile\n"
    "(rodent rollout run --clips clips.h5 --out recording.h5 --on-failure restart)",
    "video.mp4": "the rat, with the motion it imitates as a ghost\n"
    "(rodent render recording.h5 --out video.mp4 --ghost --clip sway_0 --fps 25)",
    "spikes.npz": f"spikes of simulated neurons: those named driven are driven by units of {LAYER},\n"
    "those named drifting by slow drift that knows nothing of the network",
    "encoding.json": "how well units predict these neurons\n"
    f"(rodent encode recording.h5 spikes.npz --layer {LAYER} --json)",
}


@dataclasses.dataclass(frozen=True)
class Plan:
    """How much of everything the demo makes."""

    clips: int = 24
    frames: int = 500
    """Of a clip. All clips together must be long enough for the null of the regression."""
    minutes: float | None = None
    steps: int | None = None
    """Bounds of the training; one is needed."""
    network: NetworkConfig = dataclasses.field(
        default_factory=lambda: NetworkConfig(latent=16, encoder=(128,), decoder=(128, 128), value=(128,))
    )
    ppo: PPOConfig = dataclasses.field(default_factory=lambda: PPOConfig(num_envs=128, minibatches=4))
    picture: tuple[int, int] = (640, 480)
    """Width and height of the film, pixels."""
    neurons: int = 10
    """Of each kind."""
    encoding: EncodingSettings = dataclasses.field(default_factory=EncodingSettings)


@dataclasses.dataclass(frozen=True)
class Demo:
    """Go the whole way on built-in motion: train, evaluate, record, film, compare with neurons.

    Example: rodent demo --out demo
    """

    out: Path = Path("demo")
    """Folder for all that comes of it: a new one, or an empty one."""
    minutes: float = 0.75
    """How long to train, compiling included. All else takes a minute or two."""
    json: bool = False
    """Print the result as one JSON object."""

    def run(self) -> None:
        """Make everything, then say what came of it."""
        if not self.minutes > 0:
            raise InputError(f"--minutes is {self.minutes:g}; it must be more than nought")
        from rodent.cli.output import print_json, print_table, say
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        result = make_demo(self.out, Plan(minutes=self.minutes))
        if self.json:
            print_json(result)
            return
        neurons = result["corrected_bits_per_spike"]
        print_table(
            ["result", "value"],
            [
                ["clips tracked to the end", f"{result['success_rate']:.0%}"],
                ["root position error", f"{result['root_position_error_mm']:.1f} mm"],
                ["neurons driven by units", _bits(neurons["driven"])],
                ["neurons that only drift", _bits(neurons["drifting"])],
            ],
        )
        say(f"what lies in {self.out} is told in {self.out / 'README.txt'}")


def make_demo(out: Path, plan: Plan) -> dict[str, Any]:
    """Go the whole way into a new folder, saying what is done and why.

    Returns:
        the figures of the closing table, and the files made.

    Raises:
        InputError: the folder is not empty, or what the comparison needs is not installed.
    """
    from analysis.encoder import load_nemos
    from rodent.cli.output import say
    from rodent.files import explain_os_errors

    load_nemos()  # not found missing after minutes
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists already; remove it, or choose another folder: --out FOLDER")
    with explain_os_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    say("No measured motion, no measured neurons: all data here are synthetic, to show the way.")
    trained = _train(out, plan)
    tracking = _evaluate(out)
    lost = _record(out)
    no_video = _film(out, plan)
    bits = _compare(out, plan)
    _write_readme(out, no_video)
    return {
        "out": str(out),
        "files": [str(out / name) for name in FILES if (out / name).exists()],
        "steps": trained["steps"],
        "success_rate": tracking["success_rate"],
        "root_position_error_mm": tracking["mean"]["root_position_error_mm"],
        "times_lost_while_recording": lost,
        "no_video_because": no_video,
        "layer": LAYER,
        "corrected_bits_per_spike": bits,
    }


def _train(out: Path, plan: Plan) -> dict[str, Any]:
    from rodent.body import Body
    from rodent.cli.output import say
    from rodent.motion.clip import write_clips
    from rodent.motion.sway import swaying_clips
    from training import train

    config = TrainConfig(network=plan.network, ppo=plan.ppo)
    clips = swaying_clips(Body(config.body), plan.frames, plan.clips)
    write_clips(clips, out / "clips.h5")
    say(f"1. Motion: {len(clips)} clips of {clips[0].duration:g} s: a rat stands, sways and looks around.")
    bound = f"{plan.minutes:g} min" if plan.minutes else f"{plan.steps:,} steps"
    say(
        f"2. Training for {bound}, by reward for being where the motion wants the rat. Its servos alone\n"
        "   nearly hold so easy a motion, and a minute adds nothing: real motion needs learning, and longer."
    )
    return train.start(out / "clips.h5", out / "run", config, plan.minutes, plan.steps)


def _evaluate(out: Path) -> dict[str, Any]:
    from rodent.cli.output import say, write_json
    from rodent.motion.clip import read_clips
    from rodent.policy.policy import load_policy
    from training.evaluate import evaluate

    say("3. Evaluating: every clip from its first frame to its last, or until the rat has lost it.")
    found = evaluate(load_policy(out / "run"), read_clips(out / "clips.h5"))
    write_json(found, out / "evaluation.json")
    return found


def _record(out: Path) -> int:
    from rodent.cli.output import say
    from rodent.motion.clip import read_clips
    from rodent.policy.policy import load_policy
    from rodent.rollout import record

    say(
        "4. Recording the rat and every unit of its network; if it loses its reference, it is put back on it."
    )
    origin = {"policy_folder": str(out / "run"), "clips": str(out / "clips.h5")}
    clips = read_clips(out / "clips.h5")
    policy, file = load_policy(out / "run"), out / "recording.h5"
    return record(policy, clips, file, origin=origin, on_failure="restart")["failures"]


def _film(out: Path, plan: Plan) -> str | None:
    """Film the first clip; returns why there is no film, if there is none."""
    from rodent.cli.output import say
    from rodent.render import NoOpenGLError, RenderOptions, render

    say("5. Filming the first clip: the rat with fur, and blue what it was asked to do.")
    options = RenderOptions(ghost=True, size=plan.picture, fps=25.0, clips=("sway_0",))
    try:
        render(out / "recording.h5", out / "video.mp4", options)
    except NoOpenGLError as error:
        say(f"   THERE IS NO FILM, the rest goes on without it: {error}")
        return str(error)
    return None


def _compare(out: Path, plan: Plan) -> dict[str, dict[str, float]]:
    """Simulate neurons and regress them on the units; returns the scores of both kinds."""
    from analysis.encoding import cross_validate, n_fits
    from analysis.simulation import simulate_neurons
    from analysis.spikefile import read_spikes
    from analysis.timeline import Timeline
    from rodent.cli.output import say, write_json
    from rodent.progress import progress
    from rodent.recording import open_recording

    say(
        f"6. Neurons: {plan.neurons} driven by units of {LAYER}, {plan.neurons} that only drift, all\n"
        "   regressed on these units, less what that earns on spikes shifted in time."
    )
    with (
        open_recording(out / "recording.h5") as recording,
        progress("regressing", n_fits(plan.encoding), "fits") as advance,
    ):
        timeline = Timeline.of(list(recording.rollouts.values()), recording.fps, BIN_SECONDS)
        simulated = simulate_neurons(timeline, LAYER, plan.neurons, seed=0)
        simulated.write(out / "spikes.npz")
        session = read_spikes(out / "spikes.npz").on_bins(timeline.n_bins, BIN_SECONDS, offset=None)
        result = cross_validate(timeline, session, LAYER, plan.encoding, advance)
    truth = dict(zip(simulated.names, simulated.driven, strict=True))
    driven = [truth[name] for name in result.names]
    bits = {"driven": _scores(result, driven), "drifting": _scores(result, [not d for d in driven])}
    found = {
        "bin_seconds": BIN_SECONDS,
        "layers": [result.to_json()],
        "corrected_bits_per_spike": bits,
        "notes": timeline.notes,
        "settings": dataclasses.asdict(plan.encoding),
    }
    write_json(found, out / "encoding.json")
    return bits


def _scores(result: "EncodingResult", which: list[bool]) -> dict[str, float]:
    """Corrected bits per spike of some neurons."""
    bits = result.corrected_bits_per_spike[which]
    return {"neurons": len(bits), "mean": bits.mean(), "sem": bits.std(ddof=1) / len(bits) ** 0.5}


def _bits(scores: dict[str, float]) -> str:
    return f"{scores['mean']:+.3f} ± {scores['sem']:.3f} bits per spike ({scores['neurons']})"


def _write_readme(out: Path, no_video: str | None) -> None:
    lines = [
        "What `rodent demo` made of synthetic motion and simulated neurons.",
        "The commands are for this folder.",
        "",
    ]
    for name, what in FILES.items():
        told = f"missing: {no_video}" if name == "video.mp4" and no_video else what
        lines += [name, *(f"    {line}" for line in told.splitlines())]
    (out / "README.txt").write_text("\n".join(lines) + "\n")
