"""Metrics of a policy in its task, such as tracking clips; all commands use these definitions."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from rodent.policy.agent import Params
from rodent.policy.policy import Normalizer, Policy
from rodent.rollouts import RolloutRunner
from rodent.rollouts.episodes import EPISODES, Clips, Episode, policy_episodes
from rodent.tasks.task import Metric, Played, Task
from training.evaluation import Evaluation
from training.survival import THRESHOLDS_MM, alive_by_frame, ended_by, limits, success_within


@dataclasses.dataclass(frozen=True)
class Trace:
    """Errors of one episode, frame by frame; arrays lead with (frames,).

    Attributes:
        name, behavior: of the episode.
        metrics: label, factor and limit of each error.
        errors: by name, in the units of the report.
        failed: whether the episode has failed, for every frame.
    """

    name: str
    behavior: str
    metrics: Mapping[str, Metric]
    errors: Mapping[str, np.ndarray]
    failed: np.ndarray

    @property
    def lifespan(self) -> int:
        """Frames before the failure; all frames if there is none."""
        return int(np.argmax(self.failed)) if self.failed.any() else len(self.failed)


def trace_episodes(
    runner: RolloutRunner,
    params: Params,
    normalizer: Normalizer,
    episodes: list[Episode],
    *,
    frames: int | None = None,
    advance: Callable[[int], None] = lambda steps: None,
) -> list[Trace]:
    """Play episodes, runner.n in parallel, and return their errors.

    Args:
        runner: of the task.
        params, normalizer: of the policy.
        episodes: to play.
        frames: maximal number of frames of each; None for all.
        advance: called after every control step.
    """
    metrics = runner.task.metrics
    traces: list[Trace] = []
    for begin in range(0, len(episodes), runner.n):
        # the last group is padded with its last episode
        group = [episodes[min(i, len(episodes) - 1)] for i in range(begin, begin + runner.n)]
        rows = []
        for row in runner.play(params, normalizer, np.array([one.group for one in group]), frames=frames):
            rows.append((row.metrics, row.failed))
            advance(1)
        errors, lost = jax.tree.map(lambda *x: np.stack(x, 1), *rows)
        for i, one in enumerate(group[: len(episodes) - begin]):
            n = one.frames
            mine = {name: metrics[name].factor * values[i, :n] for name, values in errors.items()}
            traces.append(Trace(one.name, one.behavior, metrics, mine, lost[i, :n]))
    return traces


def scores(traces: list[Trace], split: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """The tracking metrics of a set of clips: the output of `rodent evaluate --json`.

    Args:
        traces: of the clips.
        split: names of the `train` and `test` clips, if known.
    """
    clips: list[dict[str, Any]] = [clip_scores(trace) for trace in traces]
    groups = {"behaviors": grouped_scores("behavior", clips)}
    if split is not None:
        part_of = {name: part for part, names in split.items() for name in names}
        clips = [clip | {"split": part_of[clip["name"]]} for clip in clips]
        groups["splits"] = grouped_scores("split", clips)
    frame, alive = alive_by_frame(traces)
    return {
        "clips": clips,
        **groups,
        "mean": mean_scores(clips),
        "success_rate": _mean(clip["success"] for clip in clips),
        "limits": {traces[0].metrics[name].label: limit for name, limit in limits(traces[0]).items()},
        "survival_frames": {"frame": frame.tolist(), "alive": alive.tolist()},
        **(_success_by_distance(traces) if "root_position" in traces[0].errors else {}),
    }


def task_figures(task: Task[Any], traces: Sequence[Trace]) -> list[dict[str, Any]]:
    """What the task is judged by: rows of `figure`, `value`, `bar`, `at`."""
    played = [Played(trace.errors, np.maximum.accumulate(trace.failed)) for trace in traces]
    return [figure._asdict() for figure in task.figures(played)]


def attainment(figures: Sequence[Mapping[str, Any]], most: float = 1.0) -> float | None:
    """How far a policy has come with its task: mean share of the bars of its figures.

    The share is value / bar of a figure that should be at least its bar, and bar / value of one that should
    be at most its bar; 0 where there is no value, such as the mean interval of no presses.

    Args:
        figures: rows of `task_figures`.
        most: how much a share counts at most; above 1 for how far the bars are surpassed.

    Returns:
        None for a task whose figures have no bars.
    """
    shares = []
    for row in figures:
        value, bar = row["value"], row["bar"]
        if bar is None:
            continue
        if np.isnan(value):
            shares.append(0.0)
        elif row["at"] == "least":
            shares.append(min(most, max(0.0, value / bar)))
        else:
            shares.append(most if most * value <= bar else bar / value)
    return float(np.mean(shares)) if shares else None


def _success_by_distance(traces: list[Trace]) -> dict[str, Any]:
    """Success rates with limits on the distances of root and bodies from the reference."""
    success = dict(zip(THRESHOLDS_MM.tolist(), success_within(traces, THRESHOLDS_MM).tolist(), strict=True))
    root = success_within(traces, THRESHOLDS_MM, ("root_position",))
    return {
        **{f"success_rate_{mm}mm": success[mm] for mm in (20, 30, 50)},
        "survival_mm": {
            "threshold": list(success),
            "success": list(success.values()),
            "root_position": root.tolist(),
        },
    }


def clip_scores(trace: Trace) -> dict[str, Any]:
    """The tracking metrics of one clip: mean errors before the failure.

    In mean errors `_all_frames`, frames after the failure count as the metric's worst value, 50 mm or 90
    degrees. Metrics that a failure does not change are means over all frames.
    """
    frames = len(trace.failed)
    lifespan = trace.lifespan
    metrics: dict[str, Any] = {
        "name": trace.name,
        "behavior": trace.behavior,
        "frames": frames,
        "lifespan_frames": lifespan,
        "success": lifespan == frames,
        "ended_by": ended_by(trace),
    }
    for name, metric in trace.metrics.items():
        if metric.past_failure:
            metrics[metric.label] = float(trace.errors[name].mean())
            continue
        values = trace.errors[name][:lifespan]
        if metric.parts:
            mean = values.mean(0) if lifespan else np.full(len(metric.parts), metric.worst)
            metrics[metric.label] = dict(zip(metric.parts, mean.tolist(), strict=True))
            continue
        metrics[metric.label] = float(values.mean()) if lifespan else metric.worst
        all_frames = (values.sum() + metric.worst * (frames - lifespan)) / frames
        metrics[f"{metric.label}_all_frames"] = float(all_frames)
    return metrics


def deciding_metric(metrics: Mapping[str, Metric]) -> str:
    """The score that decides between policies of equal lifespan: the first single metric, over all frames."""
    first = next(metric for metric in metrics.values() if not metric.parts)
    return first.label if first.past_failure else f"{first.label}_all_frames"


def grouped_scores(key: str, clips: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean of every group of clips with the same value of `key`, in order of appearance."""
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
    clips: Clips = None,
    *,
    count: int = EPISODES,
    at_once: int = 64,
    advance: Callable[[int], None] = lambda steps: None,
    threads: int = 0,
) -> list[Trace]:
    """Errors of a policy in its task, played with its mean action: on clips, from their first frames.

    Args:
        policy: to play; it has its task.
        clips: to track, a set or a list; None for a task without clips.
        count: number of episodes of a task without clips.
        at_once: number of episodes played in parallel.
        advance: called after each of the `n_steps` control steps.
        threads: number of threads that step the physics; 0 for one per core.

    Raises:
        InputError: clips are missing or not needed, they are for a body of another scale, or threads is
            negative.
    """
    task, episodes = policy_episodes(policy, clips, count)
    runner = RolloutRunner(task, policy.agent, min(at_once, len(episodes)), threads=threads)
    return trace_episodes(runner, policy.params, policy.normalizer, episodes, advance=advance)


def evaluate(
    policy: Policy,
    clips: Clips = None,
    *,
    count: int = EPISODES,
    at_once: int = 64,
    advance: Callable[[int], None] = lambda steps: None,
) -> Evaluation:
    """The metrics of a policy in its task; see `trace_policy` and `scores`."""
    traces = trace_policy(policy, clips, count=count, at_once=at_once, advance=advance)
    return Evaluation(scores(traces), traces)


def n_steps(episodes: Sequence[Episode], at_once: int = 64) -> int:
    """Number of control steps of `trace_policy`: of each parallel group, the steps of its longest episode."""
    groups = range(0, len(episodes), at_once)
    return sum(max(one.frames for one in episodes[i : i + at_once]) for i in groups)
