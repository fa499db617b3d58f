"""`rodent export`: a run's policy with its card, one step of a policy as ONNX, a recording as NWB."""

import dataclasses
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class Export:
    """Write what others can use: a policy with its card, a policy as ONNX, or a recording as NWB.

    The card states the body, the network, the clips with their sources and licences, the command that
    reproduces the policy, the tracking errors of every clip, and the learning curve. Of a task without clips,
    it states the figures of the task instead of clips. The folder is self-contained:
    rodent rollout rat-walk --clips clips.h5 --out walk-recording.h5

    An ONNX file computes one step of the policy, with its mean action, in programs without JAX:
    rodent export rat-position --format onnx --out rat-position.onnx

    An NWB file has poses, forces, rewards and every unit of a recording as time series, rollouts as epochs,
    and trials: rodent export walk.h5 --format nwb --out walk.nwb

    Example: rodent export runs/walk --out rat-walk --note "Trained on walks alone: it cannot rear."
    """

    policy: tyro.conf.Positional[Path]
    """A run folder; for ONNX, a policy folder or a built-in policy will do; for NWB, a recording."""
    out: Path
    """Folder to create, whose name becomes the name of the policy; or the .onnx or .nwb file to write."""
    format: Literal["folder", "onnx", "nwb"] = "folder"
    """A folder with policy and card; one file of ONNX, which requires the extra `onnx`; or a recording as
    NWB, which requires the extra `neuro`."""
    clips: Path | None = None
    """New location of the run's clips, if they moved; of a folder."""
    episodes: int = 24
    """Number of episodes that are evaluated of a task without clips; of a folder."""
    note: str = ""
    """Text for the card or the ONNX file, for example the limits of the policy."""

    def run(self) -> None:
        """Write the folder or the file; see the class."""
        if self.format == "onnx":
            self._write_onnx()
        elif self.format == "nwb":
            self._write_nwb()
        else:
            self._write_folder()

    def _write_onnx(self) -> None:
        """Write one step of the policy."""
        from rodent.pages.output import say
        from rodent.policy.onnx import write_onnx
        from rodent.policy.policy import load_policy

        self._refuse("clips", "episodes")
        write_onnx(load_policy(self.policy), self.out, self.note)
        say(f"wrote {self.out}")

    def _write_nwb(self) -> None:
        """Write a recording as NWB."""
        from rodent.pages.output import say
        from rodent.recording import open_recording
        from rodent.recording.session_nwb import write_recording_nwb

        self._refuse("clips", "episodes", "note")
        with open_recording(self.policy) as recording:
            write_recording_nwb(recording, self.out)
        say(f"wrote {self.out}")

    def _refuse(self, *options: str) -> None:
        """Refuse options of a folder with a card."""
        from rodent.errors import InputError

        for option in options:
            if getattr(self, option) != getattr(Export, option):
                raise InputError(f"--{option} is for --format folder; {self.format} has no card with figures")

    def _write_folder(self) -> None:
        """Evaluate the policy and write its folder."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from rodent.errors import InputError
        from rodent.files import atomic_path
        from rodent.pages.drawing import save_figure
        from rodent.pages.output import say
        from rodent.policy.policy import load_policy

        if not (self.policy / "config.json").is_file():
            raise InputError(
                f"{self.policy} is not a run folder; only a run folder stores how its policy was trained"
            )
        if self.out.exists():
            raise InputError(f"{self.out} exists already; choose another --out")
        of_clips = load_policy(self.policy).task.needs_clips
        with atomic_path(self.out) as folder:
            text, curve = self._tracking_card() if of_clips else self._task_card()
            shutil.copytree(self.policy / "policy", folder)  # copied unchanged: they name their versions
            (folder / "README.md").write_text(text)
            if curve is not None:
                save_figure(curve, folder / "learning.svg", "svg", {"Date": None})
        say(f"wrote {self.out}; the card is {self.out / 'README.md'}")

    def _tracking_card(self) -> "tuple[str, Figure | None]":
        """The card of a policy that tracks clips."""
        from rodent.errors import InputError
        from rodent.progress import progress
        from rodent.rollouts import clip_episodes
        from training.evaluate import n_steps, scores, trace_policy
        from training.pages.card import card
        from training.pages.subject import open_subjects

        (subject,) = open_subjects([self.policy], self.clips)
        if subject.split is None:
            raise InputError(
                f"{self.clips} differs from the clip file of {self.policy}; expected the clips of the run"
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

        subject = open_task_run(self.policy)
        require_clips(subject.policy, given=self.clips is not None)
        task, episodes = policy_episodes(subject.policy, None, self.episodes)
        with progress("evaluating", n_steps(episodes), "steps") as advance:
            traces = trace_policy(subject.policy, None, count=self.episodes, advance=advance)
        return task_card(self.out.name, subject, task, task_figures(task, traces), episodes, self.note)
