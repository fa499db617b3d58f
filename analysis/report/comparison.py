"""Results of `rodent encode --json` and `rodent rsa --json`, read for the page."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analysis.multiple_testing import holm
from analysis.similarity.scores import LayerScore
from rodent.errors import InputError
from rodent.json_fields import Field
from rodent.pages.provenance import Provenance
from rodent.recording.controls import is_control

ENCODING, SIMILARITY = ("virtual-rodent/encoding", 2), ("virtual-rodent/rsa", 1)


@dataclasses.dataclass(frozen=True)
class Origin:
    """Provenance of the results in a file.

    Attributes:
        path: the file.
        dropped: excluded neurons or behaviors, with the reasons.
        notes: for readers of the results.
        settings: of the command.
        versions: of the software.
    """

    path: Path
    dropped: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]

    @property
    def provenance(self) -> Provenance:
        """For the versions and seeds of a page."""
        return Provenance(str(self.path), self.versions, self.settings.get("seed"))


@dataclasses.dataclass(frozen=True)
class Mean:
    """A mean over neurons, then over sessions, and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class LayerEncoding:
    """Scores of one layer or set of bands, bits per spike.

    Attributes:
        layer: its name.
        found: scores, shape (neurons,).
        null: of the same neurons shifted in time, shape (neurons,).
        corrected: score minus null, shape (neurons,).
        mean_found, mean_null: means in the file.
        mean: of the corrected scores.
        p: rank of the mean score among those of the shifts.
        p_holm: p corrected for all layers; NaN in files of version 1.
        share_significant: fraction of neurons with a false discovery rate of 0.05 or less; in files of
            version 1 with a p of 0.05 or less.
        unique: unique gain, and its p after Holm's correction, NaN in files of version 1, whose tests over
            neurons were not valid; None if not computed.
    """

    layer: str
    found: np.ndarray
    null: np.ndarray
    corrected: np.ndarray
    mean_found: float
    mean_null: float
    mean: Mean
    p: float
    p_holm: float
    share_significant: float
    unique: tuple[Mean, float] | None


@dataclasses.dataclass(frozen=True)
class Encoding:
    """Results of `rodent encode`.

    Attributes:
        origin: provenance.
        base: bands that unique gains are added to; None if there are none.
        layers: scores by layer, of the same neurons in the same order.
    """

    origin: Origin
    base: str | None
    layers: tuple[LayerEncoding, ...]


@dataclasses.dataclass(frozen=True)
class Similarity:
    """Results of `rodent rsa`; arrays of shape (conditions, conditions).

    Attributes:
        origin: provenance.
        conditions: behaviors compared.
        rdm: of the neurons.
        dimensionality: of the neurons, participation ratio.
        layers: results of the layers.
        ceiling: lower and upper bound of the noise ceiling.
        variability: correlation of the latent's spread with that of the neurons, and its p; None if it was
            not computed.
    """

    origin: Origin
    conditions: tuple[str, ...]
    rdm: np.ndarray
    dimensionality: float
    layers: tuple[LayerScore, ...]
    ceiling: tuple[float, float]
    variability: tuple[float, float] | None


def read_encoding(path: Path) -> Encoding:
    """Read scores.

    Raises:
        InputError: the file has another format, or a value is missing or of the wrong type.
    """
    file = Field.of_file(path, *ENCODING, "rodent encode")
    layers = tuple(_layer_encoding(layer) for layer in file["layers"].items())
    if not layers:
        raise InputError(f"{path}: layers is empty; there is nothing to report")
    if len({len(layer.found) for layer in layers}) > 1:
        raise InputError(f"{path}: layers have different numbers of neurons; is the file damaged?")
    base = file["base"]
    return Encoding(_origin(file), None if base.value is None else base.text, layers)


def read_similarity(path: Path) -> Similarity:
    """Read structures; errors as for `read_encoding`."""
    file = Field.of_file(path, *SIMILARITY, "rodent rsa")
    conditions = file["conditions"].texts
    neurons, ceiling, spread = (file[key] for key in ("neurons", "noise_ceiling", "variability"))
    n, layers = len(conditions), file["layers"].items()
    p = np.array([layer["p"].number for layer in layers])
    # files of version 1 do not have it
    adjusted = holm(p, [is_control(layer["layer"].text) for layer in layers])
    return Similarity(
        origin=_origin(file),
        conditions=conditions,
        rdm=neurons["rdm"].square(n),
        dimensionality=neurons["dimensionality"].number,
        layers=tuple(_layer_score(one, n, each) for one, each in zip(layers, adjusted, strict=True)),
        ceiling=(ceiling["lower"].number, ceiling["upper"].number),
        variability=None if spread.value is None else (spread["r"].number, spread["p"].number),
    )


def _layer_score(layer: Field, n_conditions: int, p_holm: float) -> LayerScore:
    numbers = {f.name for f in dataclasses.fields(LayerScore)} - {"layer", "rdm", "p_holm"}
    return LayerScore(
        layer=layer["layer"].text,
        rdm=layer["rdm"].square(n_conditions),
        p_holm=float(p_holm),
        **{name: layer[name].number for name in numbers},
    )


def _layer_encoding(layer: Field) -> LayerEncoding:
    neurons = layer["neurons"].items()
    if not neurons:
        raise InputError(f"{layer.path}: {layer.place}.neurons is empty; there is nothing to report")
    found, null, corrected = (
        np.array([neuron[f"{kind}bits_per_spike"].number for neuron in neurons])
        for kind in ("", "null_", "corrected_")
    )
    unique = layer.members().get("unique")
    return LayerEncoding(
        layer=layer["layer"].text,
        found=found,
        null=null,
        corrected=corrected,
        mean_found=layer["mean_bits_per_spike"].number,
        mean_null=layer["mean_null_bits_per_spike"].number,
        mean=_mean(layer, "corrected_bits_per_spike"),
        p=_number(layer, "p"),
        p_holm=_number(layer, "p_holm"),
        share_significant=_number(layer, "share_significant"),
        unique=None if unique is None else _unique(unique),
    )


def _number(of: Field, key: str) -> float:
    """A number; NaN if the file, of an earlier version, does not have it."""
    members = of.members()
    return members[key].number if key in members else math.nan


def _unique(unique: Field) -> tuple[Mean, float]:
    """Unique gain of a layer; in files of version 1 minus the null of both models."""
    old = "test" in unique.members()
    return _mean(unique, "corrected_bits_per_spike" if old else "bits_per_spike"), _number(unique, "p_holm")


def _mean(of: Field, name: str) -> Mean:
    interval = of[f"interval_{name}"]
    bounds = [bound.number for bound in interval.items()]
    if len(bounds) != 2:
        raise InputError(f"{of.path}: {interval.place} has {len(bounds)} numbers; expected 2")
    return Mean(of[f"mean_{name}"].number, *bounds)


def _origin(file: Field) -> Origin:
    return Origin(
        path=file.path,
        dropped=tuple(_reasons(file["dropped"])),
        notes=file["notes"].texts,
        settings={key: one.value for key, one in file["settings"].members().items()},
        versions={key: one.text for key, one in file["versions"].members().items()},
    )


def _reasons(dropped: Field) -> Iterator[tuple[str, str]]:
    """Excluded items with the reasons: a list of objects for neurons, one object for behaviors."""
    if isinstance(dropped.value, dict):
        yield from ((name, reason.text) for name, reason in dropped.members().items())
    else:
        yield from ((one["name"].text, one["reason"].text) for one in dropped.items())
