"""`rodent report`: one page about a run and its results, or about a study."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from rodent.errors import InputError

if TYPE_CHECKING:
    from rodent.pages.page import Section
    from rodent.policy.policy import Policy
    from rodent.study import Study


@dataclasses.dataclass(frozen=True)
class Report:
    """Write one page about a run: settings, learning, tracking, and the comparison with neurons.

    The page is a single file without scripts. With several runs, it compares their settings, learning and
    tracking. The comparison with neurons is included if its results are given. Of a task without clips, such
    as joystick, it has the figures of the task instead of tracking, and with several seeds an interval.

    Of a study, the page joins everything: what was trained and how it moves, what predicts neurons, what
    lesions do, and how individuals differ.

    Example: rodent report runs/walk --clips clips.h5 --out report.html
    """

    policies: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(name="runs", metavar="RUN ...")]
    """Run folders; also policy folders and names of built-in policies, which have no learning curves. Or the
    folder of a study."""
    out: Path
    """The HTML file to write."""
    clips: Path | None = None
    """Reference motion to play, in any format that `rodent clips import` reads; by default the clips of each
    run."""
    resample: float | None = None
    """Frame rate to which clips given by --clips are resampled, Hz; by default that of the file."""
    episodes: int = 24
    """Number of episodes of a task without clips."""
    recording: Path | None = None
    """A recording for the video; by default a few clips are played for it."""
    encoding: Path | None = None
    """Output of `rodent encode --json`, or encoding.json of --out."""
    rsa: Path | None = None
    """Output of `rodent rsa --json`, or rsa.json of --out."""
    json: bool = False
    """Print the tracking metrics of the page as one JSON object."""

    def run(self) -> None:
        """Read, play, render and write; see the class."""
        if not self.policies:
            raise InputError("no RUN is given; give at least one run folder")
        from rodent.jax_setup import cache_compilations
        from rodent.pages.output import print_json, say

        cache_compilations()
        from analysis.report.comparison import read_encoding, read_similarity
        from analysis.report.neurons import neuron_sections
        from rodent.files import atomic_path
        from rodent.policy.policy import load_policy
        from rodent.recording import open_recording
        from rodent.study import is_study, read_study
        from training.pages.report import write_report
        from training.pages.subject import open_subjects, open_task_subjects
        from training.pages.task_report import write_task_report

        study = read_study(self.policies[0]) if is_study(self.policies[0]) else None
        asked = self if study is None else self._of(study)
        # all files are read before long computations, so that errors are reported first
        encoding = None if asked.encoding is None else read_encoding(asked.encoding)
        similarity = None if asked.rsa is None else read_similarity(asked.rsa)
        if asked.recording is not None:
            with open_recording(asked.recording) as recording:
                for rollout in recording.rollouts.values():
                    rollout.require("qpos")
        with_clips = asked._with_clips([load_policy(name) for name in asked.policies])
        with atomic_path(self.out) as page:
            results = neuron_sections(encoding, similarity)
            made = [one.origin.provenance for one in (encoding, similarity) if one is not None]
            if study is not None:
                results += study_sections(study)
            title = "" if study is None else study.config.title
            if with_clips:
                subjects = open_subjects(asked.policies, asked.clips, asked.resample)
                metrics = write_report(page, subjects, asked.recording, results, made, title)
            else:
                of_task = open_task_subjects(asked.policies)
                metrics = write_task_report(
                    page, of_task, asked.episodes, asked.recording, results, made, title
                )
        if self.json:
            print_json({"report": str(self.out), **metrics})
        else:
            say(f"{self.out}: {self.out.stat().st_size / 1e6:.1f} MB; open it in a browser")

    def _with_clips(self, policies: "list[Policy]") -> bool:
        """Whether the policies imitate clips; all of them or none."""
        needs = [policy.task.needs_clips for policy in policies]
        if any(needs) != all(needs):
            imitating, other = (self.policies[needs.index(one)] for one in (True, False))
            raise InputError(
                f"{imitating} imitates clips, and the task of {other} has none; write a page for each"
            )
        if self.clips is not None and not needs[0]:
            raise InputError(f"the task of {self.policies[0]} has no clips; leave out --clips")
        return needs[0]

    def _of(self, study: "Study") -> "Report":
        """The report of a study: its policies, clips and comparisons."""
        if len(self.policies) > 1 or self.encoding or self.rsa:
            raise InputError(
                f"{study.folder} is a study, which lists its policies and results in study.toml; leave out "
                "other runs, --encoding and --rsa"
            )
        if not study.policies:
            raise InputError(
                f"{study.folder} has no policy yet, of {', '.join(study.config.policies) or 'none listed'}; "
                f"train it with: make -C {study.folder}"
            )
        return dataclasses.replace(
            self,
            policies=study.policies,
            clips=self.clips or study.clips,
            encoding=_file(study.present("encoding"), "encoding.json"),
            rsa=_file(study.present("rsa"), "rsa.json"),
        )


def study_sections(study: "Study") -> list["Section"]:
    """Sections of the experiments and populations of a study, and what it lacks."""
    from analysis.effects.config import EffectReportConfig
    from analysis.effects.page import effect_sections
    from analysis.effects.report import Report as Effects
    from analysis.population.config import PopulationReportConfig
    from analysis.population.page import population_sections
    from analysis.population.report import PopulationReport
    from rodent.pages.page import Section

    found = []
    if study.config.question:
        found.append(Section("Question", study.config.question))
    for path in study.present("experiments"):
        sections = effect_sections(Effects.of(path, EffectReportConfig()))
        found += [dataclasses.replace(one, heading=f"{path.name}: {one.heading}") for one in sections]
    for path in study.present("populations"):
        sections = population_sections(PopulationReport.of(path, PopulationReportConfig()))
        found += [dataclasses.replace(one, heading=f"{path.name}: {one.heading}") for one in sections]
    if study.missing:
        found.append(Section("Not made yet", f"study.toml lists {', '.join(study.missing)}."))
    return found


def _file(paths: tuple[Path, ...], name: str) -> Path | None:
    """The file of a result that is given as a folder or a file; None if there is none."""
    return next((path / name if path.is_dir() else path for path in paths), None)
