"""The events of each session, and the responses of neurons and layers."""

import dataclasses
import fnmatch
from collections.abc import Callable, Sequence

import numpy as np

from analysis.events.activity import Activity, Binned, SpikeTrains, aligned
from analysis.events.figures import Curve, Panel
from analysis.events.file_events import file_events
from analysis.events.lags import Lags
from analysis.events.rat import rat_events
from analysis.events.response import Response, respond
from analysis.events.settings import EventSettings, RatEventSettings
from analysis.events.trials import trial_events
from analysis.events.usable import UsableTime
from analysis.multiple_testing import benjamini_hochberg
from analysis.neural.settings import QualitySettings
from analysis.neural.spikes import BinnedSpikes, SpikeTimes
from analysis.session import OpenSession
from rodent.errors import InputError, naming, unknown
from rodent.recording.body import recorded_body

NEURONS = "neurons"
"""Name of the population of neurons, beside the names of layers."""
MOST_PANELS = 6
"""Number of neurons, or units of a layer, with a plot of their own: the most significant ones."""


@dataclasses.dataclass(frozen=True)
class PreparedSession:
    """One session, its events and neurons on one time axis.

    Attributes:
        name: the recording's file.
        session: the open session.
        usable: the time in which both neurons and rat were recorded.
        times: of the events by name, seconds on the clock of the spikes, in order.
        of_rat: events detected in the recording; the others are from the file of spikes.
        neurons: the good neurons, in the bins of the recording.
        dropped: excluded neurons, with the reasons.
        notes: for readers of the results.
    """

    name: str
    session: OpenSession
    usable: UsableTime
    times: dict[str, np.ndarray]
    of_rat: frozenset[str]
    neurons: BinnedSpikes
    dropped: dict[str, str]
    notes: tuple[str, ...]

    def positions(self, event: str) -> np.ndarray:
        """The events of a kind on the axis of usable time, seconds; NaN for those outside of it."""
        return self.usable.position(self.times[event])


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The response of one population of one session to one kind of event.

    Attributes:
        event: its name.
        population: `neurons`, or the name of a layer.
        session: index of the session.
        response: the response; None if there were too few events.
        skipped: reason why there is no response.
        q: of each neuron or unit, over those of all sessions together, shape (columns,).
        panels: the most significant neurons or units, by column.
    """

    event: str
    population: str
    session: int
    response: Response | None
    skipped: str = ""
    q: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0))
    panels: dict[int, Panel] = dataclasses.field(default_factory=dict)


def prepare(
    session: OpenSession, settings: EventSettings, rat: RatEventSettings, quality: QualitySettings
) -> PreparedSession:
    """Find the events of a session and its usable time.

    Raises:
        InputError: no neuron is good, or neurons and rat were never recorded at the same time.
    """
    timeline = session.timeline
    neurons, verdict = session.good_neurons(quality)
    starts = bin_starts(session)
    length = session.clock.rate * timeline.bin_seconds
    with naming(session.recording.path):
        usable = UsableTime.of(starts, timeline.alive & neurons.covered, timeline.rollout, length)
        of_rat = _rat_times(session, starts, rat)
    with naming(session.session.path):
        of_file = file_events(session.session)
    # if both have a name, the events of the file are used
    times = of_rat | of_file
    notes = session.notes
    if not isinstance(session.session.spikes, SpikeTimes):
        notes += (f"the file has counts: events are moved to the nearest bin of {timeline.bin_seconds:g} s",)
    return PreparedSession(
        name=str(session.recording.path),
        session=session,
        usable=usable,
        times=times,
        of_rat=frozenset(of_rat.keys() - of_file.keys()),
        neurons=neurons,
        dropped=verdict.dropped,
        notes=notes,
    )


def notes_of(prepared: Sequence[PreparedSession]) -> tuple[str, ...]:
    """Notes for readers of the results; with the recording, if there are several."""
    several = len(prepared) > 1
    return tuple(f"{one.name}: {note}" if several else note for one in prepared for note in one.notes)


def chosen_events(patterns: Sequence[str], prepared: Sequence[PreparedSession]) -> tuple[str, ...]:
    """The names of events, in the order of the patterns.

    Args:
        patterns: names, in which * stands for any text.
        prepared: sessions that have the events.

    Raises:
        InputError: none of the sessions has an event of a name or pattern.
    """
    known = tuple(dict.fromkeys(name for one in prepared for name in one.times))
    chosen: dict[str, None] = {}
    for pattern in patterns:
        matching = [pattern] if pattern in known else fnmatch.filter(known, pattern)
        if not matching:
            raise unknown("event", pattern, known, " and ".join(one.name for one in prepared))
        chosen |= dict.fromkeys(matching)
    return tuple(chosen)


def measure(
    prepared: Sequence[PreparedSession],
    events: Sequence[str],
    layers: Sequence[str],
    settings: EventSettings,
    advance: Callable[..., None],
) -> tuple[Outcome, ...]:
    """Responses of neurons and layers to every event, in every session.

    Raises:
        InputError: every event has too few occurrences, or a session is too short for circular shifts.
    """
    outcomes = []
    for index, one in enumerate(prepared):
        for population in (NEURONS, *layers):
            with naming(one.name):
                activity = (
                    _neurons(one, settings) if population == NEURONS else _layer(one, population, settings)
                )
            for event in events:
                advance(0, note=f"{event} in {population}")
                outcomes.append(_outcome(one, index, event, population, activity, settings))
                advance(1)
    if not any(outcome.response for outcome in outcomes):
        raise InputError(outcomes[0].skipped)
    _check_bins(outcomes)
    return _corrected(outcomes)


def _check_bins(outcomes: Sequence[Outcome]) -> None:
    """Refuse sessions with different bins, whose rates do not fit in one table."""
    for population in dict.fromkeys(one.population for one in outcomes):
        alike = [one.response for one in outcomes if one.population == population and one.response]
        bins = dict.fromkeys(response.lags.bin_seconds for response in alike)
        if len(bins) > 1:
            raise InputError(
                f"the sessions have {population} in bins of {' and '.join(f'{x:g}' for x in bins)} s; "
                "expected equal bins: give --bin-seconds for counts and units, --psth-seconds for spike times"
            )


def _corrected(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes with q, over the neurons, or the units of a layer, of all sessions."""
    corrected = []
    for one in outcomes:
        alike = [
            other for other in outcomes if (other.event, other.population) == (one.event, one.population)
        ]
        p = [other.response.p if other.response else np.zeros(0) for other in alike]
        q = np.split(benjamini_hochberg(np.concatenate(p)), np.cumsum([len(part) for part in p])[:-1])
        own = q[alike.index(one)]
        panels = {i: dataclasses.replace(panel, q=float(own[i])) for i, panel in one.panels.items()}
        corrected.append(dataclasses.replace(one, q=own, panels=panels))
    return tuple(corrected)


def bin_starts(session: OpenSession) -> np.ndarray:
    """Start of each bin of the recording, seconds on the clock of the spikes, shape (bins,)."""
    timeline = session.timeline
    return session.clock.on_spikes(np.arange(timeline.n_bins) * timeline.bin_seconds)


def _rat_times(session: OpenSession, starts: np.ndarray, settings: RatEventSettings) -> dict[str, np.ndarray]:
    """Events of the rat and of its trials, seconds on the clock of the spikes."""
    scene, timeline = recorded_body(session.recording), session.timeline
    step = session.clock.rate / session.recording.fps
    first, found = 0, dict[str, list[np.ndarray]]()
    for rollout in session.rollouts:
        fps, trials = session.recording.fps, session.recording.trials.of(rollout.name)
        of_rollout = rat_events(rollout, fps, scene, settings) | trial_events(trials, fps)
        for name, frames in of_rollout.items():
            found.setdefault(name, []).append(first + frames)
        first += rollout.n_frames
    times = {}
    for name, parts in found.items():
        frames = np.concatenate(parts)
        frames = frames[frames < timeline.n_bins * timeline.n_frames]
        which, late = np.divmod(frames, timeline.n_frames)
        times[name] = np.sort(starts[which] + late * step)
    return times


def _neurons(one: PreparedSession, settings: EventSettings) -> Activity:
    """The good neurons: by their spike times, or by counts if the file has counts."""
    spikes, neurons = one.session.session.spikes, one.neurons
    if not isinstance(spikes, SpikeTimes):
        lags = Lags.of(settings.window, one.usable.bin_seconds)
        rates = neurons.counts[one.usable.bins] / one.usable.bin_seconds
        return Binned(neurons.names, lags, one.usable, rates, counts=True)
    at = one.usable.position(spikes.times)
    used = np.isfinite(at)
    column_of = {name: column for column, name in enumerate(spikes.names)}
    trains = tuple(np.sort(at[used & (spikes.neurons == column_of[name])]) for name in neurons.names)
    return SpikeTrains(neurons.names, Lags.of(settings.window, settings.psth_seconds), one.usable, trains)


def _layer(one: PreparedSession, layer: str, settings: EventSettings) -> Activity:
    lags = Lags.of(settings.window, one.usable.bin_seconds)
    units = one.session.timeline.units(layer)[one.usable.bins]
    names = tuple(f"unit {i}" for i in range(units.shape[1]))
    return Binned(names, lags, one.usable, units, counts=False)


def _outcome(
    one: PreparedSession, index: int, event: str, population: str, activity: Activity, settings: EventSettings
) -> Outcome:
    if event not in one.times:
        return Outcome(event, population, index, None, f"{one.name}: there is no {event}")
    positions = one.positions(event)
    try:
        with naming(f"{one.name}: {event}"):
            response = respond(activity, positions, one.usable, settings)
    except InputError as error:
        return Outcome(event, population, index, None, str(error))
    panels = _panels(one, activity, positions, response)
    return Outcome(event, population, index, response, panels=panels)


def _panels(
    one: PreparedSession, activity: Activity, positions: np.ndarray, response: Response
) -> dict[int, Panel]:
    """The most significant columns, by p and then by the z-score of their statistic."""
    positions = np.sort(positions[np.isfinite(positions)])
    window = response.lags.window
    positions = positions[one.usable.whole(positions, window)]
    spread = response.statistic[1:].std(0)
    beyond = (response.statistic[0] - response.statistic[1:].mean(0)) / np.where(spread > 0, spread, 1.0)
    order = np.lexsort((-beyond, response.p))[:MOST_PANELS]
    shown = {}
    for column in order[np.isfinite(response.p[order])].tolist():
        spikes = trials = None
        if isinstance(activity, SpikeTrains):
            spikes = aligned(activity.trains[column], positions, window)
        else:
            trials = activity.trials(slice(column, column + 1), positions)[:, :, 0]
        kind = "neuron " if response.unit == "Hz" else ""
        shown[column] = Panel(
            title=f"{kind}{response.names[column]}",
            window=window,
            n_events=len(positions),
            curve=Curve(
                response.lags.middles,
                response.rate[column],
                response.low[column],
                response.high[column],
                float(response.baseline[column]),
                response.unit,
            ),
            latency=float(response.latency[column]),
            peak=float(response.peak[column]),
            p=float(response.p[column]),
            spikes=spikes,
            trials=trials,
        )
    return shown
