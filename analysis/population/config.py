"""Options of reports of a population. Light to import: the command line is derived from them."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from analysis.encoding.settings import EncodingSettings
from rodent.errors import check_setting

SITES = ("encoder/layer_0", "latent/mean", "decoder/layer_0")
"""Layers that are compared if none are named."""
LEAST = 3
"""Fewest policies that reach the criterion for them to be compared."""


@dataclasses.dataclass(frozen=True)
class PopulationReportConfig:
    """What is computed about a population."""

    most: int = 48
    """Most policies whose activity and lesions are compared; the first ones that reach the criterion."""
    sites: tuple[str, ...] = SITES
    """Layers that are compared and lesioned. All policies must have them; sizes may differ."""
    doses: tuple[float, ...] = (25.0, 50.0)
    """Percentages of units of a layer that a lesion silences to their mean."""
    draws: int = 8
    """Random draws of these units."""
    permutations: int = 2000
    """Permutations of each test."""
    seed: int = 0
    """All randomness comes from it."""

    def __post_init__(self) -> None:
        for name, fits, expected in (
            ("most", self.most >= LEAST, f"at least {LEAST}"),
            ("sites", bool(self.sites), "the name of a layer or several"),
            (
                "doses",
                bool(self.doses) and 0 < min(self.doses) <= max(self.doses) <= 100,
                "above 0, at most 100",
            ),
            ("draws", self.draws >= 2, "at least 2"),
            ("permutations", self.permutations >= 19, "at least 19"),
            ("seed", self.seed >= 0, "at least 0"),
        ):
            check_setting("option", f"--{name}", fits, getattr(self, name), expected)


@dataclasses.dataclass(frozen=True)
class NeuronsConfig:
    """A population, the neurons that its policies are to predict, and how."""

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
    """The folder of a population."""
    clips: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="CLIPS")]
    """Motion of the session in which neurons were recorded, which every policy imitates."""
    spikes: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SPIKES")]
    """Spikes of the session, in any format of `rodent encode`. They begin and end with the motion."""
    most: int = 48
    """Most policies; the first ones that reach the criterion."""
    sites: tuple[str, ...] = SITES
    """Layers that encode the neurons. All policies must have them; sizes may differ."""
    bin_seconds: float | None = None
    """Length of a bin, seconds; by default the shortest that suits motion and spikes."""
    select: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Select neurons by columns of the units table, as in `rodent encode`: `region=M1`."""
    permutations: int = 2000
    """Permutations of policies in each test."""
    settings: tyro.conf.OmitArgPrefixes[EncodingSettings] = dataclasses.field(
        default_factory=EncodingSettings
    )
    """Of the encoding models."""

    def __post_init__(self) -> None:
        for name, fits, expected in (
            ("most", self.most >= LEAST, f"at least {LEAST}"),
            ("sites", bool(self.sites), "the name of a layer or several"),
            ("permutations", self.permutations >= 19, "at least 19"),
        ):
            check_setting("option", f"--{name}", fits, getattr(self, name), expected)
