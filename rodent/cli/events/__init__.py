"""`rodent events`: activity of neurons and units around events of the session or of the rat."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from analysis.events.settings import EventSettings, RatEventSettings
from analysis.neural.settings import QualitySettings
from rodent.cli.session import SessionArguments, open_sessions
from rodent.errors import InputError, unknown

if TYPE_CHECKING:
    from rodent.cli.events.sessions import PreparedSession


@dataclasses.dataclass(frozen=True)
class Events(SessionArguments):
    """Measure how neurons, and units of layers, fire around events: touches, walks, rears, trials.

    For every neuron: rate before and after the event with an interval over events, latency and size of the
    response, and p from rotations of the events against the spikes, which is valid for neurons that drift or
    burst. --list shows the events.

    Example: rodent events walk.h5 spikes.npz --event touch/hand_L --layer decoder/layer_0 --out touches
    """

    event: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Event to analyse, as --list names it; may be given several times, and contain * for any text:
    'touch/*'."""
    list: bool = False
    """Print all events and how often each happened, and stop."""
    layer: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Layer whose units are analysed like the neurons; may be given several times."""
    settings: tyro.conf.OmitArgPrefixes[EventSettings] = dataclasses.field(default_factory=EventSettings)
    rat: tyro.conf.OmitArgPrefixes[RatEventSettings] = dataclasses.field(default_factory=RatEventSettings)
    quality: tyro.conf.OmitArgPrefixes[QualitySettings] = dataclasses.field(default_factory=QualitySettings)
    cells: bool = False
    """Also print a table of all neurons and units."""
    json: bool = False
    """Print one JSON object instead of tables."""
    out: Path | None = None
    """Folder for events.json, tables of all responses and rates, and figures, SVG and PNG; created if
    missing."""
    table_format: Literal["csv", "parquet"] = "csv"
    """Format of the tables in --out; parquet requires the extra `parquet`."""

    def run(self) -> None:
        """Read, find the events, measure and print."""
        from rodent.cli.events.results import Found, print_cells, print_events, print_summary, to_json, write
        from rodent.cli.events.sessions import measure, prepare
        from rodent.files import require_room_for_folder
        from rodent.pages.output import print_json, say
        from rodent.pages.tables import require_table_format
        from rodent.progress import progress

        if self.out is not None:
            require_room_for_folder(self.out)
            require_table_format(self.out / f"responses.{self.table_format}")
        if not self.event and not self.list:
            raise InputError("no --event is given; --list shows which there are")
        with open_sessions(self) as opened:
            for session in opened:
                session.require_layers(self.layer)
            prepared = [prepare(session, self.settings, self.rat, self.quality) for session in opened]
            notes = [
                f"{one.name}: {note}" if self.session else note for one in prepared for note in one.notes
            ]
            for note in notes:
                say(note)
            if self.list:
                print_events(prepared, self.settings, self.json)
                return
            events = self._chosen(prepared)
            total = len(events) * (1 + len(self.layer)) * len(prepared)
            with progress("measuring", total=total, unit="events") as advance:
                outcomes = measure(prepared, events, tuple(dict.fromkeys(self.layer)), self.settings, advance)
        found = Found(self, tuple(prepared), outcomes, tuple(notes))
        for note in found.skipped:
            say(note)
        page = to_json(found)
        if self.out is not None:
            write(self.out, page, found)
            say(f"wrote {self.out / 'events.json'}, and tables and figures beside it")
        if self.json:
            print_json(page)
            return
        print_summary(found)
        if self.cells:
            print_cells(found)

    def _chosen(self, prepared: "Sequence[PreparedSession]") -> tuple[str, ...]:
        """The events asked for, in the order in which they were.

        Raises:
            InputError: one is in none of the sessions.
        """
        import fnmatch

        known = tuple(dict.fromkeys(name for one in prepared for name in one.times))
        chosen: dict[str, None] = {}
        for pattern in self.event:
            matching = [pattern] if pattern in known else fnmatch.filter(known, pattern)
            if not matching:
                raise unknown("event", pattern, known, " and ".join(one.name for one in prepared))
            chosen |= dict.fromkeys(matching)
        return tuple(chosen)
