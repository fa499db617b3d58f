"""Options of `rodent game`. Light to import: the command line is derived from them."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from analysis.game.settings import ActivitySettings, BlindSettings, GameSettings


@dataclasses.dataclass(frozen=True)
class GameConfig:
    """The two sides of a game, and how it is played; see `analysis.game`."""

    model: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")] = None
    """A recording of a policy, made by `rodent rollout`, or clips of simulated motion."""
    rat: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="RAT")] = None
    """Motion of the real animal: clips in any format that `rodent clips import` reads, or a recording, whose
    reference motion is then the animal's. With --layer: its spikes."""
    other: Path | None = None
    """Motion of another session of the animal, like RAT, for the ceiling: RAT against it. By default, each
    session of RAT is compared with its other sessions, if it has several."""
    fps: float | None = None
    """Frame rate to bring both sides to, Hz. By default both must have the same."""
    layer: str | None = None
    """Play the game of activity: spikes drawn from the units of this layer, against the spikes of RAT."""
    settings: tyro.conf.OmitArgPrefixes[GameSettings] = dataclasses.field(default_factory=GameSettings)
    activity: tyro.conf.OmitArgPrefixes[ActivitySettings] = dataclasses.field(
        default_factory=ActivitySettings
    )
    films: tyro.conf.OmitArgPrefixes[BlindSettings] = dataclasses.field(default_factory=BlindSettings)
