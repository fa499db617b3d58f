"""The regressions of one session."""

import dataclasses
from collections.abc import Callable

import numpy as np

from analysis.encoding.bands import HISTORY, read_bands
from analysis.encoding.bins import Bins
from analysis.encoding.config import EncodeConfig
from analysis.encoding.crossvalidation import held_out_blocks, score
from analysis.encoding.lagscan import LagScan, scan_lags
from analysis.encoding.partition import Subset, subsets
from analysis.encoding.result import EncodingResult
from analysis.encoding.scalars import Scalar, read_scalars
from analysis.encoding.sessions.models import Models
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.unique import Base, UniqueGain, base_lags, unique_gains
from analysis.session import OpenSession
from rodent.errors import naming


@dataclasses.dataclass(frozen=True)
class SessionResult:
    """Results of one session.

    Attributes:
        recording, spikes: the files.
        animal: animal of the session.
        rollouts: the rollouts used.
        fps: frames per second of the recording.
        bin_seconds: length of a bin.
        repeats: whether motion is repeated, so that the null excludes shifts that align repeats.
        results: of each model, in order.
        unique: unique gains, by layer.
        partition: held-out log-likelihood above the mean rate of every subset of the sets, nats, shape
            (blocks, neurons) each.
        scans: gains at other lags, of each model.
        counts: spikes of the bins used, shape (bins, neurons).
        seconds: start of each of these bins on the clock of the spikes, shape (bins,).
        scalars: of behavior in these bins, by name, if they were read.
        labels: group of each scored neuron; empty without groups.
        dropped: excluded neurons, with the reasons.
        quality: a row per neuron.
        notes: for readers of the results.
    """

    recording: str
    spikes: str
    animal: str
    rollouts: tuple[str, ...]
    fps: float
    bin_seconds: float
    repeats: bool
    results: tuple[EncodingResult, ...]
    unique: dict[str, UniqueGain]
    partition: dict[Subset, np.ndarray]
    scans: tuple[LagScan, ...]
    counts: np.ndarray
    seconds: np.ndarray
    scalars: dict[str, Scalar]
    labels: tuple[str, ...]
    dropped: dict[str, str]
    quality: tuple[dict[str, object], ...]
    notes: tuple[str, ...]


def regress(
    session: OpenSession,
    asked: EncodeConfig,
    models: Models,
    animal: str,
    scalars: bool,
    advance: Callable[..., None],
) -> SessionResult:
    """Regress the good neurons of a session on every model.

    Args:
        session: open.
        asked: the arguments of the command.
        models: to regress on.
        animal: animal of the session.
        scalars: whether to read scalars of behavior.
        advance: progress callback.

    Raises:
        InputError: the group column is unknown, no neuron is good, a band is not finite or constant, or the
            usable time is too short.
    """
    settings = asked.settings
    spikes, verdict = session.good_neurons(asked.quality)
    labels = () if asked.group is None else session.groups(asked.group, spikes.names).tolist()
    label_of = dict(zip(spikes.names, labels, strict=asked.group is not None))
    bands = {band.name: band for band in read_bands(models.bands, session.timeline, session.recording)}
    lags = base_lags(settings, session.timeline.bin_seconds) if models.unique else ()
    unique: dict[str, UniqueGain] = {}
    with naming(session.recording.path):
        bins = Bins.of(session.timeline, spikes, settings, lags)
        results = []
        for names in models.sets:
            advance(0, note="+".join(names))
            results.append(score(bins, [bands[name] for name in names], settings, advance))
        partition = {}
        for subset in subsets(len(models.partition)):
            advance(0, note="+".join(models.union(subset)))
            some = [bands[name] for name in models.union(subset)]
            partition[subset] = held_out_blocks(bins, some, settings, advance)
        scans = []
        if models.scan:
            # separate bins, so that a scan changes no other result
            scanned = Bins.of(session.timeline, spikes, settings, models.scan)
            for names in models.sets:
                advance(0, note=f"lags of {'+'.join(names)}")
                some = [bands[name] for name in names]
                scans.append(scan_lags(scanned, some, settings, models.scan, advance))
        if models.unique:
            advance(0, note="+".join(models.base))
            base = Base(bins, [bands[name] for name in models.base], settings, advance)
            advance(0, note="unique gains")
            total = settings.folds * len(models.unique)
            unique = unique_gains(
                base, [bands[layer] for layer in models.unique], lambda n: advance(n * total)
            )
    return SessionResult(
        recording=str(session.recording.path),
        spikes=str(session.session.path),
        animal=animal,
        rollouts=tuple(rollout.name for rollout in session.rollouts),
        fps=session.recording.fps,
        bin_seconds=session.timeline.bin_seconds,
        repeats=bins.repeats,
        results=tuple(results),
        unique=unique,
        partition=partition,
        scans=tuple(scans),
        counts=bins.used,
        seconds=session.clock.on_spikes(bins.rows * session.timeline.bin_seconds),
        scalars=_scalars(session, bins) if scalars else {},
        labels=tuple(label_of[name] for name in bins.names) if label_of else (),
        dropped=verdict.dropped | bins.dropped,
        quality=verdict.table,
        notes=(*session.notes, *verdict.notes, *_notes(bins, results, models, settings)),
    )


def _scalars(session: OpenSession, bins: Bins) -> dict[str, Scalar]:
    """Scalars of behavior in the bins used."""
    found = read_scalars(session.timeline, session.recording)
    return {
        name: dataclasses.replace(scalar, values=scalar.values[bins.rows]) for name, scalar in found.items()
    }


def _notes(
    bins: Bins, results: list[EncodingResult], models: Models, settings: EncodingSettings
) -> list[str]:
    """Notes about the regressions."""
    notes = [f"{one.layer}: {one.unconverged} fits did not converge" for one in results if one.unconverged]
    for one in results:
        clipped = [name for name, n in zip(one.names, one.bounded, strict=True) if n]
        if clipped:
            notes.append(
                f"{one.layer}: predictions of {int(one.bounded.sum())} fits were clipped to ten times the "
                f"rates fitted in training; neurons: {', '.join(clipped)}"
            )
    if bins.repeats:
        notes.append("clips are repeated: time shifts that align the same motion are excluded")
    if settings.components is not None:
        notes.append(f"every band is reduced to at most {settings.components} principal components")
    if HISTORY in {name for names in models.sets for name in names} and not settings.refits:
        notes.append("p of a model with history tests what its other bands predict beyond history")
    return notes
