"""Encoding models from files to scores, in one call.

found = encode("walk.h5", "spikes.npz", layer=("decoder/layer_0", "latent/mean"))
found                       # scores of every neuron, as a table in a notebook
found.to_xarray()           # scores by model and neuron
found.plot()                # neurons of all models, joined by lines
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.encoding.config import EncodeConfig
from analysis.encoding.figures import draw_paired_scores
from analysis.encoding.sessions.encode import Extras, encode_sessions
from analysis.encoding.sessions.models import Models, models_of
from analysis.encoding.sessions.results import Found, to_json
from analysis.session import OpenSession, open_sessions
from rodent.progress import progress
from rodent.results import Result, new_axes, require_package

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

_SCORES = ("spikes", "bits_per_spike", "null_bits_per_spike", "corrected_bits_per_spike", "p_values")
_LISTS = ("strengths", "band_weights")  # columns with several values per neuron

Check = Callable[[tuple[OpenSession, ...], Models], None]
"""Is called before the regressions, to refuse what would fail after them."""


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Encoding(Result):
    """Scores of encoding models.

    Attributes:
        found: results of all sessions and models, with tests and intervals.
    """

    found: Found

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models, such as `decoder/layer_0`."""
        return tuple(self.found.name(i) for i in range(len(self.found.models.sets)))

    def to_json(self) -> dict[str, Any]:
        """All results, as `rodent encode --json` prints them."""
        return to_json(self.found) | Extras.of(self.found).to_json()

    def __repr__(self) -> str:
        neurons = sum(len(one.results[0].names) for one in self.found.sessions)
        best = max(range(len(self.models)), key=lambda i: float(self._pooled(i, _SCORES[3]).mean()))
        score = self._pooled(best, _SCORES[3]).mean()
        return (
            f"Encoding({neurons} neurons, {len(self.models)} models; best mean: {self.models[best]}, "
            f"{score:.3g} bits per spike, p {self.found.p(best):.2g})"
        )

    def columns(self) -> dict[str, list[Any]]:
        """Scores of every neuron under every model."""
        found: dict[str, list[Any]] = {}
        for i, model in enumerate(self.models):
            for session in self.found.sessions:
                result = session.results[i]
                known = {
                    "model": [model] * len(result.names),
                    "session": [session.recording] * len(result.names),
                }
                for name, values in (known | result.columns()).items():
                    if name not in _LISTS:
                        found.setdefault(name, []).extend(values)
        return found

    def to_xarray(self) -> "xarray.Dataset":
        """Scores by model and neuron: bits per spike, null, corrected score, and p.

        Raises:
            InputError: xarray is missing.
        """
        names = [name for one in self.found.sessions for name in one.results[0].names]
        values = {
            name: (("model", "neuron"), np.stack([self._pooled(i, name) for i in range(len(self.models))]))
            for name in _SCORES
        }
        return require_package("xarray").Dataset(values, {"model": list(self.models), "neuron": names})

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the corrected score of every neuron under all models, joined by a line."""
        models = range(len(self.models))
        return draw_paired_scores(
            new_axes(axes),
            self.models,
            [self._pooled(i, _SCORES[3]) for i in models],
            [self.found.significant(i) for i in models],
            self.found.p_holm,
            "corrected score, bits per spike",
        )

    def _pooled(self, model: int, key: str) -> np.ndarray:
        """A score of the neurons of all sessions, shape (neurons,)."""
        return np.concatenate([getattr(result, key) for result in self.found.results(model)])


def encode(recording: Path | str, spikes: Path | str, **options: Any) -> Encoding:
    """Regress neurons on the units of a network, or on features of its behavior.

    Args:
        recording: of the session's motion.
        spikes: of the same session.
        options: fields of `EncodeConfig`, such as `layer=("decoder/layer_0",)`, `features=("joints,speed",)`,
            `bin_seconds=0.1` and `settings=EncodingSettings(folds=5)`.

    Raises:
        InputError: a file is wrong, an option makes no sense, or no neuron is good enough.
    """
    return encode_files(EncodeConfig(Path(recording), Path(spikes), **options))


def encode_files(
    config: EncodeConfig, *, scalars: bool = False, check: Check = lambda opened, models: None
) -> Encoding:
    """The same from a configuration.

    Args:
        config: files, models and settings.
        scalars: whether to read scalars of behavior, such as speed, for tuning curves.
        check: called before the regressions.

    Raises:
        InputError: as `encode`.
    """
    with open_sessions(config) as opened:
        models = models_of(config, opened)
        check(opened, models)
        total = len(opened) * models.n_fits(config.settings)
        with progress("regressing", total=total, unit="fits") as advance:
            return Encoding(encode_sessions(config, opened, models, scalars=scalars, advance=advance))
