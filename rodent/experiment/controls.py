"""Matched controls: the same intervention on as many other units of the layer, which are similar.

matched(parsed("silence decoder/layer_0[20%] to mean"), prepared, "activity", draw=3)
"""

import dataclasses
import zlib
from typing import Literal

import numpy as np

from rodent.errors import InputError
from rodent.intervention import Intervention, Preparation, chosen_units, weight_norms

Match = Literal["activity", "weight"]
_NEAREST = 3  # most similar units among which one is drawn


def matched(
    intervention: Intervention, prepared: Preparation, match: Match, draw: int
) -> tuple[Intervention, ...]:
    """The intervention on matched units, one for each of its sites.

    Args:
        intervention: of the arm.
        prepared: with statistics, where activity is matched.
        match: what is similar, see `ArmConfig.match`.
        draw: number of the draw.

    Raises:
        InputError: fewer units are left than the intervention has, or units cannot be compared.
    """
    found, chosen = [], chosen_units(intervention, prepared)
    if not chosen:
        raise InputError(f"'{intervention}' has no matched control, because it acts on no units")
    for site, units in chosen.items():
        rest = np.setdiff1d(np.arange(prepared.sites.sizes[site]), units)
        if len(rest) < len(units):
            raise InputError(
                f"'{intervention}' has no matched control: it acts on {len(units)} of the "
                f"{prepared.sites.sizes[site]} units of {site}, and {len(rest)} are left"
            )
        random = np.random.default_rng((draw, intervention.seed, zlib.crc32(site.encode())))
        others = similar_units(_features(prepared, site, match), units, rest, random)
        listed = ",".join(map(str, np.sort(others)))
        found.append(dataclasses.replace(intervention, site=site, units=listed))
    return tuple(found)


def similar_units(
    features: np.ndarray, units: np.ndarray, rest: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """As many units of the rest, each drawn among the most similar to one of the units.

    Args:
        features: of all units, shape (units, features); they are standardised here.
        units: indices to match.
        rest: indices to draw from, at least as many.
        random: of the draws.
    """
    spread = features.std(0)
    scaled = features / np.where(spread > 0, spread, 1.0)
    left, found = rest, []
    for unit in random.permutation(units):
        distance = np.linalg.norm(scaled[left] - scaled[unit], axis=1)
        nearest = np.argsort(distance, kind="stable")[:_NEAREST]
        found.append(left[random.choice(nearest)])
        left = left[left != found[-1]]
    return np.array(found)


def _features(prepared: Preparation, site: str, match: Match) -> np.ndarray:
    if match == "weight":
        return weight_norms(prepared.params, site, prepared.sites.sizes[site])[:, None]
    if prepared.statistics is None:
        raise InputError(
            f"units of {site} are matched by activity; there are no statistics of intact rollouts"
        )
    statistics = prepared.statistics[site]
    return np.stack([statistics.mean, statistics.sd], 1)
