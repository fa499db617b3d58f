"""Statistics of units in intact rollouts, which interventions refer to.

statistics = Statistics.of({"decoder/layer_0": activations})      # (frames, units)
statistics["decoder/layer_0"].mean                                # (units,)
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from rodent.errors import InputError, unknown

KEPT = 1024
"""Most values that are kept of a distribution, evenly spaced in time."""


class UnitStatistics(NamedTuple):
    """Statistics of the units of a site.

    Attributes:
        mean, sd: shape (units,).
        values: from the distribution of each unit, shape (units, values).
    """

    mean: np.ndarray
    sd: np.ndarray
    values: np.ndarray


class Statistics:
    """Statistics by site.

    Args:
        sites: of each site.
    """

    def __init__(self, sites: Mapping[str, UnitStatistics]):
        self._sites = dict(sites)

    @classmethod
    def of(cls, activity: Mapping[str, np.ndarray]) -> "Statistics":
        """Of activity in an intact rollout.

        Args:
            activity: by site, each (frames, units).

        Raises:
            InputError: there are no frames, or activity is not finite.
        """
        found = {}
        for name, given in activity.items():
            values = np.asarray(given, np.float64)
            if not len(values) or not np.isfinite(values).all():
                raise InputError(
                    f"the intact rollout has no finite activity of {name} before the first failure; expected "
                    "a policy that tracks its clips for a frame at least"
                )
            chosen = np.linspace(0, len(values) - 1, min(KEPT, len(values))).astype(int)
            found[name] = UnitStatistics(
                *(x.astype(np.float32) for x in (values.mean(0), values.std(0))),
                values[chosen].T.astype(np.float32),
            )
        return cls(found)

    def __getitem__(self, site: str) -> UnitStatistics:
        """Of a site.

        Raises:
            InputError: there are none of this site.
        """
        if site not in self._sites:
            raise unknown("site", site, self._sites, "the statistics of intact rollouts")
        return self._sites[site]
