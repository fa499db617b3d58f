"""The regressions of one session."""

import dataclasses
from collections.abc import Callable

from analysis.encoding.bands import HISTORY, read_bands
from analysis.encoding.bins import Bins
from analysis.encoding.crossvalidation import n_fits, score
from analysis.encoding.result import EncodingResult
from analysis.encoding.settings import EncodingSettings
from analysis.encoding.unique import Base, UniqueGain, base_lags, unique_gains
from analysis.neural.settings import QualitySettings
from rodent.cli.session import OpenSession
from rodent.errors import naming


@dataclasses.dataclass(frozen=True)
class Models:
    """What neurons are regressed on.

    Attributes:
        sets: the bands of each model.
        unique: layers of which is asked what they add.
        base: the bands that they are added to.
    """

    sets: tuple[tuple[str, ...], ...]
    unique: tuple[str, ...]
    base: tuple[str, ...]

    @property
    def bands(self) -> tuple[str, ...]:
        """All that are needed."""
        added = (*self.base, *self.unique) if self.unique else ()
        return tuple(dict.fromkeys([*(name for names in self.sets for name in names), *added]))

    def n_fits(self, settings: EncodingSettings) -> int:
        """The unit of progress of one session."""
        models = sum(n_fits(settings, len(names)) for names in self.sets)
        if not self.unique:
            return models
        base = n_fits(dataclasses.replace(settings, null="refit"), len(self.base))
        return models + base + len(self.unique) * settings.folds


@dataclasses.dataclass(frozen=True)
class SessionResult:
    """What became of one session.

    Attributes:
        recording, spikes: the files.
        animal: whose session it is.
        rollouts: used.
        fps: of the recording.
        bin_seconds: length of a bin.
        by_rollout: whether the null turns each rollout by itself, for clips come again.
        results: of each model, in order.
        unique: what layers add, by their names.
        dropped: neurons left out, and why.
        quality: a row per neuron.
        notes: what a reader of the results should know.
    """

    recording: str
    spikes: str
    animal: str
    rollouts: tuple[str, ...]
    fps: float
    bin_seconds: float
    by_rollout: bool
    results: tuple[EncodingResult, ...]
    unique: dict[str, UniqueGain]
    dropped: dict[str, str]
    quality: tuple[dict[str, object], ...]
    notes: tuple[str, ...]


def regress(
    session: OpenSession,
    models: Models,
    settings: EncodingSettings,
    quality: QualitySettings,
    animal: str,
    advance: Callable[..., None],
) -> SessionResult:
    """Regress the good neurons of a session on every model.

    Raises:
        InputError: no neuron is good, a band is not finite or constant, or too little time is left.
    """
    spikes, verdict = session.good_neurons(quality)
    bands = {band.name: band for band in read_bands(models.bands, session.timeline, session.recording)}
    lags = base_lags(settings, session.timeline.bin_seconds) if models.unique else ()
    unique: dict[str, UniqueGain] = {}
    with naming(session.recording.path):
        bins = Bins.of(session.timeline, spikes, settings, lags)
        results = []
        for names in models.sets:
            advance(0, note="+".join(names))
            results.append(score(bins, [bands[name] for name in names], settings, advance))
        if models.unique:
            advance(0, note="+".join(models.base))
            base = Base(bins, [bands[name] for name in models.base], settings, advance)
            advance(0, note="what layers add")
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
        by_rollout=bins.by_rollout,
        results=tuple(results),
        unique=unique,
        dropped=verdict.dropped | bins.dropped,
        quality=verdict.table,
        notes=(*session.notes, *_notes(bins, results, models, settings)),
    )


def _notes(
    bins: Bins, results: list[EncodingResult], models: Models, settings: EncodingSettings
) -> list[str]:
    """What a reader should know of the regressions."""
    notes = [
        f"{one.layer}: {one.unconverged} fits stopped short of the optimum"
        for one in results
        if one.unconverged
    ]
    for one in results:
        met = [name for name, n in zip(one.names, one.bounded, strict=True) if n]
        if met:
            notes.append(
                f"{one.layer}: predictions of {int(one.bounded.sum())} fits were kept within ten times the "
                f"rates fitted in training; neurons: {', '.join(met)}"
            )
    if bins.by_rollout:
        notes.append("clips come again, so the null shifts each rollout by itself")
    if settings.components is not None:
        notes.append(f"every band is reduced to {settings.components} principal components at most")
    if HISTORY in {name for names in models.sets for name in names} and not settings.refits:
        notes.append("p of a model with history tells what its other bands predict beyond history")
    return notes
