"""Do models that were fitted to intact activity foresee the response to perturbations?

python examples/experiments/foresight.py --out foresight

Writes foresight/foresight.json and foresight/foresight.png. The question, the design and the findings are in
docs/pages/experiments/foresight.md.
"""

import dataclasses
import json
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import tyro
from matplotlib.figure import Figure

from analysis.effects.foresight import Ridge, determination
from rodent import load_policy, read_clips
from rodent.intervention import parsed, planned
from rodent.jax_setup import cache_compilations
from rodent.pages.drawing import COLORS
from rodent.rollouts import RolloutRunner, Show, clip_episodes
from rodent.rollouts.interventions import prepared_for

INTACT = "intact"
PERTURBATIONS = {
    "silence 25 % of layer 0": "silence decoder/layer_0[25%] to mean",
    "layer 0 × 0.5": "gain decoder/layer_0 by 0.5",
    "stimulate 20 % of layer 0": "stimulate decoder/layer_0[20%] by 1 sd",
    "noise in layer 0": "noise decoder/layer_0 by 0.5 sd",
    "silence 25 % of latents": "silence latent/sample[25%] to mean",
    "latents × 0.5": "gain latent/sample by 0.5",
    "stimulate 20 % of latents": "stimulate latent/sample[20%] by 1 sd",
    "noise in latents": "noise latent/sample by 0.5 sd",
}
ACTION = "decoder/action_mean"
MODELS = {
    "behaviour": "",
    "latent": "latent/sample",
    "layer 0": "decoder/layer_0",
    "layer 1": "decoder/layer_1",
}
"""Inputs of each model: a layer, or what the body does and the reference."""


@dataclasses.dataclass(frozen=True)
class Options:
    """What is played."""

    out: Path
    """Folder to create."""
    policy: str = "rat-neutral"
    """The policy."""
    clips: str = "gaits"
    """Reference motion; every second clip is held out."""
    frames: int = 80
    """Control steps of each rollout."""
    onsets: tuple[int, ...] = (20, 35, 50)
    """Frames at which perturbations begin; each has rollouts of its own."""


class Played(NamedTuple):
    """Rollouts; arrays lead with (rollouts, frames).

    Attributes:
        condition: name of the perturbation of each rollout.
        clip: index of its clip.
        onset: first frame of the perturbation.
        alive: frames before the failure.
        inputs: of each model.
        action: of the policy.
    """

    condition: np.ndarray
    clip: np.ndarray
    onset: np.ndarray
    alive: np.ndarray
    inputs: dict[str, np.ndarray]
    action: np.ndarray


def play(options: Options) -> Played:
    """Intact rollouts and those under perturbations, in one batch."""
    policy, clips = load_policy(options.policy), read_clips(options.clips)
    cases = [(INTACT, options.frames)]
    cases += [(name, onset) for name in PERTURBATIONS for onset in options.onsets]
    rows = [(name, onset, clip) for name, onset in cases for clip in range(len(clips))]
    given = [
        [] if name == INTACT else [parsed(f"{PERTURBATIONS[name]} from frame {onset} seed {clip}")]
        for name, onset, clip in rows
    ]
    n = max(64, len(rows))  # from 64 on, results do not depend on the place in the batch
    runner = RolloutRunner.of(policy, clips, n, show=Show(units=True, observation=True))
    acts = [one for row in given for one in row]
    prepared = prepared_for(acts, policy, runner.task, clip_episodes(clips), {})
    padding = n - len(rows)
    plan = planned([*given, *[[]] * padding], prepared, runner.task, numbers=range(n))
    groups = np.array([clip for *_, clip in rows] + [0] * padding)
    steps = list(runner.play(policy.params, policy.normalizer, groups, frames=options.frames, plan=plan))

    def stacked(values: list[np.ndarray]) -> np.ndarray:
        return np.stack(values, 1)[: len(rows)]

    failed = np.logical_or.accumulate(stacked([step.failed for step in steps]), axis=1)
    observed = [np.concatenate([*step.observation.values()], 1) for step in steps]
    inputs = {
        model: stacked(observed if not layer else [step.units[layer] for step in steps])
        for model, layer in MODELS.items()
    }
    action = stacked([step.units[ACTION] for step in steps])
    names, onsets, clip = (np.array(values) for values in zip(*rows, strict=True))
    return Played(names, clip, onsets, ~failed, inputs, action)


def foresight(played: Played) -> dict[str, dict[str, dict[str, float]]]:
    """R² by model and condition: of actions under the perturbation, and of the response at its onset.

    Models are fitted on intact rollouts of every second clip (`fitted on intact`), or on as many frames that
    are drawn from these and from all other perturbations of these clips (`fitted on others, too`). All scores
    are on the other clips.
    """
    held_out = played.clip % 2 == 1
    after = played.alive & (np.arange(played.alive.shape[1]) >= played.onset[:, None])
    intact = played.condition == INTACT
    fits = played.alive & (intact & ~held_out)[:, None]
    found: dict[str, dict[str, dict[str, float]]] = {}
    for model, x in played.inputs.items():
        fitted = Ridge.fit(x[fits], played.action[fits])
        test = played.alive & (intact & held_out)[:, None]
        score = determination(played.action[test], fitted.predict(x[test]))
        found[model] = {INTACT: {"fitted on intact": score}}
        for name in PERTURBATIONS:
            others = after & (~np.isin(played.condition, [INTACT, name]) & ~held_out)[:, None]
            drawn = np.random.default_rng(0).permutation(np.argwhere(fits | others))[: fits.sum()]
            wider = Ridge.fit(x[*drawn.T], played.action[*drawn.T])
            rollouts = np.flatnonzero((played.condition == name) & held_out)
            test = after & np.isin(np.arange(len(after)), rollouts)[:, None]
            scores = {}
            for label, one in (("fitted on intact", fitted), ("fitted on others, too", wider)):
                scores[label] = determination(played.action[test], one.predict(x[test]))
                scores[f"response, {label}"] = _response(played, x, one, rollouts)
            found[model][name] = scores
    return found


def _response(played: Played, x: np.ndarray, model: Ridge, rollouts: np.ndarray) -> float:
    """R² of what a perturbation does in its first frame, in which body and senses are those of the intact."""
    twins = {clip: i for i, clip in enumerate(played.clip) if played.condition[i] == INTACT}
    pairs = [(i, twins[played.clip[i]], played.onset[i]) for i in rollouts]
    pairs = [(i, j, t) for i, j, t in pairs if played.alive[i, t] and played.alive[j, t]]
    i, j, t = np.array(pairs).T
    true = played.action[i, t] - played.action[j, t]
    return determination(true, model.predict(x[i, t]) - model.predict(x[j, t]), about="zero")


def draw(found: dict[str, dict[str, dict[str, float]]]) -> Figure:
    """R² by condition, a row of dots per perturbation and a colour per model."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    titles = {"": "actions under the perturbation", "response, ": "response in its first 20 ms"}
    names = [INTACT, *PERTURBATIONS]
    for axes, (prefix, title) in zip(panels, titles.items(), strict=True):
        for k, model in enumerate(found):
            for label, marker in (("fitted on intact", "o"), ("fitted on others, too", "x")):
                values = [found[model][name].get(prefix + label, np.nan) for name in names]
                places = np.arange(len(names)) + 0.15 * (k - 1.5)
                shown = np.clip(values, -1, 1)
                axes.plot(shown, places, marker, color=COLORS[k], markersize=5, label=f"{model}, {label}")
        axes.axvline(0, color="#98A2B3", linewidth=0.8)
        axes.set(title=title, xlabel="R² (values below -1 at -1)", xlim=(-1.05, 1.05))
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=7)
    return figure


def main(options: Options) -> None:
    """Play, fit and write."""
    matplotlib.use("Agg")
    cache_compilations()
    options.out.mkdir()
    found = foresight(play(options))
    (options.out / "foresight.json").write_text(json.dumps(found, indent=2) + "\n")
    draw(found).savefig(options.out / "foresight.png", dpi=110)
    for model, conditions in found.items():
        for name, scores in conditions.items():
            shown = "  ".join(f"{label} {value:.2f}" for label, value in scores.items())
            print(f"{model:10} {name:28} {shown}")


if __name__ == "__main__":
    main(tyro.cli(Options))
