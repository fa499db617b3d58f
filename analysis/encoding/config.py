"""Options of encoding: models and settings. Light to import: the command line is derived from them."""

import dataclasses

import tyro

from analysis.encoding.settings import EncodingSettings
from analysis.neural.settings import QualitySettings
from analysis.session import SessionArguments


@dataclasses.dataclass(frozen=True)
class EncodeConfig(SessionArguments):
    """Recordings, spikes, and the models to predict the spikes; see `analysis.encoding.sessions`."""

    layer: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Layer to regress on; may be given several times."""
    features: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Bands of one model, separated by commas: joints, velocities, keypoints, forces, contacts, position,
    heading, speed, history (each neuron's own past spikes), or a layer; may be given several times. `all`
    makes a model of each band."""
    unique: bool = False
    """Also score what each layer adds to --kinematics and spike history."""
    controls: bool = False
    """Also score the controls of each --layer: the same layer of a network with random weights, the encoder's
    input, and the future reference. The recording must be made with `rodent rollout --controls`."""
    kinematics: str = "joints,velocities"
    """The base bands of --unique, at the lags of --base-lags."""
    animal: tuple[str, ...] = ()
    """Animal of each session, in order: intervals are then over sessions within animals. By default each
    session is of a different animal."""
    settings: tyro.conf.OmitArgPrefixes[EncodingSettings] = dataclasses.field(
        default_factory=EncodingSettings
    )
    quality: tyro.conf.OmitArgPrefixes[QualitySettings] = dataclasses.field(default_factory=QualitySettings)
    partition: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """A set of bands, separated by commas; give it two to five times. The score of all sets together is
    divided into the parts unique to each set and the parts that several share."""
    lag_scan: str | None = None
    """First lag, last lag and step, seconds, as in `--lag-scan=-0.5:0.5:0.1`: score every model with all
    its features at each of these lags, and test the best."""
    group: str | None = None
    """Column of the units table, such as `region`: also score the neurons of each value separately.
    `rodent spikes` lists the columns."""
