"""Folders of Phy and Kilosort.

`spike_times.npy` counts samples, `spike_clusters.npy` (else `spike_templates.npy`) has the cluster of each
spike, and `params.py` the sample rate. That file is searched for a number and never run. Tables
`cluster_*.tsv` or `.csv` with a column `cluster_id` become the units table. Clusters that are labelled noise
are left out.
"""

import csv
import dataclasses
import re
from pathlib import Path

import numpy as np

from analysis.neural.seconds import column, whole_numbers
from analysis.neural.session import NeuralSession
from analysis.neural.settings import SpikeOptions
from analysis.neural.spikes import SpikeTimes
from rodent.errors import InputError
from rodent.files import reading
from rodent.npz import read_npy
from rodent.reader import FileStart, Reader

TIMES, CLUSTERS, TEMPLATES, PARAMS = (
    "spike_times.npy",
    "spike_clusters.npy",
    "spike_templates.npy",
    "params.py",
)
LABELS = ("group", "KSLabel")
"""Columns that say what a cluster is; what a person said comes first."""
NOISE = "noise"

_RATE = re.compile(r"^\s*sample_rate\s*=\s*([0-9.eE+_]+)\s*(?:#.*)?$", re.MULTILINE)


def is_phy(file: FileStart) -> bool:
    """Whether this is such a folder."""
    return file.is_folder and (file.path / TIMES).is_file()


def read(path: Path, options: SpikeOptions) -> NeuralSession:
    """Read a session.

    Raises:
        InputError: a file is missing or damaged, or there is no sample rate.
    """
    samples = column(read_npy(path / TIMES), f"{path / TIMES}")
    which = CLUSTERS if (path / CLUSTERS).is_file() else TEMPLATES
    if not (path / which).is_file():
        raise InputError(f"{path} has neither {CLUSTERS} nor {TEMPLATES}: the cluster of each spike")
    clusters = whole_numbers(read_npy(path / which), f"{path / which}")
    if len(samples) != len(clusters):
        raise InputError(f"{path}: {TIMES} has {len(samples)} spikes, {which} {len(clusters)}")
    if not len(samples):
        raise InputError(f"{path}: there are no spikes, {TIMES} is empty")
    times = samples.astype(float) / (options.sample_rate or _sample_rate(path))
    if not np.isfinite(times).all():
        raise InputError(f"{path / TIMES} has times that are not finite")
    ids, neurons = np.unique(clusters, return_inverse=True)
    spikes = SpikeTimes(path, times, neurons, tuple(map(str, ids.tolist())))
    session = NeuralSession(path, "Phy", spikes, _table(path, ids))
    return _without_noise(session)


def _sample_rate(path: Path) -> float:
    place = path / PARAMS
    if not place.is_file():
        raise InputError(f"{path} has no {PARAMS} with the sample rate; give it: --sample-rate HZ")
    with reading(place):
        found = _RATE.search(place.read_text())
    try:
        rate = float(found[1]) if found else np.nan
    except ValueError:
        rate = np.nan
    if not 0 < rate < np.inf:
        raise InputError(f"{place} has no line such as sample_rate = 30000.0; give it: --sample-rate HZ")
    return rate


def _table(path: Path, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of all tables of clusters, in the order of the clusters."""
    columns: dict[str, dict[str, str]] = {}
    for place in sorted([*path.glob("cluster_*.tsv"), *path.glob("cluster_*.csv")]):
        separator = "\t" if place.suffix == ".tsv" else ","
        with reading(place), place.open(newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter=separator))
        for row in rows:
            for name, value in row.items():
                if name and name != "cluster_id" and row.get("cluster_id") is not None:
                    columns.setdefault(name, {})[str(row["cluster_id"]).strip()] = value or ""
    found = {name: [values.get(str(one), "") for one in ids.tolist()] for name, values in columns.items()}
    return {"cluster": ids} | {name: _typed(values) for name, values in found.items()}


def _typed(values: list[str]) -> np.ndarray:
    """Numbers where all are, empty ones NaN; else texts."""
    try:
        return np.array([float(value or "nan") for value in values])
    except ValueError:
        return np.array(values, str)


def _without_noise(session: NeuralSession) -> NeuralSession:
    labels = next((session.table[name] for name in LABELS if name in session.table), None)
    if labels is None or labels.dtype.kind != "U":
        return session
    keep = labels != NOISE
    if not keep.any():
        raise InputError(f"{session.path}: all {len(keep)} clusters are labelled {NOISE}")
    notes = (f"{int((~keep).sum())} of {len(keep)} clusters are labelled {NOISE} and left out",)
    return dataclasses.replace(session.subset(keep), notes=notes if not keep.all() else ())


READER = Reader("folder of Phy or Kilosort", is_phy, read)
