"""The regressions of one session."""

import dataclasses
from collections.abc import Callable

from analysis.encoding.bands import read_bands
from analysis.encoding.crossvalidation import cross_validate, n_fits
from analysis.encoding.result import EncodingResult
from analysis.encoding.settings import EncodingSettings
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
        return tuple(dict.fromkeys([*(name for names in self.sets for name in names), *self._added]))

    @property
    def _added(self) -> tuple[str, ...]:
        return (*self.base, *self.unique) if self.unique else ()

    def n_fits(self, settings: EncodingSettings) -> int:
        """The unit of progress of one session."""
        return (len(self.sets) + (1 + len(self.unique) if self.unique else 0)) * n_fits(settings)


@dataclasses.dataclass(frozen=True)
class SessionResult:
    """What became of one session.

    Attributes:
        recording, spikes: the files.
        rollouts: used.
        fps: of the recording.
        bin_seconds: length of a bin.
        results: of each model, in order.
        base: of the bands that layers are added to.
        added: of these with each layer.
        dropped: neurons left out, and why.
        quality: a row per neuron.
        notes: what a reader of the results should know.
    """

    recording: str
    spikes: str
    rollouts: tuple[str, ...]
    fps: float
    bin_seconds: float
    results: tuple[EncodingResult, ...]
    base: EncodingResult | None
    added: dict[str, EncodingResult]
    dropped: dict[str, str]
    quality: tuple[dict[str, object], ...]
    notes: tuple[str, ...]


def regress(
    session: OpenSession,
    models: Models,
    settings: EncodingSettings,
    quality: QualitySettings,
    advance: Callable[..., None],
) -> SessionResult:
    """Regress the good neurons of a session on every model.

    Raises:
        InputError: no neuron is good, a band is not finite or constant, or too little time is left.
    """
    spikes, verdict = session.good_neurons(quality)
    bands = {band.name: band for band in read_bands(models.bands, session.timeline, session.recording)}

    def score(names: tuple[str, ...]) -> EncodingResult:
        advance(0, note="+".join(names))
        chosen = [bands[name] for name in names]
        return cross_validate(session.timeline, spikes, chosen, settings, advance)

    with naming(session.recording.path):
        results = tuple(score(names) for names in models.sets)
        base = score(models.base) if models.unique else None
        added = {layer: score((*models.base, layer)) for layer in models.unique}
    scored = [*results, *added.values(), *([base] if base else [])]
    unsure = [
        f"{one.layer}: {one.unconverged} fits stopped short of the optimum"
        for one in scored
        if one.unconverged
    ]
    return SessionResult(
        recording=str(session.recording.path),
        spikes=str(session.session.path),
        rollouts=tuple(rollout.name for rollout in session.rollouts),
        fps=session.recording.fps,
        bin_seconds=session.timeline.bin_seconds,
        results=results,
        base=base,
        added=added,
        dropped=verdict.dropped | results[0].dropped,  # depends on the spikes alone
        quality=verdict.table,
        notes=(*session.notes, *unsure),
    )
