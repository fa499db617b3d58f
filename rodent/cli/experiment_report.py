"""`rodent experiment report`: effects of an experiment, as a page."""

import dataclasses
from pathlib import Path

import tyro

from analysis.effects.config import EffectReportConfig


@dataclasses.dataclass(frozen=True)
class ExperimentReport(EffectReportConfig):
    """Compute the effects of an experiment, and write a page about them.

    Effects are arm minus matched control, with intervals over policies, clips and draws, and p from the rank
    among random draws. The page has dose-response and survival curves, maps of effects, Shapley values, and
    the number of animals that would show each effect.

    Example: rodent experiment report lesions --out lesions.html
    """

    _: dataclasses.KW_ONLY
    folder: tyro.conf.Positional[Path]
    """The folder of an experiment."""
    out: Path | None = None
    """The HTML file to write; by default only a table is printed."""
    json: bool = False
    """Print all results as one JSON object instead of a table."""

    def run(self) -> None:
        """Read, compute, write and print."""
        from analysis.effects.report import Report
        from analysis.effects.results import print_summary, to_json
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say

        require_room_for_files(self.out)
        report = Report.of(self.folder, self)
        for note in report.effects.notes_:
            say(note)
        if self.out is not None:
            from analysis.effects.page import effect_sections
            from rodent.pages.page import write_page

            write_page(self.out, f"Effects of the experiment {self.folder.name}", effect_sections(report))
            say(f"{self.out}: {self.out.stat().st_size / 1e6:.1f} MB; open it in a browser")
        if self.json:
            print_json(to_json(report))
        else:
            print_summary(report)
