"""Options of event analysis. Light to import: the command line is derived from them."""

import dataclasses

import tyro

from analysis.events.settings import EventSettings, RatEventSettings
from analysis.neural.settings import QualitySettings
from analysis.session import SessionArguments


@dataclasses.dataclass(frozen=True)
class EventsConfig(SessionArguments):
    """Recordings, spikes, events and layers; see `analysis.events.sessions`."""

    event: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Name of an event to analyse, from --list; may be given several times. * stands for any text:
    'touch/*'."""
    layer: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Layer whose units are analysed like the neurons; may be given several times."""
    settings: tyro.conf.OmitArgPrefixes[EventSettings] = dataclasses.field(default_factory=EventSettings)
    rat: tyro.conf.OmitArgPrefixes[RatEventSettings] = dataclasses.field(default_factory=RatEventSettings)
    quality: tyro.conf.OmitArgPrefixes[QualitySettings] = dataclasses.field(default_factory=QualitySettings)
