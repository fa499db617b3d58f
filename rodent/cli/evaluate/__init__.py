"""`rodent evaluate`: measure how well a policy tracks clips."""

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tyro

from rodent.errors import InputError

if TYPE_CHECKING:
    from rodent.clips.clip import ClipSet

_HEADINGS = {
    "lifespan_frames": "lifespan",
    "root_position_error_mm": "root mm",
    "root_orientation_error_deg": "root deg",
    "joint_angle_error_deg": "joints deg",
    "body_position_error_mm": "bodies mm",
}


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Measure the performance of a policy in its task, such as tracking clips from their first frames.

    A run folder stores its clips and the split; --split test plays the held-out clips. If the task has no
    clips, --episodes sets the number of episodes.

    Example: rodent evaluate runs/walk --clips clips.h5 --report tracking.html
    """

    policy: tyro.conf.Positional[Path]
    """A run folder or a policy folder."""
    clips: Path | None = None
    """Reference motion: a clip file, or anything that `rodent clips import` reads. By default the clips of
    the run."""
    split: Literal["all", "train", "test"] = "all"
    """Which of the run's clips: training clips, held-out clips, or all."""
    episodes: int = 24
    """Number of episodes of a task without clips."""
    report: Path | None = None
    """Write an HTML report: lifespans, tracking errors, errors over time, and the cause of each failure."""
    threads: int = 0
    """CPU threads that step the physics; 0 for one per core. Results do not depend on it."""
    json: bool = False
    """Print the tracking metrics as one JSON object."""

    def run(self) -> None:
        """Evaluate; see the class."""
        from rodent.cli.output import print_json
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from rodent.files import atomic_path
        from rodent.policy.policy import load_policy
        from rodent.progress import progress
        from rodent.rollout import policy_episodes
        from training.evaluate import n_steps, scores, trace_policy

        policy = load_policy(self.policy)
        clips, split = self._clips() if policy.task.needs_clips or self.clips else (None, None)
        _, episodes = policy_episodes(policy, clips, self.episodes)
        with contextlib.ExitStack() as stack:
            # before the evaluation, so that an unwritable path is reported first
            page = None if self.report is None else stack.enter_context(atomic_path(self.report))
            with progress("evaluating", n_steps(episodes), "steps") as advance:
                traces = trace_policy(
                    policy, clips, count=self.episodes, advance=advance, threads=self.threads
                )
            found = scores(traces, split)
            if page is not None:
                from rodent.cli.evaluate.page import write_report

                write_report(page, str(self.policy), found, traces)
        if self.json:
            print_json(found)
        else:
            _print(found)

    def _clips(self) -> "tuple[ClipSet, dict[str, list[str]] | None]":
        """The clips to play, and the names of training and test clips, if they are those of the run."""
        from rodent.clips.reading import clips_path, read_clips
        from training.runs import open_run, read_own_clips

        path = None if self.clips is None else clips_path(self.clips)
        if path is not None and self.split == "all":
            return read_clips(path), None
        if not (self.policy / "config.json").is_file():
            fix = "give the clips: --clips FILE" if path is None else f"omit --split {self.split}"
            raise InputError(f"{self.policy} is not a run folder, so its clips and split are unknown; {fix}")
        run = open_run(self.policy)
        clips = read_own_clips(run, path)
        if self.split == "all":
            return clips, run.split
        if not run.split[self.split]:
            raise InputError(f"{self.policy} was trained on all its clips; none are held out (--split test)")
        return clips.subset(run.split[self.split]), run.split


def columns_of(found: dict[str, Any]) -> dict[str, str]:
    """The metrics shown for every clip, by heading: frames, lifespan, and errors before a failure."""
    figures = [key for key, value in found["mean"].items() if isinstance(value, float)]
    keys = [key for key in figures if key != "success" and not key.endswith("_all_frames")]
    return {_HEADINGS.get(key, key.replace("_", " ")): key for key in keys}


def _print(found: dict[str, Any]) -> None:
    """A table of clips, one of groups of clips, and a line of successes."""
    from rodent.cli.output import print_table

    known, columns = ["split"] if "splits" in found else [], columns_of(found)
    figures = columns.values()
    rows = [[clip[key] for key in ("name", "behavior", *known, *figures)] for clip in found["clips"]]
    ended = [(clip["ended_by"] or "").replace("_", " ") for clip in found["clips"]]
    mean = ["mean", "", *([""] * len(known)), *(found["mean"][key] for key in figures)]
    rows = [[*row, by] for row, by in zip([*rows, mean], [*ended, ""], strict=True)]
    print_table(["clip", "behavior", *known, *columns, "ended by"], rows)
    groups = groups_of(found)
    if groups:
        print()
        print_table(["", "clips", "success", *columns], [_group_row(found, *one) for one in groups.items()])
    print(f"success: {found['success_rate']:.0%} of the clips tracked to the end{_within(found)}")


def _within(found: dict[str, Any]) -> str:
    """Success within distances, of a task that has them."""
    rates = {mm: found.get(f"success_rate_{mm}mm") for mm in (50, 30, 20)}
    return "".join(f", {rate:.0%} within {mm} mm" for mm, rate in rates.items() if rate is not None)


def groups_of(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The means of training and test clips and of each behavior, if there are two or more."""
    groups: dict[str, dict[str, Any]] = {}
    for kind, key in (("splits", "split"), ("behaviors", "behavior")):
        rows = found.get(kind, [])
        if len(rows) > 1:
            groups |= {row[key] or "no behavior": row for row in rows}
    return groups


def _group_row(found: dict[str, Any], name: str, group: dict[str, Any]) -> list[Any]:
    figures = (group[key] for key in columns_of(found).values())
    return [name, group["clips"], f"{group['success']:.0%}", *figures]
