"""Options of comparisons across behaviors. Light to import: the command line is derived from them."""

import dataclasses

import tyro

from analysis.neural.settings import QualitySettings
from analysis.session import SessionArguments
from analysis.similarity.settings import SimilaritySettings


@dataclasses.dataclass(frozen=True)
class RsaConfig(SessionArguments):
    """Recordings, spikes, layers and behaviors; see `analysis.similarity.sessions`."""

    layer: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Layer to compare; may be given several times. By default all recorded layers except control layers."""
    settings: tyro.conf.OmitArgPrefixes[SimilaritySettings] = dataclasses.field(
        default_factory=SimilaritySettings
    )
    quality: tyro.conf.OmitArgPrefixes[QualitySettings] = dataclasses.field(default_factory=QualitySettings)
    group: str | None = None
    """Column of the units table, such as `region`: also compare the neurons of each value separately."""
