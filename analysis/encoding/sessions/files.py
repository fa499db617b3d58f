"""Results of `rodent encode` as tables and as columns of an NWB file."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from analysis.encoding.sessions.lagscan import LagScans
from analysis.encoding.sessions.models import Models
from analysis.encoding.sessions.partition import Partition
from analysis.encoding.sessions.regress import SessionResult
from analysis.encoding.sessions.results import Found
from analysis.encoding.tuning import edges, tuning_curve
from analysis.neural.write_nwb import check_units_columns, write_units_columns
from analysis.session import OpenSession
from rodent.errors import InputError
from rodent.pages.tables import Columns, Rows, write_table

TUNING_BANDS = 20
"""Number of intervals of each scalar in a tuning curve."""
_COLUMNS = {
    "bits_per_spike": "held-out Poisson log-likelihood above that of the training mean, bits per spike",
    "corrected_bits_per_spike": "the same minus its mean over time shifts of the spikes, bits per spike",
    "p": "rank of the score among those of the time shifts",
    "q": "false discovery rate of p over neurons (Benjamini and Hochberg)",
}


def write_tables(
    folder: Path, suffix: str, found: Found, partition: Partition | None = None, scans: LagScans | None = None
) -> list[Path]:
    """Neurons, held-out rates, coefficients and tuning curves, one table each.

    Args:
        folder: an existing one.
        suffix: `csv` or `parquet`.
        found: the results.
        partition, scans: results of --partition and --lag-scan, if given.

    Returns:
        the files; there is a file of rates for each session.

    Raises:
        InputError: the folder cannot be written.
    """
    written: dict[str, Columns | Rows] = {"neurons": neuron_rows(found), "tuning": list(_tuning(found))}
    if coefficients := list(_coefficients(found)):
        written["coefficients"] = coefficients
    if partition is not None:
        written["partition"] = partition.rows()
    if scans is not None:
        written["lags"] = scans.rows()
    for i, session in enumerate(found.sessions):
        name = f"rates-{i}" if len(found.sessions) > 1 else "rates"
        written[name] = _rates(session)
    paths = [folder / f"{name}.{suffix}" for name in written]
    for path, table in zip(paths, written.values(), strict=True):
        write_table(path, table)
    return paths


def neuron_rows(found: Found) -> list[dict[str, Any]]:
    """A row for every session, neuron and model, with all its scores."""
    rows = []
    for model in range(len(found.models.sets)):
        start, q = 0, found.q(model)
        for i, session in enumerate(found.sessions):
            result = session.results[model]
            gain = found.unique(result.layer)
            for k, row in enumerate(result.rows()):
                at = start + k
                # a cell holds one value
                plain = {key: x for key, x in row.items() if not isinstance(x, list | dict | np.ndarray)}
                head = {"session": i, "neuron": plain.pop("name")}
                head |= {"group": session.labels[k]} if session.labels else {}
                rows.append(head | {"model": result.layer} | plain | {"q": q[at]})
                rows[-1]["best_model"] = found.name(found.best[at]) or None
                if gain is not None:
                    one = gain.sessions[i]
                    rows[-1] |= {
                        "unique_bits_per_spike": one.bits_per_spike[k],
                        "unique_p": one.p_values[k],
                        "unique_q": gain.q[at],
                    }
            start += len(result.names)
    return rows


def _rates(session: SessionResult) -> dict[str, np.ndarray]:
    """A row for every bin: its start, the spikes of each neuron, and the rates that models predict, Hz."""
    names = session.results[0].names
    columns = {"seconds": session.seconds}
    columns |= {f"spikes/{name}": session.counts[:, k] for k, name in enumerate(names)}
    for result in session.results:
        hz = result.rates.astype(float) / session.bin_seconds
        columns |= {f"hz/{result.layer}/{name}": hz[:, k] for k, name in enumerate(names)}
    return columns


def _coefficients(found: Found) -> Iterator[dict[str, Any]]:
    for i, session in enumerate(found.sessions):
        for result in session.results:
            for fold, one in enumerate(result.coefficients or ()):
                for feature, values in zip(one.names, one.values, strict=True):
                    head: dict[str, Any] = {"session": i, "model": result.layer, "fold": fold}
                    head |= {"band": feature.band, "feature": feature.column, "lag_seconds": feature.lag}
                    for name, value in zip(result.names, values, strict=True):
                        yield head | {"neuron": name, "coefficient_standardised": value}


def _tuning(found: Found) -> Iterator[dict[str, Any]]:
    for i, session in enumerate(found.sessions):
        rates = {result.layer: result.rates for result in session.results}
        names = session.results[0].names
        for scalar, one in session.scalars.items():
            bounds = edges(one.values, TUNING_BANDS, one.circular)
            if not (np.ptp(one.values) and bounds[0] < bounds[-1]):
                continue  # what never changes has no tuning
            curve = tuning_curve(one.values, bounds, session.counts, rates, session.bin_seconds)
            for k, name in enumerate(names):
                for band, seconds in enumerate(curve.seconds):
                    yield {
                        "session": i,
                        "neuron": name,
                        "scalar": scalar,
                        "unit": one.unit,
                        "low": curve.edges[band],
                        "high": curve.edges[band + 1],
                        "seconds": seconds,
                        "spikes": curve.spikes[band, k],
                        "hz": curve.hz[band, k],
                    } | {f"hz/{model}": hz[band, k] for model, hz in curve.predicted_hz.items()}


def require_nwb(sessions: tuple[OpenSession, ...], target: Path, models: Models) -> None:
    """Check, before long computations, that results can be written to a copy of the NWB file.

    Raises:
        InputError: there are several sessions, the spikes are not in an NWB file, or the copy cannot be made.
    """
    first = sessions[0].session
    if len(sessions) > 1:
        raise InputError(f"--nwb-out {target} requires one session; there are {len(sessions)}")
    if first.kind != "NWB":
        raise InputError(
            f"--nwb-out {target}: {first.path} is {first.kind}, expected an NWB file; use --out to write the "
            "results to files of their own"
        )
    names = [name for bands in models.sets for name in _names("+".join(bands))]
    if models.unique:
        names += [name for layer in models.unique for name in _unique_names(layer)]
    check_units_columns(first.path, target, names)


def write_nwb(target: Path, found: Found) -> None:
    """A copy of the NWB file, with the scores as columns of its units table.

    Raises:
        InputError: the copy cannot be written.
        WorkError: the disk is full, or pynwb cannot read what was written.
    """
    (session,) = found.sessions
    columns: dict[str, np.ndarray] = {}
    descriptions: dict[str, str] = {}
    for model, result in enumerate(session.results):
        values = (result.bits_per_spike, result.corrected_bits_per_spike, result.p_values, found.q(model))
        for name, value, text in zip(_names(result.layer), values, _COLUMNS.values(), strict=True):
            columns[name], descriptions[name] = value, f"model {result.layer}: {text}"
    for layer in found.models.unique:
        gain = found.unique(layer)
        assert gain is not None
        (one,) = gain.sessions
        base = " + ".join(found.models.base)
        texts = (
            f"held-out bits per spike that {layer} adds to {base}",
            f"rank of this gain among time shifts of spikes and {base} together",
            "false discovery rate of that p over neurons (Benjamini and Hochberg)",
        )
        values = (one.bits_per_spike, one.p_values, gain.q)
        for name, value, text in zip(_unique_names(layer), values, texts, strict=True):
            columns[name], descriptions[name] = value, text
    write_units_columns(Path(session.spikes), target, session.results[0].names, columns, descriptions)


def _names(model: str) -> list[str]:
    return [f"encode_{_plain(model)}_{key}" for key in _COLUMNS]


def _unique_names(layer: str) -> list[str]:
    return [f"encode_{_plain(layer)}_unique_{key}" for key in ("bits_per_spike", "p", "q")]


def _plain(name: str) -> str:
    """A layer's name as part of a column name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
