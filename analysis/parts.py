"""What comparisons with neurons can be made of, by name; see `rodent.registry` for how to add to it.

Light to import: parts are named here, and imported when they are asked for.
"""

from typing import TYPE_CHECKING

from rodent.registry import Registry

if TYPE_CHECKING:
    from analysis.neural.labels import Labels
    from analysis.neural.session import NeuralSession
    from analysis.neural.settings import LabelOptions, SpikeOptions
    from rodent.reader import Reader

SPIKE_READERS: "Registry[Reader[SpikeOptions, NeuralSession]]" = Registry(
    "reader of spikes",
    "virtual_rodent.spike_readers",
    {
        "nwb": "analysis.neural.nwb:READER",
        "aldarondo": "analysis.neural.aldarondo:READER",
        "phy": "analysis.neural.phy:READER",
        "pynapple": "analysis.neural.pynapple_files:READER",
        "npz": "analysis.neural.arrays:NPZ",
        "mat-arrays": "analysis.neural.mat_arrays:READER",
        "tetrodes": "analysis.neural.tetrodes:READER",
        "hdf5": "analysis.neural.arrays:HDF5",
    },
)
"""Formats of spikes."""
LABEL_READERS: "Registry[Reader[LabelOptions, Labels]]" = Registry(
    "reader of behavior labels",
    "virtual_rodent.label_readers",
    {
        "boris": "analysis.neural.label_tables:BORIS",
        "keypoint-moseq-csv": "analysis.neural.label_tables:MOSEQ",
        "keypoint-moseq": "analysis.neural.label_arrays:MOSEQ",
        "motion-mapper": "analysis.neural.label_arrays:MOTION_MAPPER",
    },
)
"""Formats of behavior labels."""
REGRESSIONS = Registry(
    "regression",
    "virtual_rodent.regressions",
    {
        "ridge": "analysis.encoding.penalised:PoissonRegression",
        "elastic-net": "analysis.encoding.penalised:PoissonRegression",
        "group-lasso": "analysis.encoding.penalised:PoissonRegression",
        "banded-ridge": "analysis.encoding.banded:BandedRegression",
    },
)
"""How neurons are regressed on features; see `analysis.encoding.encoder`."""
