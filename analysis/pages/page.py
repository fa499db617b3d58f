"""One self-contained page: words, tables, figures and films in a single HTML file.

    write_page(
        Path("report.html"),
        "What the virtual rat learnt",
        [
            Section("Tracking", "Frames until the rat has lost its clip.", (Table(columns, rows),)),
            Section("Film", "", (Film(Path("walk.mp4"), "Blue: the reference."), Drawing(figure, "…"))),
        ],
    )

Figures are embedded as SVG and films as MP4, and nothing is fetched from anywhere: the page
can be mailed, and opened in years.
"""

import base64
import dataclasses
import io
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rodent.files import atomic_path
from rodent.versions import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows of a table; floats are shown with three significant digits."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    caption: str = ""

    @property
    def cells(self) -> list[list[str]]:
        """The rows as they are shown."""
        return [[f"{x:.3g}" if isinstance(x, float) else str(x) for x in row] for row in self.rows]


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A figure, drawn with matplotlib."""

    figure: "Figure"
    caption: str = ""

    @cached_property
    def svg(self) -> str:
        """The figure as an SVG element; the same for the same figure."""
        import matplotlib

        buffer = io.StringIO()
        with matplotlib.rc_context({"svg.hashsalt": "rodent", "svg.fonttype": "none"}):
            self.figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
        text = buffer.getvalue()
        return text[text.index("<svg") :]


@dataclasses.dataclass(frozen=True)
class Film:
    """An MP4 file, which becomes part of the page."""

    path: Path
    caption: str = ""

    @property
    def address(self) -> str:
        """The film as an address that holds it."""
        return "data:video/mp4;base64," + base64.b64encode(self.path.read_bytes()).decode()


@dataclasses.dataclass(frozen=True)
class Section:
    """A heading, paragraphs parted by blank lines, and what is shown below them."""

    heading: str
    text: str
    parts: tuple[Table | Drawing | Film, ...] = ()

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs of the text."""
        return [part.strip() for part in self.text.split("\n\n") if part.strip()]


def write_page(out: Path, title: str, sections: Sequence[Section]) -> None:
    """Write the page.

    Raises:
        InputError: it cannot be written there.
        WorkError: the disk is full.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("analysis.pages"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.tests |= {
        kind.__name__.lower(): lambda part, kind=kind: isinstance(part, kind)
        for kind in (Table, Drawing, Film)
    }
    page = environment.get_template("page.html").render(
        title=title, sections=sections, versions=", ".join(f"{k} {v}" for k, v in versions().items())
    )
    with atomic_path(out) as temporary:
        temporary.write_text(page, encoding="utf-8")
