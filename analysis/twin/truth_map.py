"""The test of classified neurons on simulated animals: types are found, and what only shifts rates is not.

    maps = map_truth(twin, network, behavior, config, seed=0)
    claims = map_claims(maps)

The animals are ones that the core was not fitted to. Their neurons are planted by the plan `ANATOMY`.
"""

from collections.abc import Sequence
from typing import Any

from analysis.twin.anatomy import map_anatomy, samples_of
from analysis.twin.config import TruthConfig
from analysis.twin.mapping import GLM_WEIGHTS, READOUTS, LabelMap, adjusted_p
from analysis.twin.session import TwinSession
from analysis.twin.truth import ANATOMY, plant
from analysis.twin.truth_network import PlantedNetwork
from analysis.twin.twin import Twin

TYPE_BAR, BEYOND_GLM, LEVEL = 0.85, 0.05, 0.05
_LABELS = ("type", "region", "depth")
_FIRST = 1000  # number of the first labelled animal, beyond those of all others


def map_truth(
    twin: Twin, network: PlantedNetwork, behavior: Sequence[TwinSession], config: TruthConfig, seed: int
) -> list[LabelMap]:
    """Plant labelled neurons, fit their readouts, and tell their labels.

    Args:
        twin: fitted to other animals.
        network: φ that the twin's animals have, too.
        behavior: of labelled animals.
        config: neurons of each, and settings.
        seed: of neurons and permutations.

    Raises:
        InputError: there are fewer than three animals.
    """
    planted = plant(network, behavior, config.neurons, seed, ANATOMY, first=_FIRST)
    samples = samples_of(twin, [one.session for one in planted], config.adapt)
    return map_anatomy(samples, _LABELS, config.permutations, seed)


def map_claims(maps: Sequence[LabelMap]) -> list[dict[str, Any]]:
    """Claims with their bars."""
    of_type = maps[_LABELS.index("type")].decodings
    return [
        {
            "figure": "balanced accuracy of cell types, predicted from readouts",
            "value": of_type[READOUTS].accuracy,
            "bar": TYPE_BAR,
            "at": "least",
        },
        {
            "figure": "the same less that of GLM weights",
            "value": of_type[READOUTS].accuracy - of_type[GLM_WEIGHTS].accuracy,
            "bar": BEYOND_GLM,
            "at": "least",
        },
        {
            "figure": "p (Holm) of depth, which shifts rates alone",
            "value": float(adjusted_p(maps)[_LABELS.index("depth")]),
            "bar": LEVEL,
            "at": "least",
        },
    ]
