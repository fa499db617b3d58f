"""Statistics of units in intact rollouts, which interventions refer to.

statistics = Statistics.of({"decoder/layer_0": activations}, {"speed": speed})   # (frames, units), (frames,)
statistics["decoder/layer_0"].mean                                # (units,)
statistics.tuning("decoder/layer_0", "speed").explained           # (units,)
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from rodent.errors import InputError, unknown
from rodent.intervention.gait_phase import PHASE
from rodent.intervention.tuning import BINS, Tuning, tuning

KEPT = 1024
"""Most values that are kept of a distribution, evenly spaced in time."""
TUNED = 20_000
"""Most frames that tuning is computed from, evenly spaced in time."""


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
        activity, behaviour: in the frames that tuning is computed from.
    """

    def __init__(
        self,
        sites: Mapping[str, UnitStatistics],
        activity: Mapping[str, np.ndarray] = MappingProxyType({}),
        behaviour: Mapping[str, np.ndarray] = MappingProxyType({}),
    ):
        self._sites, self._activity, self._behaviour = dict(sites), dict(activity), dict(behaviour)

    @classmethod
    def of(
        cls, activity: Mapping[str, np.ndarray], behaviour: Mapping[str, np.ndarray] = MappingProxyType({})
    ) -> "Statistics":
        """Of activity in an intact rollout.

        Args:
            activity: by site, each (frames, units).
            behaviour: variables in the same frames, each (frames,); see `rodent.intervention.behaviour`.

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
        if not behaviour:
            return cls(found)
        frames = len(next(iter(behaviour.values())))
        kept = np.linspace(0, frames - 1, min(TUNED, frames)).astype(int)
        return cls(
            found,
            {site: values[kept] for site, values in activity.items()},
            {name: values[kept] for name, values in behaviour.items()},
        )

    def __getitem__(self, site: str) -> UnitStatistics:
        """Of a site.

        Raises:
            InputError: there are none of this site.
        """
        if site not in self._sites:
            raise unknown("site", site, self._sites, "the statistics of intact rollouts")
        return self._sites[site]

    def tuning(self, site: str, variable: str) -> Tuning:
        """How the units of a site are tuned to a variable of behaviour.

        Raises:
            InputError: there is no such site or variable, or too little of the behaviour in the rollouts.
        """
        for name, known in ((site, self._activity), (variable, self._behaviour)):
            if name not in known:
                what = "site" if known is self._activity else "variable of behaviour"
                raise unknown(what, name, known, "the intact rollouts")
        values = self._behaviour[variable]
        if np.isfinite(values).sum() < 2 * BINS:
            raise InputError(
                f"{variable} is known in {np.isfinite(values).sum()} frames of the intact rollouts; tuning "
                f"needs {2 * BINS} at least. A phase is known where the body walks"
            )
        return tuning(self._activity[site], values, circular=variable.startswith(PHASE))
