"""`rodent report`: one page about a run and its results."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class Report:
    """Write one page about a run: settings, learning, tracking, and the comparison with neurons.

    The page is a single file without scripts. With several runs, it compares their settings, learning and
    tracking. The comparison with neurons is included if its results are given.

    Example: rodent report runs/walk --clips clips.h5 --out report.html
    """

    policies: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(name="runs", metavar="RUN ...")]
    """Run folders; also policy folders and names of built-in policies, which have no learning curves."""
    out: Path
    """The HTML file to write."""
    clips: Path | None = None
    """Reference motion to play, in any format that `rodent clips import` reads; by default the clips of each
    run."""
    resample: float | None = None
    """Frame rate to which clips given by --clips are resampled, Hz; by default that of the file."""
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
        from rodent.recording import open_recording
        from training.pages.report import write_report
        from training.pages.subject import open_subjects

        # all files are read before long computations, so that errors are reported first
        encoding = None if self.encoding is None else read_encoding(self.encoding)
        similarity = None if self.rsa is None else read_similarity(self.rsa)
        if self.recording is not None:
            with open_recording(self.recording) as recording:
                for rollout in recording.rollouts.values():
                    rollout.require("qpos")
        subjects = open_subjects(self.policies, self.clips, self.resample)
        with atomic_path(self.out) as page:
            neurons = neuron_sections(encoding, similarity)
            made = [one.origin.provenance for one in (encoding, similarity) if one is not None]
            metrics = write_report(page, subjects, self.recording, neurons, made)
        if self.json:
            print_json({"report": str(self.out), **metrics})
        else:
            say(f"{self.out}: {self.out.stat().st_size / 1e6:.1f} MB; open it in a browser")
