"""`rodent export`: a run's policy with its card, for others to use."""

import dataclasses
import shutil
from pathlib import Path

import tyro


@dataclasses.dataclass(frozen=True)
class Export:
    """Copy a run's policy to a new folder, with a card that describes it.

    The card states the body, the network, the clips with their sources and licences, the command that
    reproduces the policy, the tracking errors of every clip, and the learning curve. The folder is
    self-contained: rodent rollout rat-walk --clips clips.h5 --out walk-recording.h5

    Example: rodent export runs/walk --out rat-walk --note "Trained on walks alone: it cannot rear."
    """

    run_folder: tyro.conf.Positional[Path]
    """A run folder."""
    out: Path
    """Folder to create; its name becomes the name of the policy."""
    clips: Path | None = None
    """New location of the run's clips, if they moved."""
    note: str = ""
    """Text for the card, for example the limits of the policy."""

    def run(self) -> None:
        """Track the run's clips and write the folder; see the class."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from rodent.errors import InputError
        from rodent.files import atomic_path
        from rodent.pages.output import say
        from rodent.progress import progress
        from rodent.rollouts import clip_episodes
        from training.evaluate import n_steps, scores, trace_policy
        from training.pages.card import card
        from training.pages.subject import open_subjects

        if not (self.run_folder / "config.json").is_file():
            raise InputError(
                f"{self.run_folder} is not a run folder; only a run folder stores how its policy was trained"
            )
        if self.out.exists():
            raise InputError(f"{self.out} exists already; choose another --out")
        (subject,) = open_subjects([self.run_folder], self.clips)
        if subject.split is None:
            raise InputError(
                f"{self.clips} differs from the clip file of {self.run_folder}; expected the clips of the run"
            )
        with atomic_path(self.out) as folder:
            with progress("evaluating", n_steps(clip_episodes(subject.clips)), "steps") as advance:
                traces = trace_policy(subject.policy, subject.clips, advance=advance)
            shutil.copytree(self.run_folder / "policy", folder)  # copied unchanged: they name their versions
            text, curve = card(self.out.name, subject, scores(traces, subject.split), self.note)
            (folder / "README.md").write_text(text)
            if curve is not None:
                curve.savefig(folder / "learning.svg")
        say(f"wrote {self.out}; the card is {self.out / 'README.md'}")
