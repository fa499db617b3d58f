"""Films of an experiment, side by side: the intact rat, an arm, and its control, on one clip.

with tempfile.TemporaryDirectory() as place:
    section = film_section(report, open_experiment(folder), Path(place))
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analysis.effects.cells import named, value_text
from analysis.effects.effect import Effect
from analysis.effects.outcomes import outcome_of
from analysis.effects.report import Report
from rodent.experiment import Experiment, Subject
from rodent.experiment.spec import INTACT
from rodent.experiment.tiling import INTACT as NO_TREATMENT
from rodent.pages.page import Film, Section
from rodent.render import NoOpenGLError, RenderOptions, Shot, render_shots
from rodent.rollouts import RolloutRunner

_RATS = 64  # results do not depend on the place in batches of so many
_OPTIONS = RenderOptions(ghost=True, size=(480, 360), fps=25.0)


class Replay(NamedTuple):
    """Rollouts that are played again for films, the first of which is intact.

    Attributes:
        names: of the rollouts.
        qpos, reference: poses, shape (rollouts, frames, nq).
        alive: frames without failure, shape (rollouts, frames).
        fps: frames per second.
    """

    names: tuple[str, ...]
    qpos: np.ndarray
    reference: np.ndarray
    alive: np.ndarray
    fps: float


def film_section(report: Report, experiment: Experiment, place: Path) -> Section:
    """Films of the strongest arm, in the policy and clip in which its effect is nearest to the mean.

    Args:
        report: of the experiment.
        experiment: with its policies and clips.
        place: an existing folder for the films, which the section reads when the page is written.

    Raises:
        WorkError: a film cannot be encoded.
    """
    effect = strongest(report)
    pairs = report.effects.pairs_
    away = np.abs(report.effects.cells(effect.outcome, effect.arm, effect.dose) - effect.value)
    policy, clip = np.unravel_index(np.nanargmin(away), away.shape)
    subject = experiment.subject(experiment.config.policies.index(pairs.policies[policy]))
    found = replayed(subject, effect, pairs.clips[clip])
    text = (
        f"{named(effect)}: {value_text(effect)} {outcome_of(effect.outcome).label}. Policy "
        f"{pairs.policies[policy]}, clip {pairs.clips[clip]}, in which the effect is nearest to its mean; "
        "played again from the first frame of the clip, without noise. Translucent: the reference."
    )
    films = []
    try:
        for i, name in enumerate(found.names):
            out = place / f"{i}.mp4"
            shot = _shot(found, i)
            render_shots(subject.policy.scene, [shot], out, _OPTIONS)
            films.append(Film(out, name))
    except NoOpenGLError as error:
        return Section("Films", f"{text}\n\nThe films could not be rendered: {error}")
    return Section("Films", text, tuple(films))


def strongest(report: Report) -> Effect:
    """The effect that the fewest animals would show, of arms with a control where there are any.

    If no effect is certain, it is the largest one.
    """
    found = report.proposals or report.shown(report.outcomes[0])
    return next((one for one in found if one.control), found[0])


def replayed(subject: Subject, effect: Effect, clip: str) -> Replay:
    """Play the intact rat, the first draw of an arm and of its control on a clip.

    Args:
        subject: a policy of the experiment.
        effect: of the arm at its dose.
        clip: name of the clip.
    """
    group = list(dict.fromkeys(one.clip for one in subject.conditions)).index(clip)
    frames = max(one.frames for one in subject.conditions if one.clip == clip)
    kinds = ["", *([effect.control] if effect.control else [])]
    treatments = [NO_TREATMENT, *(_first(subject, effect, kind) for kind in kinds)]
    names = (INTACT, named(effect), *(f"control: {kind}" for kind in kinds[1:]))
    runner = RolloutRunner(subject.task, subject.policy.agent, _RATS)
    padded = np.array([*treatments, *[NO_TREATMENT] * (_RATS - len(treatments))])
    plan = subject.plan(padded, np.full(_RATS, frames), np.zeros(_RATS, int))
    rows = list(
        runner.play(
            subject.policy.params, subject.policy.normalizer, np.full(_RATS, group), frames=frames, plan=plan
        )
    )
    n = len(treatments)
    return Replay(
        names=names,
        qpos=np.stack([row.physics.qpos[:n] for row in rows], axis=1),
        reference=np.stack([row.channels["reference"][:n] for row in rows], axis=1),
        alive=~np.logical_or.accumulate(np.stack([row.failed[:n] for row in rows], axis=1), axis=1),
        fps=1 / subject.task.timestep,
    )


def _first(subject: Subject, effect: Effect, control: str) -> int:
    """Index of the treatment with the smallest draw."""
    draws: Sequence[tuple[int, int]] = [
        (one.draw, i)
        for i, one in enumerate(subject.treatments)
        if (one.arm, one.dose, one.control) == (effect.arm, effect.dose, control)
    ]
    return min(draws)[1]


def _shot(found: Replay, i: int) -> Shot:
    qpos, reference, alive = found.qpos[i], found.reference[i], found.alive[i]
    return Shot(found.names[i], len(qpos), found.fps, lambda: qpos, lambda: reference, lambda: alive)
