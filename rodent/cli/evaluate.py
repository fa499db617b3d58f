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


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Measure the performance of a policy in its task, such as tracking clips from their first frames.

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
    split: Literal["all", "train", "test", "validation"] = "all"
    """Which of the run's clips: those trained on, held out for testing or for validation, or all."""
    episodes: int = 24
    """Number of episodes of a task without clips."""
    robust: bool = False
    """Also play copies of each clip in changed worlds; takes minutes."""
    copies: int = 12
    """Copies of each clip with --robust; each joint of a copy begins off by 0.06 degrees (standard
    deviation)."""
    change: tuple[str, ...] = ()
    """Names of the changes to play with --robust, such as "friction x 0.5"; all if none is given. The world
    as it is always comes first."""
    unguided: bool = False
    """Also let the decoder act on latents drawn from the network's prior, without a goal."""
    report: Path | None = None
    """Write an HTML report: lifespans, tracking errors, errors over time, and the cause of each failure."""
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
        from rodent.parts import TASKS
        from rodent.policy.policy import load_policy
        from rodent.progress import progress
        from rodent.rollouts import policy_episodes
        from training.evaluate import n_steps, scores, task_figures, trace_policy
        from training.pages.tables import print_tables

        policy = load_policy(self.policy)
        clips, split = self._clips() if policy.task.needs_clips or self.clips else (None, None)
        if clips is not None and self.clip:
            clips = clips.subset(self.clip)
        if self.change and not self.robust:
            raise InputError("--change chooses rows of --robust; give --robust as well")
        task, episodes = policy_episodes(policy, clips, self.episodes)
        with contextlib.ExitStack() as stack:
            # before the evaluation, so that an unwritable path is reported first
            page = None if self.report is None else stack.enter_context(atomic_path(self.report))
            with progress("evaluating", n_steps(episodes), "steps") as advance:
                traces = trace_policy(
                    policy, clips, count=self.episodes, advance=advance, threads=self.threads
                )
            found = scores(traces, split)
            if clips is not None:
                found["clips_digest"] = clips.digest()
            found |= {"task": TASKS.name_of(type(policy.task)), "metrics": task_figures(task, traces)}
            if self.robust:
                found |= self._robustness(policy, clips)
            if self.unguided:
                found["unguided"] = _unguided(policy, clips)
            if page is not None:
                from training.pages.evaluation import write_report

                write_report(page, str(self.policy), found, traces)
        if self.json:
            print_json(found)
        else:
            print_tables(found)

    def _robustness(self, policy: "Policy", clips: "ClipSet | None") -> dict[str, Any]:
        from rodent.progress import progress
        from training.robust import changes_named, n_steps, robustness

        changes = changes_named(self.change)
        with progress("changed worlds", n_steps(policy, clips, self.copies, changes), "steps") as advance:
            return robustness(policy, clips, copies=self.copies, changes=changes, advance=advance)

    def _clips(self) -> "tuple[ClipSet, dict[str, list[str]] | None]":
        """The clips to play, and the names of training and test clips, if they are those of the run."""
        from rodent.clips.reading import clips_path, read_clips
        from training.runs import open_run, read_own_clips

        path = None if self.clips is None else clips_path(self.clips)
        if path is not None and self.split == "all":
            return read_clips(path, resample=self.resample), None
        if self.resample is not None:
            raise InputError("a run's own clips are resampled as in training; leave out --resample")
        if not (self.policy / "config.json").is_file():
            fix = "give the clips: --clips FILE" if path is None else f"omit --split {self.split}"
            raise InputError(f"{self.policy} is not a run folder, so its clips and split are unknown; {fix}")
        run = open_run(self.policy)
        clips = read_own_clips(run, path)
        if self.split == "all":
            return clips, run.split
        names = run.split.get(self.split)
        if not names:
            raise InputError(
                f"{self.policy} has no {self.split} clips, none are held out; leave out --split {self.split}"
            )
        return clips.subset(names), run.split


def _unguided(policy: "Policy", clips: "ClipSet | None") -> dict[str, Any]:
    from rodent.progress import progress
    from training.unguided import SECONDS, unguided

    if clips is None:
        raise InputError("--unguided needs clips to begin in; give --clips FILE")
    steps = 3 * round(SECONDS * clips[0].fps)
    with progress("without a goal", steps, "steps") as advance:
        return unguided(policy, clips, advance=advance)
