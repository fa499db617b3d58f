"""Results of `rodent events`: as JSON, tables, figures, and on the terminal."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.encoding.inference import LEVEL
from analysis.events.config import EventsConfig
from analysis.events.figures import panels, populations
from analysis.events.lags import Lags
from analysis.events.response import Response, population_p
from analysis.events.sessions import Outcome, PreparedSession, notes_of
from analysis.events.settings import EventSettings
from rodent.files import explain_os_errors
from rodent.pages.output import print_json, print_table, write_json
from rodent.versions import versions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA, VERSION = "virtual-rodent/events", 1

_FIELDS = (
    *("baseline", "response", "modulation", "modulation_low", "modulation_high", "peak"),
    *("latency", "latency_low", "latency_high", "onset", "p"),
)
_SECONDS = {"latency", "latency_low", "latency_high", "onset"}


@dataclasses.dataclass(frozen=True)
class Found:
    """Results of all sessions, with the arguments of the command."""

    asked: EventsConfig
    sessions: tuple[PreparedSession, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """For readers of the results."""
        return notes_of(self.sessions)

    @property
    def skipped(self) -> list[str]:
        """Events that could not be analysed, with the reasons."""
        return list(dict.fromkeys(one.skipped for one in self.outcomes if one.skipped))

    @property
    def groups(self) -> dict[tuple[str, str], list[Outcome]]:
        """Results by event and population: an outcome per session."""
        order = {name: i for i, name in enumerate(dict.fromkeys(one.event for one in self.outcomes))}
        found: dict[tuple[str, str], list[Outcome]] = {}
        for one in sorted(self.outcomes, key=lambda one: order[one.event]):
            if one.response is not None:
                found.setdefault((one.event, one.population), []).append(one)
        return found

    def rows(self, event: str, population: str, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
        """A row per neuron or unit."""
        rows = []
        for outcome in outcomes:
            response = _response(outcome)
            columns = {f"{name}_seconds" if name in _SECONDS else name: name for name in _FIELDS}
            for i, name in enumerate(response.names):
                rows.append(
                    {
                        "event": event,
                        "population": population,
                        "session": outcome.session,
                        "name": name,
                        "unit": response.unit,
                        "n_events": response.n_events,
                    }
                    | {key: float(getattr(response, field)[i]) for key, field in columns.items()}
                    | {"q": float(outcome.q[i])}
                )
        return rows


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Summary of one population over its sessions."""
    responses = [_response(one) for one in outcomes]
    q = np.concatenate([one.q for one in outcomes])
    latency = np.concatenate([response.latency for response in responses])[q <= LEVEL]
    return {
        "n": int(np.isfinite(q).sum()),
        "n_events": [response.n_events for response in responses],
        "p": population_p([response.statistic for response in responses]),
        "n_responding": int((q <= LEVEL).sum()),
        "median_latency_seconds": float(np.median(latency)) if len(latency) else float("nan"),
    }


def to_json(found: Found) -> dict[str, Any]:
    """The content of events.json."""
    first = found.sessions[0]
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "recording": first.name,
        "spikes": str(first.session.session.path),
        "sessions": [
            {
                "recording": one.name,
                "spikes": str(one.session.session.path),
                "rollouts": [rollout.name for rollout in one.session.rollouts],
                "bin_seconds": one.session.timeline.bin_seconds,
                "usable_seconds": one.usable.seconds,
                "events": {name: len(times) for name, times in one.times.items()},
            }
            for one in found.sessions
        ],
        "events": [
            {
                "event": event,
                "population": population,
                **summary(outcomes),
                "lag_seconds": _response(outcomes[0]).lags.middles,
                "cells": [
                    row | {key: getattr(_response(one), key)[i] for key in ("rate", "low", "high")}
                    for one in outcomes
                    for i, row in enumerate(found.rows(event, population, [one]))
                ],
            }
            for (event, population), outcomes in found.groups.items()
        ],
        "dropped_neurons": [
            {"session": one.name, "name": name, "reason": reason}
            for one in found.sessions
            for name, reason in one.dropped.items()
        ],
        "notes": [*found.notes, *found.skipped],
        "settings": dataclasses.asdict(found.asked.settings)
        | {"rat": dataclasses.asdict(found.asked.rat), "quality": dataclasses.asdict(found.asked.quality)},
        "versions": versions("scipy"),
    }


def write(folder: Path, page: dict[str, Any], found: Found, suffix: str) -> None:
    """Write events.json, two tables, and the figures of every event.

    Args:
        folder: created if missing.
        page: what events.json holds.
        found: the results.
        suffix: of the tables, `csv` or `parquet`.

    Raises:
        InputError: the folder cannot be written.
    """
    from rodent.pages.drawing import write_figures
    from rodent.pages.tables import write_table

    with explain_os_errors(folder):
        folder.mkdir(exist_ok=True)
    write_json(page, folder / "events.json")
    rows = [row for (event, kind), group in found.groups.items() for row in found.rows(event, kind, group)]
    write_table(folder / f"responses.{suffix}", rows)
    write_table(folder / f"rates.{suffix}", _rates(found))
    write_figures(figures(found), folder)


def figures(found: Found) -> "dict[str, Figure]":
    """For every event: the most significant neurons and units, and all of them sorted by latency."""
    drawn: dict[str, Any] = {}
    for event in dict.fromkeys(event for event, _ in found.groups):
        maps = {}
        for (name, population), outcomes in found.groups.items():
            if name != event:
                continue
            shown = [(one.panels[i], one.session) for one in outcomes for i in one.panels]
            shown = sorted(shown, key=lambda pair: pair[0].p)[: max(len(one.panels) for one in outcomes)]
            several = len(found.sessions) > 1
            titled = [
                dataclasses.replace(panel, title=f"{panel.title}, session {session}") if several else panel
                for panel, session in shown
            ]
            if titled:
                drawn[_file_name(f"{event}.{population}")] = panels(titled, event)
            responses = [_response(one) for one in outcomes]
            settings = found.asked.settings
            after = responses[0].lags.within(settings.response, "response")
            halves = np.concatenate([response.halves for response in responses], axis=1)
            q = np.concatenate([one.q for one in outcomes])
            maps[population] = (responses[0].lags.middles, halves, q, after)
            n_events = sum(response.n_events for response in responses)
        drawn[_file_name(f"{event}.by-latency")] = populations(maps, event, f"{n_events:,} events")
    return drawn


def print_summary(found: Found) -> None:
    """A row per event and population."""
    rows = []
    for (event, population), outcomes in found.groups.items():
        one = summary(outcomes)
        rows.append(
            [
                event,
                population,
                f"{sum(one['n_events'])}",
                f"{one['n_responding']} of {one['n']}",
                f"{one['p']:.3g}",
                _milliseconds(one["median_latency_seconds"]),
            ]
        )
    print_table(["event", "of", "events", "respond (q ≤ 0.05)", "p of the mean", "median latency"], rows)


def print_cells(found: Found) -> None:
    """A row per event and neuron or unit."""
    rows = []
    for (event, population), outcomes in found.groups.items():
        for row in found.rows(event, population, outcomes):
            session = [str(row["session"])] if len(found.sessions) > 1 else []
            rows.append(
                [
                    *(event, population, *session, row["name"]),
                    f"{row['baseline']:.3g}",
                    f"{row['peak']:.3g}",
                    _milliseconds(row["latency_seconds"]),
                    f"{row['modulation']:+.2f} "
                    f"({row['modulation_low']:+.2f} to {row['modulation_high']:+.2f})",
                    f"{row['p']:.3g}",
                    f"{row['q']:.3g}",
                ]
            )
    session = ["session"] if len(found.sessions) > 1 else []
    print()
    print_table(
        ["event", "of", *session, "name", "baseline", "peak", "latency", "modulation (95 %)", "p", "q"], rows
    )


def print_events(prepared: Sequence[PreparedSession], settings: EventSettings, as_json: bool) -> None:
    """Print all events, their numbers, and the numbers with a complete window."""
    window = Lags.of(
        settings.window, min(settings.psth_seconds, *(one.usable.bin_seconds for one in prepared))
    ).window
    rows = [
        {
            "session": one.name,
            "event": event,
            "from": "recording" if event in one.of_rat else "spikes",
            "events": len(times),
            "usable": int(one.usable.whole(one.positions(event), window).sum()),
        }
        for one in prepared
        for event, times in one.times.items()
        if len(times)
    ]
    if as_json:
        print_json({"schema": f"{SCHEMA}/list", "version": VERSION, "events": rows})
        return
    columns = ["event", "from", "events", "usable"]
    columns = ["session", *columns] if len(prepared) > 1 else columns
    print_table(columns, [[str(row[name]) for name in columns] for row in rows])


def _rates(found: Found) -> dict[str, list[Any]]:
    """Every rate around every event, a row each."""
    table: dict[str, list[Any]] = {}
    for (event, population), outcomes in found.groups.items():
        for one in outcomes:
            response = _response(one)
            lags = response.lags.middles
            for i, name in enumerate(response.names):
                part = {
                    "event": [event] * len(lags),
                    "population": [population] * len(lags),
                    "session": [one.session] * len(lags),
                    "name": [name] * len(lags),
                    "lag_seconds": lags.round(9).tolist(),
                    **{key: getattr(response, key)[i].tolist() for key in ("rate", "low", "high")},
                }
                for key, values in part.items():
                    table.setdefault(key, []).extend(values)
    return table


def _response(outcome: Outcome) -> Response:
    assert outcome.response is not None, "groups contain only outcomes with a response"
    return outcome.response


def _milliseconds(seconds: float) -> str:
    return "–" if not np.isfinite(seconds) else f"{1000 * seconds:.0f} ms"


def _file_name(text: str) -> str:
    return "".join(c if c.isalnum() or c in "._=" else "-" for c in text)
