"""`rodent evaluate`: measure how well a policy tracks clips."""

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tyro

from rodent.errors import InputError

if TYPE_CHECKING:
    from rodent.clips.clip import ClipSet
    from rodent.policy.policy import Policy

_ALL = "_all_frames"
_HEADINGS = {
    "lifespan_frames": "lifespan",
    f"root_position_error_mm{_ALL}": "root mm",
    f"root_orientation_error_deg{_ALL}": "root deg",
    f"joint_angle_error_deg{_ALL}": "joints deg",
    f"body_position_error_mm{_ALL}": "bodies mm",
}


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Measure how well a policy does its task, such as tracking clips from their first frames.

    A run folder stores its clips, and which of them were held out of training: --split test plays those. A
    policy whose task has no clips plays --episodes of it. Errors in the table are means over all frames: a
    frame after the policy lost the clip counts as 50 mm or 90 degrees.

    One rollout of a clip can be luck. --robust plays 12 copies of each from slightly different starts, as the
    world is and under changes of friction, mass, strength, physics step, start, and under pushes.

    Example: rodent evaluate runs/walk --clips clips.h5 --report tracking.html
    """

    policy: tyro.conf.Positional[Path]
    """A run folder or a policy folder."""
    clips: Path | None = None
    """Reference motion: a clip file, or anything that `rodent clips import` reads. By default the clips of
    the run."""
    clip: tuple[str, ...] = ()
    """Names of the clips to play; all if none is given."""
    resample: float | None = None
    """Frame rate to which clips given by --clips are resampled, Hz; by default that of the file."""
    split: Literal["all", "train", "test"] = "all"
    """Which of the run's clips: training clips, held-out clips, or all."""
    episodes: int = 24
    """Number of episodes of a task without clips."""
    robust: bool = False
    """Also play copies of each clip in changed worlds; takes minutes."""
    copies: int = 12
    """Copies of each clip with --robust; each joint of a copy begins off by 0.06 degrees (standard
    deviation)."""
    report: Path | None = None
    """Write an HTML report: how long clips are tracked and how closely, errors over time, and what ended each
    clip."""
    threads: int = 0
    """CPU threads that step the physics; 0 for one per core. Results do not depend on it."""
    json: bool = False
    """Print the tracking metrics as one JSON object."""

    def run(self) -> None:
        """Evaluate; see the class."""
        from rodent.jax_setup import cache_compilations
        from rodent.pages.output import print_json

        cache_compilations()
        from rodent.files import atomic_path
        from rodent.policy.policy import load_policy
        from rodent.progress import progress
        from rodent.rollout import policy_episodes
        from training.evaluate import n_steps, scores, trace_policy

        policy = load_policy(self.policy)
        clips, split = self._clips() if policy.task.needs_clips or self.clips else (None, None)
        if clips is not None and self.clip:
            clips = clips.subset(self.clip)
        _, episodes = policy_episodes(policy, clips, self.episodes)
        with contextlib.ExitStack() as stack:
            # before the work: a page that cannot be written should not be found out after it
            page = None if self.report is None else stack.enter_context(atomic_path(self.report))
            with progress("evaluating", n_steps(episodes), "steps") as advance:
                traces = trace_policy(
                    policy, clips, count=self.episodes, advance=advance, threads=self.threads
                )
            found = scores(traces, split)
            if self.robust:
                found |= self._robustness(policy, clips)
            if page is not None:
                from rodent.cli.evaluate.page import write_report

                write_report(page, str(self.policy), found, traces)
        if self.json:
            print_json(found)
        else:
            _print(found)

    def _robustness(self, policy: "Policy", clips: "ClipSet | None") -> dict[str, Any]:
        from rodent.progress import progress
        from training.robust import n_steps, robustness

        with progress("changed worlds", n_steps(policy, clips, self.copies), "steps") as advance:
            return robustness(policy, clips, copies=self.copies, advance=advance)

    def _clips(self) -> "tuple[ClipSet, dict[str, list[str]] | None]":
        """The clips to play, and names of clips by part of the run, where the run is asked for them."""
        from rodent.clips.reading import clips_path, read_clips
        from training.runs import open_run, read_own_clips

        path = None if self.clips is None else clips_path(self.clips)
        if path is not None and self.split == "all":
            return read_clips(path, resample=self.resample), None
        if self.resample is not None:
            raise InputError("a run's own clips are resampled as in training; leave out --resample")
        if not (self.policy / "config.json").is_file():
            lacking = "--clips FILE is needed" if path is None else f"there is no --split {self.split}"
            raise InputError(f"{self.policy} is not a run folder, which knows clips and split: {lacking}")
        run = open_run(self.policy)
        clips = read_own_clips(run, path)
        if self.split == "all":
            return clips, run.split
        if not run.split[self.split]:
            raise InputError(f"{self.policy} was trained on all its clips; none are kept out (--split test)")
        return clips.subset(run.split[self.split]), run.split


def columns_of(found: dict[str, Any]) -> dict[str, str]:
    """What is shown of every clip, by heading: how long it lasted, and its errors over all frames."""
    figures = [key for key, value in found["mean"].items() if isinstance(value, float)]
    keys = [key for key in figures if key != "success" and f"{key}{_ALL}" not in figures]
    return {_HEADINGS.get(key, key.removesuffix(_ALL).replace("_", " ")): key for key in keys}


def _print(found: dict[str, Any]) -> None:
    """A table of clips, one of groups of clips, and a line of successes."""
    from rodent.pages.output import print_table

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
    if "robust" in found:
        print(f"\n{found['copies']} copies of each clip:")
        print_table(list(ROBUST), robust_rows(found))


ROBUST = ("change", "tracked to the end", "frames")
"""Headings of `robust_rows`."""


def robust_rows(found: dict[str, Any]) -> list[list[str]]:
    """A row per changed world."""
    return [
        [row["change"], f"{row['success_rate']:.1%}", f"{row['mean_frames']:.0f}"] for row in found["robust"]
    ]


def _within(found: dict[str, Any]) -> str:
    """Success within distances, of a task that has them."""
    rates = {mm: found.get(f"success_rate_{mm}mm") for mm in (50, 30, 20)}
    return "".join(f", {rate:.0%} within {mm} mm" for mm, rate in rates.items() if rate is not None)


def groups_of(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The means of parts of the run and of behaviors; nothing of what has only one of its kind."""
    groups: dict[str, dict[str, Any]] = {}
    for kind, key in (("splits", "split"), ("behaviors", "behavior")):
        rows = found.get(kind, [])
        if len(rows) > 1:
            groups |= {row[key] or "no behavior": row for row in rows}
    return groups


def _group_row(found: dict[str, Any], name: str, group: dict[str, Any]) -> list[Any]:
    figures = (group[key] for key in columns_of(found).values())
    return [name, group["clips"], f"{group['success']:.0%}", *figures]
