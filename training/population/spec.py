"""The specification of a population: one behaviour, and the settings that differ, as a TOML file.

    clips = "gaits"
    clip = ["walk"]
    members = 48
    steps = 600_000

    [settings.task]                 # of `rodent train`, the same for all members
    setpoint = "neutral"

    [[vary]]
    setting = "network.decoder"
    values = [[16], [32, 32], [64, 64]]

    [[vary]]
    setting = "ppo.latent_kl"
    low = 1e-5
    high = 1e-2
    scale = "log"

Every member draws every setting independently, so that all pairs of settings can be analysed.
"""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from rodent.configs import from_json
from rodent.errors import InputError, check_setting
from rodent.files import read_toml


@dataclasses.dataclass(frozen=True)
class VaryConfig:
    """A setting that differs between members."""

    setting: str
    """Its name in the configuration of a run, such as `network.latent` or `body.strength`."""
    values: tuple[Any, ...] = ()
    """The values; each is drawn equally often. Or a range instead:"""
    low: float | None = None
    """Smallest number."""
    high: float | None = None
    """Largest number."""
    scale: Literal["linear", "log"] = "linear"
    """Whether numbers between them, or their logarithms, are drawn uniformly."""

    def __post_init__(self) -> None:
        what = f"setting {self.setting!r} of the population"
        check_setting(what, "name", bool(self.setting.strip(".")), repr(self.setting), "a name")
        ends = sum(end is not None for end in (self.low, self.high))
        if ends != (0 if self.values else 2):
            raise InputError(f"{what} must have values, or both low and high")
        if self.low is None or self.high is None:
            check_setting(what, "values", len(self.values) > 1, len(self.values), "at least 2")
            return
        check_setting(what, "high", self.high > self.low, self.high, f"above low, {self.low:g}")
        if self.scale == "log":
            check_setting(what, "low", self.low > 0, self.low, "above 0 on a logarithmic scale")

    def at(self, quantile: float) -> Any:
        """The value at a quantile in [0, 1)."""
        if self.low is None or self.high is None:
            return self.values[int(quantile * len(self.values))]
        if self.scale == "log":
            low, high = math.log(self.low), math.log(self.high)
            return math.exp(low + quantile * (high - low))
        return self.low + quantile * (self.high - self.low)


@dataclasses.dataclass(frozen=True)
class CriterionConfig:
    """What a policy must attain to count as one that shows the behaviour."""

    success_rate: float = 0.9
    """Smallest fraction of copies of the clips that are tracked to the end."""
    copies: int = 12
    """Copies of each clip, which begin with every joint off by 0.06 degrees."""

    def __post_init__(self) -> None:
        for name, fits, expected in (
            ("success_rate", 0 < self.success_rate <= 1, "a number in (0, 1]"),
            ("copies", self.copies >= 1, "at least 1"),
        ):
            check_setting("criterion", name, fits, getattr(self, name), expected)

    def describe(self) -> str:
        """In words."""
        return f"tracks at least {self.success_rate:.0%} of {self.copies} copies of each clip to the end"


@dataclasses.dataclass(frozen=True)
class PopulationConfig:
    """A population: members that learn the same clips with different settings."""

    clips: str
    """Reference motion: a file, or the name of built-in clips."""
    members: int
    """Number of policies."""
    steps: int
    """Control steps for which each is trained."""
    vary: tuple[VaryConfig, ...]
    """Settings that differ between members. The seed of the training always differs."""
    clip: tuple[str, ...] = ()
    """Names of the clips; all if none is given."""
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Settings of `rodent train` that are the same for all members, as in config.json of a run."""
    criterion: CriterionConfig = dataclasses.field(default_factory=CriterionConfig)
    """When a member counts as one that shows the behaviour."""
    seed: int = 0
    """All randomness comes from it."""

    def __post_init__(self) -> None:
        for name, fits, expected in (
            ("members", self.members >= 1, "at least 1"),
            ("steps", self.steps >= 1, "at least 1"),
            ("seed", self.seed >= 0, "at least 0"),
        ):
            check_setting("population", name, fits, getattr(self, name), expected)
        names = [one.setting for one in self.vary]
        check_setting("population", "settings that vary", len({*names}) == len(names), names, "different")
        if "seed" in names:
            raise InputError("population: leave out the setting seed; it always differs between members")


def read_population(path: Path | str) -> PopulationConfig:
    """The specification in a TOML file. A relative path of clips is relative to the file, if it exists there.

    Raises:
        InputError: it is damaged, has unknown or missing settings, or a setting that makes no sense.
    """
    path = Path(path)
    content = read_toml(path)
    config = from_json(PopulationConfig, content, path, "population")
    beside = path.parent / config.clips
    return dataclasses.replace(config, clips=str(beside) if beside.exists() else config.clips)
