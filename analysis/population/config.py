"""Options of the report of a population. Light to import: the command line is derived from them."""

import dataclasses

from rodent.errors import check_setting


@dataclasses.dataclass(frozen=True)
class PopulationReportConfig:
    """What is computed about a population."""

    most: int = 48
    """Most policies whose activity and lesions are compared; the first ones that reach the criterion."""
    sites: tuple[str, ...] = ("encoder/layer_0", "latent/mean", "decoder/layer_0")
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
            ("most", self.most >= 3, "at least 3"),
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
