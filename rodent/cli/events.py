"""`rodent events`: activity of neurons and units around events of the session or of the rat."""

import dataclasses
from pathlib import Path
from typing import Literal

from analysis.events.config import EventsConfig
from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class Events(EventsConfig):
    """Compute rates of neurons, and activity of units, around events: touches, walks, rears, trials.

    For every neuron: rate before and after the event with an interval over events, latency and size of the
    response, and p from circular shifts of the events relative to the spikes, which is valid for neurons that
    drift or burst. --list shows the events.

    Example: rodent events walk.h5 spikes.npz --event touch/hand_L --layer decoder/layer_0 --out touches
    """

    list: bool = False
    """Print all events with their numbers, and exit."""
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
        from analysis.events.results import Found, print_cells, print_events, print_summary, to_json, write
        from analysis.events.sessions import chosen_events, measure, notes_of, prepare
        from analysis.session import open_sessions
        from rodent.files import require_room_for_folder
        from rodent.pages.output import print_json, say
        from rodent.pages.tables import require_table_format
        from rodent.progress import progress

        if self.out is not None:
            require_room_for_folder(self.out)
            require_table_format(self.out / f"responses.{self.table_format}")
        if not self.event and not self.list:
            raise InputError("no --event is given; --list shows the names")
        with open_sessions(self) as opened:
            for session in opened:
                session.require_layers(self.layer)
            prepared = [prepare(session, self.settings, self.rat, self.quality) for session in opened]
            for note in notes_of(prepared):
                say(note)
            if self.list:
                print_events(prepared, self.settings, self.json)
                return
            events = chosen_events(self.event, prepared)
            total = len(events) * (1 + len(self.layer)) * len(prepared)
            with progress("measuring", total=total, unit="events") as advance:
                outcomes = measure(prepared, events, tuple(dict.fromkeys(self.layer)), self.settings, advance)
        found = Found(self, tuple(prepared), outcomes)
        for note in found.skipped:
            say(note)
        page = to_json(found)
        if self.out is not None:
            write(self.out, page, found, self.table_format)
            say(f"wrote {self.out / 'events.json'}, and tables and figures in the same folder")
        if self.json:
            print_json(page)
            return
        print_summary(found)
        if self.cells:
            print_cells(found)
