"""Which files of spikes and of behavior labels are read, by name.

See `rodent.registry` for how to add one.
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
