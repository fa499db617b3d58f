"""`rodent export`: a run's policy with its card, for others to use."""

import dataclasses
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class Export:
    """Copy a run's policy to a new folder, with a card that describes it.

    The card states the body, the network, the clips with their sources and licences, the command that
    reproduces the policy, the tracking errors of every clip, and the learning curve. Of a task without clips,
    it states the figures of the task instead of clips. The folder is self-contained:
    rodent rollout rat-walk --clips clips.h5 --out walk-recording.h5

    Example: rodent export runs/walk --out rat-walk --note "Trained on walks alone: it cannot rear."
    """

    run_folder: tyro.conf.Positional[Path]
    """A run folder."""
    out: Path
    """Folder to create; its name becomes the name of the policy."""
    clips: Path | None = None
    """New location of the run's clips, if they moved."""
    episodes: int = 24
    """Number of episodes that are evaluated of a task without clips."""
    note: str = ""
    """Text for the card, for example the limits of the policy."""

    def run(self) -> None:
        """Evaluate the policy and write the folder; see the class."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from rodent.errors import InputError
        from rodent.files import atomic_path
        from rodent.pages.output import say
        from rodent.policy.policy import load_policy

        if not (self.run_folder / "config.json").is_file():
            raise InputError(
                f"{self.run_folder} is not a run folder; only a run folder stores how its policy was trained"
            )
        if self.out.exists():
            raise InputError(f"{self.out} exists already; choose another --out")
        of_clips = load_policy(self.run_folder).task.needs_clips
        with atomic_path(self.out) as folder:
            text, curve = self._tracking_card() if of_clips else self._task_card()
            shutil.copytree(self.run_folder / "policy", folder)  # copied unchanged: they name their versions
            (folder / "README.md").write_text(text)
            if curve is not None:
                curve.savefig(folder / "learning.svg")
        say(f"wrote {self.out}; the card is {self.out / 'README.md'}")

    def _tracking_card(self) -> "tuple[str, Figure | None]":
        """The card of a policy that tracks clips."""
        from rodent.errors import InputError
        from rodent.progress import progress
        from rodent.rollouts import clip_episodes
        from training.evaluate import n_steps, scores, trace_policy
        from training.pages.card import card
        from training.pages.subject import open_subjects

        (subject,) = open_subjects([self.run_folder], self.clips)
        if subject.split is None:
            raise InputError(
                f"{self.clips} differs from the clip file of {self.run_folder}; expected the clips of the run"
            )
        with progress("evaluating", n_steps(clip_episodes(subject.clips)), "steps") as advance:
            traces = trace_policy(subject.policy, subject.clips, advance=advance)
        return card(self.out.name, subject, scores(traces, subject.split), self.note)

    def _task_card(self) -> "tuple[str, Figure | None]":
        """The card of a policy of a task without clips."""
        from rodent.progress import progress
        from rodent.rollouts import policy_episodes
        from rodent.rollouts.episodes import require_clips
        from training.evaluate import n_steps, task_figures, trace_policy
        from training.pages.subject import open_task_run
        from training.pages.task_card import task_card

        subject = open_task_run(self.run_folder)
        require_clips(subject.policy, given=self.clips is not None)
        task, episodes = policy_episodes(subject.policy, None, self.episodes)
        with progress("evaluating", n_steps(episodes), "steps") as advance:
            traces = trace_policy(subject.policy, None, count=self.episodes, advance=advance)
        return task_card(self.out.name, subject, task, task_figures(task, traces), episodes, self.note)
