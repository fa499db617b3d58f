"""Options of the commands of latent dynamics. Light to import: the command line is derived from them."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from analysis.dynamics.settings import DynamicsSettings
from analysis.neural.settings import QualitySettings, SpikeOptions
from analysis.session import SessionArguments


@dataclasses.dataclass(frozen=True)
class FitConfig:
    """A population's activity, and how latent dynamics are fitted to it."""

    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SESSION_OR_RECORDING")]
    """Spikes of a session, in any format of `rodent spikes`, or a recording of `rodent rollout`, whose units
    are then the population."""
    layer: str = "decoder/layer_0"
    """Layer of the recording."""
    rollout: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Rollout of the recording to use; may be given several times. By default all of them."""
    bin_seconds: float | None = None
    """Length of a bin, seconds. By default 0.02 s for spikes, and a frame for recordings."""
    perturbed: Path | None = None
    """Session or recording of the same neurons or units under a perturbation, such as a lesion or a pulse.
    The model, which is fitted to the intact activity alone, is scored on it."""
    settings: tyro.conf.OmitArgPrefixes[DynamicsSettings] = dataclasses.field(
        default_factory=DynamicsSettings
    )
    reading: tyro.conf.OmitArgPrefixes[SpikeOptions] = dataclasses.field(default_factory=SpikeOptions)
    """How a file of spikes is read."""
    select: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Select neurons by columns of the units table, as in `rodent spikes`."""
    quality: tyro.conf.OmitArgPrefixes[QualitySettings] = dataclasses.field(default_factory=QualitySettings)


@dataclasses.dataclass(frozen=True)
class CompareConfig(SessionArguments):
    """A recording and the spikes of the same session, and how their latents are found."""

    layer: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Layer to compare; may be given several times. By default all recorded layers except control layers."""
    settings: tyro.conf.OmitArgPrefixes[DynamicsSettings] = dataclasses.field(
        default_factory=DynamicsSettings
    )
    quality: tyro.conf.OmitArgPrefixes[QualitySettings] = dataclasses.field(default_factory=QualitySettings)
