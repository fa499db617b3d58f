"""Does a twin that was fitted to intact activity foresee a lesion?

python examples/experiments/twin_lesion.py --out twin-lesion

Writes twin-lesion/twin-lesion.json and twin-lesion/twin-lesion.png. The question, the design and the findings
are in docs/pages/experiments/twin-lesion.md.
"""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import tyro
from matplotlib.figure import Figure

from analysis.effects.foresight import determination
from analysis.twin.adaptation import adapt
from analysis.twin.glm import glm_rates
from analysis.twin.session import Stream, TwinSession
from analysis.twin.settings import AdaptSettings, TwinSettings
from analysis.twin.twin import Twin
from rodent import load_policy
from rodent.clips.clip import ClipSet, joined
from rodent.jax_setup import cache_compilations
from rodent.pages.drawing import COLORS, GREY
from rodent.policy.policy import Policy
from rodent.recording import Recording, open_recording
from rodent.rollouts import record
from rodent.scene import make_scene
from rodent.synthesis.library import rear_clips, walk_clips

SITE, READ = "decoder/layer_0", "decoder/layer_1"
"""The layer that lesions are in, and the next one, whose units stand for neurons."""
INTACT = "intact"
LESIONS = {
    "silence 25 % of layer 0": f"silence {SITE}[25%] to mean",
    "silence 50 % of layer 0": f"silence {SITE}[50%] to mean",
    "layer 0 × 0.5": f"gain {SITE} by 0.5",
    "silence 25 % of latents": "silence latent/sample[25%] to mean",
}
SETTINGS = TwinSettings(likelihood="gaussian", slow_state=False, lag_seconds=0.1, least_animals=1)
ADAPTATION = AdaptSettings(block_seconds=20.0)


@dataclasses.dataclass(frozen=True)
class Options:
    """What is played."""

    out: Path
    """Folder to create."""
    policy: str = "rat-neutral"
    """The policy."""
    walks: int = 36
    """Synthetic walks; every third clip is held out."""
    rears: int = 12
    """Synthetic rears."""
    units: int = 60
    """Units that stand for neurons, drawn from those that vary most."""
    onset: int = 60
    """Frame at which lesions begin."""
    early: int = 5
    """Frames after it that are the early response; the others are the late one."""
    steps: int = SETTINGS.steps
    """Steps for which the twin is trained."""


class Score(NamedTuple):
    """R² of a model: of activity, and of the response, about zero, early and late."""

    activity: float
    early: float
    late: float


def recordings(options: Options, policy: Policy, clips: ClipSet) -> Iterator[tuple[str, Path]]:
    """Conditions, and a recording of each; the lesions only of held-out clips."""
    path = options.out / "intact.h5"
    record(policy, clips, path)
    yield INTACT, path
    held_out = clips[2::3]
    for i, (name, act) in enumerate(LESIONS.items()):
        path = options.out / f"lesion_{i}.h5"
        record(policy, held_out, path, interventions=[f"{act} from frame {options.onset}"])
        yield name, path


class Activity(NamedTuple):
    """Frames of some rollouts of a condition, one after the other, and a number of each rollout.

    Attributes:
        joints, velocities: of the body, shape (frames, joints).
        site, read: units of both layers, shape (frames, units).
        rollout, frame: of each, shape (frames,); the rollout is -1 after its failure.
    """

    joints: np.ndarray
    velocities: np.ndarray
    site: np.ndarray
    read: np.ndarray
    rollout: np.ndarray
    frame: np.ndarray


def activity(recording: Recording, names: list[str]) -> Activity:
    """Of the rollouts with these names."""
    parts = []
    for i, name in enumerate(names):
        one = recording.rollouts[name]
        frames = np.arange(one.n_frames)
        number = np.where(frames < int(one.outcomes["lifespan"]), i, -1)
        units = [one.read(f"units/{layer}") for layer in (SITE, READ)]
        parts.append((one.read("qpos")[:, 7:], one.read("qvel")[:, 6:], *units, number, frames))
    return Activity(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def session(parts: list[Activity], joints: tuple[str, ...], units: np.ndarray, site: bool) -> TwinSession:
    """Activity of several conditions as one session; streams are the site of the lesion, or the body."""
    rollouts, last = [], 0
    for part in parts:
        rollouts.append(np.where(part.rollout >= 0, part.rollout + last, -1))
        last += int(part.rollout.max()) + 1
    if site:
        streams = (Stream.named(SITE, np.concatenate([part.site for part in parts]), ()),)
    else:
        streams = (
            Stream.named("joints", np.concatenate([part.joints for part in parts]), joints),
            Stream.named("velocities", np.concatenate([part.velocities for part in parts]), joints),
        )
    return TwinSession(
        name="units",
        animal="rat",
        streams=streams,
        counts=np.concatenate([part.read for part in parts])[:, units],
        neurons=tuple(f"unit_{i}" for i in units),
        bin_seconds=0.02,
        piece=np.concatenate(rollouts),
    )


def foresight(
    options: Options, parts: dict[str, Activity], joints: tuple[str, ...]
) -> dict[str, dict[str, Score]]:
    """R² by model and condition.

    Args:
        options: units, onset, and steps.
        parts: the fitted clips, and the held-out ones of every condition, the intact one first.
        joints: names of the columns of the body.
    """
    order = list(parts.values())
    varied = np.argsort(-order[0].read.std(0))[: 2 * options.units]
    units = np.sort(np.random.default_rng(0).permutation(varied)[: options.units])
    owner = np.repeat(np.arange(len(order)), [len(part.frame) for part in order])
    frame = np.concatenate([part.frame for part in order])
    rollout = np.concatenate([part.rollout for part in order])
    true = np.concatenate([part.read for part in order])[:, units]
    settings = dataclasses.replace(SETTINGS, steps=options.steps)
    found: dict[str, dict[str, Score]] = {}
    for model, predicted, rows in predictions(order, joints, units, settings):
        values = np.full((len(owner), len(units)), np.nan)
        values[rows] = predicted
        of = _scores(options, values, true, owner, frame, rollout)
        found[model] = dict(zip(list(parts)[1:], of, strict=True))
    return found


def predictions(
    order: list[Activity], joints: tuple[str, ...], units: np.ndarray, settings: TwinSettings
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name of each model, its predictions, and their rows; all are fitted to the first part alone."""
    for name, site, core in (("twin", False, "mlp"), ("layer 0", True, "streams")):
        everything = session(order, joints, units, site)
        twin = Twin(dataclasses.replace(settings, core=core)).fit([session(order[:1], joints, units, site)])
        rows = twin.windows(everything).rows
        given = int(np.searchsorted(rows, len(order[0].frame)))
        readouts = adapt(twin, everything, ADAPTATION, given * everything.bin_seconds / 60)
        yield name, readouts.predict(twin, everything), rows
        if not site:
            reach = int(twin.plan.lags[-1])
            yield "GLM", glm_rates(everything, rows, given, reach, ADAPTATION, "gaussian")[0], rows


def _scores(
    options: Options,
    values: np.ndarray,
    true: np.ndarray,
    owner: np.ndarray,
    frame: np.ndarray,
    rollout: np.ndarray,
) -> Iterator[Score]:
    """The score of each condition, the held-out intact one first."""
    intact = {(r, t): i for i, (r, t) in enumerate(zip(rollout, frame, strict=True)) if owner[i] == 1}
    for condition in range(1, owner.max() + 1):
        rows = np.flatnonzero((owner == condition) & (rollout >= 0) & np.isfinite(values[:, 0]))
        after = rows[frame[rows] >= options.onset]
        pairs = [(i, intact[rollout[i], frame[i]]) for i in after]
        i, j = np.array([(i, j) for i, j in pairs if np.isfinite(values[j, 0])]).T
        response, expected = true[i] - true[j], values[i] - values[j]
        early = frame[i] < options.onset + options.early
        by_time = [
            determination(response[when], expected[when], about="zero") if response[when].any() else np.nan
            for when in (early, ~early)
        ]
        yield Score(determination(true[after], values[after]), *by_time)


def draw(found: dict[str, dict[str, Score]]) -> Figure:
    """R² by condition: a dot for each model."""
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    titles = ("activity", "response in the first 100 ms", "response later")
    names = list(next(iter(found.values())))
    for axes, key, title in zip(panels, Score._fields, titles, strict=True):
        for k, (model, scores) in enumerate(found.items()):
            values = np.array([getattr(scores[name], key) for name in names], float)
            shown = np.clip(values, -1, 1)
            axes.plot(shown, np.arange(len(names)) + 0.15 * (k - 1), "o", color=COLORS[k], label=model)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.set(title=title, xlabel="R² (below -1 at -1)", xlim=(-1.05, 1.05))
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(found), frameon=False)
    return figure


def main(options: Options) -> None:
    """Play, fit and write."""
    matplotlib.use("Agg")
    cache_compilations()
    options.out.mkdir()
    policy = load_policy(options.policy)
    scene = make_scene(policy.scene)
    made = {"walks": walk_clips(scene, options.walks), "rears": rear_clips(scene, options.rears)}
    clips = joined(list(made.items()))
    parts: dict[str, Activity] = {}
    for name, path in recordings(options, policy, clips):
        with open_recording(path) as recording:
            names = list(recording.rollouts)
            if name == INTACT:
                parts["fitted"] = activity(recording, [one for i, one in enumerate(names) if i % 3 != 2])
                names = names[2::3]
            parts[name] = activity(recording, names)
        path.unlink()
    found = foresight(options, parts, scene.joint_names)
    scores = {m: {name: one._asdict() for name, one in of.items()} for m, of in found.items()}
    (options.out / "twin-lesion.json").write_text(json.dumps(scores, indent=2) + "\n")
    draw(found).savefig(options.out / "twin-lesion.png", dpi=110)
    for model, of in found.items():
        for name, one in of.items():
            print(f"{model:8} {name:26} activity, response early and late", *(f"{x:6.2f}" for x in one))


if __name__ == "__main__":
    main(tyro.cli(Options))
