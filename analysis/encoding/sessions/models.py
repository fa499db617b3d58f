"""Which models neurons are regressed on: checked against what was recorded."""

import dataclasses
from collections.abc import Sequence

from analysis.encoding.bands import BANDS, HISTORY, require_band
from analysis.encoding.config import EncodeConfig
from analysis.encoding.crossvalidation import n_fits
from analysis.encoding.lagscan import read_lags
from analysis.encoding.partition import MOST_SETS, Subset, subsets
from analysis.encoding.settings import EncodingSettings
from analysis.session import OpenSession
from rodent.errors import InputError
from rodent.recording.controls import control_layers, is_control

MODEL, CONTROL = "model", "control"
"""Families of tests; each is corrected separately."""


@dataclasses.dataclass(frozen=True)
class Models:
    """The models that neurons are regressed on.

    Attributes:
        sets: the bands of each model.
        unique: layers whose unique gain is computed.
        base: the bands that these layers are added to.
        partition: sets of bands whose unique and shared parts are computed.
        scan: lags at which every model is scored, seconds.
    """

    sets: tuple[tuple[str, ...], ...]
    unique: tuple[str, ...]
    base: tuple[str, ...]
    partition: tuple[tuple[str, ...], ...] = ()
    scan: tuple[float, ...] = ()

    @property
    def bands(self) -> tuple[str, ...]:
        """All bands of all models."""
        added = (*self.base, *self.unique) if self.unique else ()
        sets = (*self.sets, *self.partition)
        return tuple(dict.fromkeys([*(name for names in sets for name in names), *added]))

    @property
    def families(self) -> list[str]:
        """Family of tests of each model: models with a control layer are a separate family."""
        return [family(*names) for names in self.sets]

    def union(self, subset: Subset) -> tuple[str, ...]:
        """The bands of some sets of the partition."""
        return tuple(name for i in subset for name in self.partition[i])

    def n_fits(self, settings: EncodingSettings) -> int:
        """Number of fits of one session, for the progress bar."""
        models = sum(n_fits(settings, len(names)) + len(self.scan) for names in self.sets)
        no_null = dataclasses.replace(settings, null="refit")  # no null is added to their fits
        models += sum(n_fits(no_null, len(self.union(subset))) for subset in subsets(len(self.partition)))
        if not self.unique:
            return models
        base = n_fits(no_null, len(self.base))
        return models + base + len(self.unique) * settings.folds


def family(*bands: str) -> str:
    """The family of tests that a model of these bands belongs to."""
    return CONTROL if any(map(is_control, bands)) else MODEL


def models_of(config: EncodeConfig, opened: Sequence[OpenSession]) -> Models:
    """The models to regress neurons on, checked against the recordings.

    Raises:
        InputError: no model is given, or a layer or band is unknown.
    """
    if not (config.layer or config.features or config.partition):
        raise InputError("neither --layer nor --features is given; give at least one layer of the recording")
    if config.unique and not config.layer:
        raise InputError("--unique requires a layer; give at least one --layer")
    if config.controls and not config.layer:
        raise InputError("--controls requires a layer; give at least one --layer")
    controls = control_layers(config.layer) if config.controls else ()
    layers = tuple(dict.fromkeys((*config.layer, *controls)))
    for session in opened:
        session.require_layers(config.layer)
        for rollout in session.rollouts:
            place = session.place(rollout)
            if lacking := [name for name in controls if name not in rollout.layers]:
                raise InputError(f"{place} has no {lacking[0]}; record with: rodent rollout --controls")
            bands = (*_split(config.features), *_split(config.partition))
            for band in (*bands, *(_split((config.kinematics,)) if config.unique else ())):
                if band != "all":
                    require_band(band, rollout, rollout.layers, place)
    sets: list[tuple[str, ...]] = [(layer,) for layer in layers]
    for text in config.features:
        sets += [(name,) for name in (*BANDS, HISTORY)] if text == "all" else [_split((text,))]
    partition = tuple(_split((text,)) for text in config.partition)
    _check_partition(partition)
    # each set is also a model by itself, with its null
    sets += partition
    base = tuple(dict.fromkeys((*_split((config.kinematics,)), HISTORY)))
    return Models(
        tuple(dict.fromkeys(sets)),
        layers if config.unique else (),
        base,
        partition,
        _scan(config.lag_scan, sets),
    )


def _scan(lag_scan: str | None, sets: Sequence[tuple[str, ...]]) -> tuple[float, ...]:
    """The lags to scan."""
    if lag_scan is None:
        return ()
    if (HISTORY,) in sets:
        raise InputError("--lag-scan cannot shift the band history; omit the model --features history")
    return read_lags(lag_scan)


def _check_partition(sets: tuple[tuple[str, ...], ...]) -> None:
    """Refuse sets that cannot be partitioned.

    Raises:
        InputError: there is one set or too many, or a band is in two sets.
    """
    if sets and not 2 <= len(sets) <= MOST_SETS:
        raise InputError(f"--partition is given {len(sets)} times; expected 2 to {MOST_SETS} sets")
    bands = [band for names in sets for band in names]
    for band in bands:
        if band == "all":
            raise InputError("--partition is 'all'; expected the bands of a set, separated by commas")
        if bands.count(band) > 1:
            raise InputError(f"--partition has the band {band!r} twice; expected each band in one set")


def _split(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for text in texts for name in text.split(","))
