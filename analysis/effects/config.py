"""Options of the report of an experiment. Light to import: the command line is derived from them."""

import dataclasses

import tyro

from analysis.effects.settings import EffectSettings
from rodent.errors import check_setting


@dataclasses.dataclass(frozen=True)
class EffectReportConfig:
    """What the report of an experiment shows."""

    outcome: tuple[str, ...] = ("frames_tracked", "joint_error")
    """Outcomes with figures of their own, such as `frames_tracked`, `speed` or `activity:decoder/layer_0`.
    The map and the numbers of animals have all outcomes."""
    settings: tyro.conf.OmitArgPrefixes[EffectSettings] = dataclasses.field(default_factory=EffectSettings)

    def __post_init__(self) -> None:
        check_setting("option", "--outcome", bool(self.outcome), "empty", "the name of an outcome or several")
