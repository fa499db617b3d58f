"""Measure how well a policy tracks clips: the project's one definition of the figures."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax
import numpy as np

from rodent.body import END_EFFECTORS, Body
from rodent.clips.clip import Clip, ClipSet
from rodent.clips.validate import require_body
from rodent.policy.agent import Params
from rodent.policy.policy import Normalizer, Policy
from rodent.rollout import Player
from rodent.tasks.metrics import TrackingError
from rodent.tasks.reference import build_reference, control_timestep
from training.survival import THRESHOLDS_MM, alive_by_frame, ended_by, success_within

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

    @property
    def lifespan(self) -> int:
        """Frames before the failure; without one, all."""
        return int(np.argmax(self.failed)) if self.failed.any() else len(self.failed)


def trace_clips(
    player: Player,
    params: Params,
    normalizer: Normalizer,
    clips: ClipSet,
    chosen: np.ndarray | None = None,
    frames: int | None = None,
    advance: Callable[[int], None] = lambda steps: None,
) -> list[Trace]:
    """Play clips, player.n at a time, and keep their errors.

    Args:
        player: bound to the clips' reference.
        params, normalizer: of the policy.
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
        for row in player.play(params, normalizer, group, frames=frames):
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


def scores(traces: list[Trace], split: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """The tracking metrics of a set of clips, as `rodent evaluate --json` gives them.

    Args:
        traces: of the clips.
        split: names of clips by part of a run, `train` and `test`, where that is known.
    """
    clips: list[dict[str, Any]] = [clip_scores(trace) for trace in traces]
    groups = {"behaviors": grouped_scores("behavior", clips)}
    if split is not None:
        part_of = {name: part for part, names in split.items() for name in names}
        clips = [clip | {"split": part_of[clip["name"]]} for clip in clips]
        groups["splits"] = grouped_scores("split", clips)
    frame, alive = alive_by_frame(traces)
    success = dict(zip(THRESHOLDS_MM.tolist(), success_within(traces, THRESHOLDS_MM).tolist(), strict=True))
    root = success_within(traces, THRESHOLDS_MM, ("root_position",))
    return {
        "clips": clips,
        **groups,
        "mean": mean_scores(clips),
        "success_rate": _mean(clip["success"] for clip in clips),
        **{f"success_rate_{mm}mm": success[mm] for mm in (20, 30, 50)},
        "survival_frames": {"frame": frame.tolist(), "alive": alive.tolist()},
        "survival_mm": {
            "threshold": list(success),
            "success": list(success.values()),
            "root_position": root.tolist(),
        },
    }


def clip_scores(trace: Trace) -> dict[str, Any]:
    """The tracking metrics of one clip: errors over the frames alive and, `_all_frames`, over
    all frames with those after the failure counted as 50 mm or 90 degrees.
    """
    frames = len(trace.failed)
    lifespan = trace.lifespan
    figures: dict[str, Any] = {
        "name": trace.name,
        "behavior": trace.behavior,
        "frames": frames,
        "lifespan_frames": lifespan,
        "success": lifespan == frames,
        "ended_by": ended_by(trace),
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


def grouped_scores(key: str, clips: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean of every group of clips that agree in a figure, the groups as they first appear."""
    kinds = dict.fromkeys(clip[key] for clip in clips)
    groups = {kind: [clip for clip in clips if clip[key] == kind] for kind in kinds}
    return [{key: kind, "clips": len(group)} | mean_scores(group) for kind, group in groups.items()]


def mean_scores(clips: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean over clips of every number."""
    mean: dict[str, Any] = {}
    for key, value in clips[0].items():
        if isinstance(value, Mapping):
            mean[key] = {part: _mean(clip[key][part] for clip in clips) for part in value}
        elif isinstance(value, int | float):
            mean[key] = _mean(clip[key] for clip in clips)
    return mean


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def trace_policy(
    policy: Policy,
    clips: ClipSet,
    at_once: int = 64,
    advance: Callable[[int], None] = lambda steps: None,
    threads: int = 0,
) -> list[Trace]:
    """Errors of a policy on clips, played from their first frames by its mean action.

    `advance` is told of each of the `n_steps` control steps that it takes; `threads` step the physics, 0 for
    one per core.

    Raises:
        InputError: the clips belong to a body of another scale, or threads is negative.
    """
    body = Body(policy.body)
    require_body(clips, body)
    reference = build_reference(clips, body)
    at_once = min(at_once, len(clips))
    timestep = control_timestep(clips)
    player = Player(body, policy.task, policy.network_config, reference, at_once, timestep, threads=threads)
    return trace_clips(player, policy.params, policy.normalizer, clips, advance=advance)


def evaluate(
    policy: Policy, clips: ClipSet, at_once: int = 64, advance: Callable[[int], None] = lambda steps: None
) -> dict[str, Any]:
    """The tracking metrics of a policy on clips; see `trace_policy` and `scores`."""
    return scores(trace_policy(policy, clips, at_once, advance))


def n_steps(clips: ClipSet, at_once: int = 64) -> int:
    """How many control steps `trace_policy` takes: for so many clips at once those of the longest."""
    groups = range(0, len(clips), at_once)
    return sum(max(clip.n_frames for clip in clips.clips[i : i + at_once]) for i in groups)
