"""`rodent experiment report`: effects of an experiment, as a page."""

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from analysis.effects.config import EffectReportConfig
from rodent.errors import InputError

if TYPE_CHECKING:
    from analysis.effects.report import Report


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
    figures: Path | None = None
    """Folder for the figures of the page, SVG, PNG and numbers as CSV; created if missing."""
    films: bool = False
    """Show films of the intact rat, the strongest arm and its control side by side on the page. They play one
    clip again."""
    json: bool = False
    """Print all results as one JSON object instead of a table."""

    def run(self) -> None:
        """Read, compute, write and print."""
        from analysis.effects.report import Report
        from analysis.effects.results import print_summary, to_json
        from rodent.files import require_room_for_files, require_room_for_folder
        from rodent.pages.output import print_json, say

        if self.films and self.out is None:
            raise InputError("--films are shown on the page; give it a name with --out")
        require_room_for_files(self.out)
        if self.figures is not None:
            require_room_for_folder(self.figures)
        report = Report.of(self.folder, self)
        for note in report.notes:
            say(note)
        if self.out is not None:
            self._write(report, self.out)
            say(f"{self.out}: {self.out.stat().st_size / 1e6:.1f} MB; open it in a browser")
        if self.figures is not None:
            self._draw(report, self.figures)
            say(f"{self.figures}: figures, as SVG and PNG, and their numbers as CSV")
        if self.json:
            print_json(to_json(report))
        else:
            print_summary(report)

    def _draw(self, report: "Report", folder: Path) -> None:
        from analysis.effects.page import effect_sections
        from rodent.files import explain_os_errors
        from rodent.pages.drawing import write_figures
        from rodent.pages.page import figures_of

        with explain_os_errors(folder):
            folder.mkdir(exist_ok=True)
        write_figures(figures_of(effect_sections(report)), folder)

    def _write(self, report: "Report", out: Path) -> None:
        from analysis.effects.page import effect_sections
        from rodent.experiment import open_experiment
        from rodent.pages.page import write_page

        sections = effect_sections(report)
        with tempfile.TemporaryDirectory() as place:
            if self.films:
                from analysis.effects.films import film_section

                sections.insert(2, film_section(report, open_experiment(self.folder), Path(place)))
            write_page(out, f"Effects of the experiment {self.folder.name}", sections)
