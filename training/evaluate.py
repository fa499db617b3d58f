"""Measure how well a policy tracks clips: the project's one definition of the figures."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax
import numpy as np

from rodent.body import END_EFFECTORS, Body
from rodent.motion.clip import Clip, ClipSet, require_body
from rodent.policy.policy import Normalizer, Policy
from rodent.rollout import Player
from rodent.tasks.metrics import TrackingError
from rodent.tasks.reference import build_reference, control_timestep

_FAILED_MM, _FAILED_DEGREES = 50.0, 90.0
_ERRORS = (
    "root_position_error_mm",
    "root_orientation_error_deg",
    "joint_angle_error_deg",
    "body_position_error_mm",
)


@dataclasses.dataclass(frozen=True)
class Trace:
    """Errors of one clip, frame by frame; arrays lead with (frames,).

    Attributes:
        name, behavior: of the clip.
        root_position, body_position: millimetres.
        root_orientation, joint_angle: degrees.
        end_effector: millimetres, shape (frames, 5), in the order of `END_EFFECTORS`.
        failed: whether the rat had lost the reference at a frame.
    """

    name: str
    behavior: str
    root_position: np.ndarray
    root_orientation: np.ndarray
    joint_angle: np.ndarray
    body_position: np.ndarray
    end_effector: np.ndarray
    failed: np.ndarray


def trace_clips(
    player: Player,
    variables: Mapping[str, Any],
    normalizer: Normalizer,
    clips: ClipSet,
    chosen: np.ndarray | None = None,
    frames: int | None = None,
    advance: Callable[[int], None] = lambda steps: None,
) -> list[Trace]:
    """Play clips, player.n at a time, and keep their errors.

    Args:
        player: bound to the clips' reference.
        variables, normalizer: of the policy.
        clips: the clips of that reference.
        chosen: which of them; None for all.
        frames: at most so many of each; None for all.
        advance: told of every control step.
    """
    chosen = np.arange(len(clips)) if chosen is None else chosen
    traces: list[Trace] = []
    for begin in range(0, len(chosen), player.n):
        # the last group is filled up by repeating its last clip
        group = chosen[np.minimum(np.arange(begin, begin + player.n), len(chosen) - 1)]
        rows = []
        for row in player.play(variables, normalizer, group, frames=frames):
            rows.append((row.error, row.failed))
            advance(1)
        error, lost = jax.tree.map(lambda *x: np.stack(x, 1), *rows)
        traces += [
            _trace(clips[int(k)], jax.tree.map(lambda x, i=i: x[i], error), lost[i])
            for i, k in enumerate(group[: len(chosen) - begin])
        ]
    return traces


def _trace(clip: Clip, error: TrackingError, lost: np.ndarray) -> Trace:
    """The first frames of a rat's errors, as many as its clip has."""
    n = clip.n_frames
    return Trace(
        name=clip.name,
        behavior=clip.behavior,
        root_position=1e3 * error.root_position[:n],
        root_orientation=np.degrees(error.root_orientation[:n]),
        joint_angle=np.degrees(error.joint_angle[:n]),
        body_position=1e3 * error.body_position[:n],
        end_effector=1e3 * error.end_effector[:n],
        failed=lost[:n],
    )


def scores(traces: list[Trace]) -> dict[str, Any]:
    """The tracking metrics of a set of clips, as `rodent evaluate --json` gives them."""
    clips = [clip_scores(trace) for trace in traces]
    return {
        "clips": clips,
        "mean": mean_scores(clips),
        "success_rate": _mean(clip["success"] for clip in clips),
        **{f"success_rate_{mm}mm": _mean(_survived(trace, mm) for trace in traces) for mm in (20, 30, 50)},
    }


def clip_scores(trace: Trace) -> dict[str, Any]:
    """The tracking metrics of one clip: errors over the frames alive and, `_all_frames`, over
    all frames with those after the failure counted as 50 mm or 90 degrees.
    """
    frames = len(trace.failed)
    lifespan = int(np.argmax(trace.failed)) if trace.failed.any() else frames
    figures: dict[str, Any] = {
        "name": trace.name,
        "behavior": trace.behavior,
        "frames": frames,
        "lifespan_frames": lifespan,
        "success": lifespan == frames,
    }
    for name in _ERRORS:
        values = getattr(trace, name.rsplit("_error_", 1)[0])[:lifespan]
        worst = _FAILED_DEGREES if name.endswith("deg") else _FAILED_MM
        figures[name] = float(values.mean()) if lifespan else worst
        figures[f"{name}_all_frames"] = float((values.sum() + worst * (frames - lifespan)) / frames)
    effectors = trace.end_effector[:lifespan]
    mean = effectors.mean(0) if lifespan else np.full(len(END_EFFECTORS), _FAILED_MM)
    figures["end_effector_error_mm"] = {name: float(x) for name, x in zip(END_EFFECTORS, mean, strict=True)}
    return figures


def mean_scores(clips: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean over clips of every figure."""
    mean: dict[str, Any] = {}
    for key, value in clips[0].items():
        if isinstance(value, Mapping):
            mean[key] = {part: _mean(clip[key][part] for clip in clips) for part in value}
        elif not isinstance(value, str):
            mean[key] = _mean(clip[key] for clip in clips)
    return mean


def _survived(trace: Trace, limit_mm: float) -> bool:
    """Whether no frame's root or mean body position is further off, nor the rat otherwise lost."""
    worst = max(trace.root_position.max(), trace.body_position.max())
    return bool(worst <= limit_mm and not trace.failed.any())


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def evaluate(
    policy: Policy, clips: ClipSet, at_once: int = 64, advance: Callable[[int], None] = lambda steps: None
) -> dict[str, Any]:
    """The tracking metrics of a policy on clips, played from their first frames by its mean action.

    `advance` is told of each of the `n_steps` control steps that it takes.

    Raises:
        InputError: the clips belong to a body of another scale.
    """
    body = Body(policy.body)
    require_body(clips, body)
    reference = build_reference(clips, body)
    at_once = min(at_once, len(clips))
    player = Player(body, policy.task, policy.network_config, reference, at_once, control_timestep(clips))
    return scores(trace_clips(player, policy.variables, policy.normalizer, clips, advance=advance))


def n_steps(clips: ClipSet, at_once: int = 64) -> int:
    """How many control steps `evaluate` takes: for so many clips at once those of the longest."""
    groups = range(0, len(clips), at_once)
    return sum(max(clip.n_frames for clip in clips.clips[i : i + at_once]) for i in groups)
