"""Which policies of a population predict recorded neurons best, and which settings decide it.

    found = population_neurons(NeuronsConfig(Path("walks"), Path("session.h5"), Path("spikes.h5")))
    found.layers["decoder/layer_0"].scores          # (policies, neurons), bits per spike above the null
    found.predictors[0].setting, found.predictors[0].p_holm

Every policy that reaches the criterion imitates the motion of the session, and each of its layers encodes
the same neurons, as `rodent encode` does it. Settings are drawn independently, so that one that does not
matter has no relation to the score: policies are permuted.
"""

import dataclasses
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from analysis.encoding.config import EncodeConfig
from analysis.encoding.inference import rank_p
from analysis.encoding.sessions.encode import encode_sessions
from analysis.encoding.sessions.models import models_of
from analysis.multiple_testing import holm
from analysis.population.config import LEAST, NeuronsConfig
from analysis.population.constraints import coded
from analysis.population.reliability import reliability
from analysis.session import open_sessions
from rodent.clips.clip import ClipSet
from rodent.clips.reading import read_clips
from rodent.errors import InputError
from rodent.policy.policy import Policy
from rodent.policy.policy_set import PolicySet, load_member, read_policy_set
from rodent.record_config import RecordConfig
from rodent.rollouts import record


@dataclasses.dataclass(frozen=True)
class LayerScores:
    """How well one layer of every policy predicts the neurons.

    Attributes:
        scores: bits per spike above the time-shift null, shape (policies, neurons).
        reliability: of the policies' means, between two halves of the neurons; 0 where policies differ by
            chance.
        p: of the reliability.
    """

    scores: np.ndarray
    reliability: float
    p: float

    @property
    def means(self) -> np.ndarray:
        """Over neurons, shape (policies,)."""
        return self.scores.mean(1)


@dataclasses.dataclass(frozen=True)
class Predictor:
    """How far one setting decides how well a layer predicts neurons.

    Attributes:
        layer, setting: their names.
        association: with the mean score: correlation of ranks of numbers, correlation ratio of ranks (0 to 1)
            of other values.
        best: the value, or the end of the range, with the highest scores.
        p: of permuted policies.
        p_holm: corrected over settings and layers.
    """

    layer: str
    setting: str
    association: float
    best: str
    p: float
    p_holm: float


@dataclasses.dataclass(frozen=True)
class PopulationNeurons:
    """Results of a population and a session.

    Attributes:
        policies: those that are compared.
        neurons: names of the neurons.
        layers: by name.
        predictors: of all settings and layers, those with the smallest p first.
    """

    policies: PolicySet
    neurons: tuple[str, ...]
    layers: Mapping[str, LayerScores]
    predictors: list[Predictor]


def population_neurons(
    config: NeuronsConfig, advance: Callable[[str], None] = lambda what: None
) -> PopulationNeurons:
    """Score every policy on the neurons of a session.

    Args:
        config: the population, the session, layers, and options.
        advance: called with the name of each policy before it plays.

    Raises:
        InputError: fewer than three policies reach the criterion, a layer is missing, clips are of another
            body, or the spikes cannot be encoded; see `analysis.encoding`.
    """
    folder = config.folder
    policies = read_policy_set(folder)
    members = policies.reached[: config.most]
    if len(members) < LEAST:
        raise InputError(
            f"{folder}: {len(policies.reached)} of {len(policies)} policies reach the criterion; {LEAST} are "
            "needed to compare them"
        )
    clips = read_clips(config.clips)
    names: tuple[str, ...] = ()
    found: list[dict[str, np.ndarray]] = []
    for member in members:
        advance(member.name)
        names, scores = neuron_scores(load_member(folder, member), clips, config)
        found.append(scores)
    tests = {"permutations": config.permutations, "seed": config.settings.seed}
    layers = {layer: _layer(np.stack([one[layer] for one in found]), **tests) for layer in config.sites}
    values = {name: [one.values[name] for one in members] for name in members[0].values}
    means = {layer: one.means for layer, one in layers.items()}
    compared = dataclasses.replace(policies, member=tuple(members))
    return PopulationNeurons(compared, names, layers, predictors(values, means, **tests))


def neuron_scores(
    policy: Policy, clips: ClipSet, config: NeuronsConfig
) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """Names of the neurons, and their scores by layer, shape (neurons,), of one policy."""
    with tempfile.TemporaryDirectory() as scratch:
        recording = Path(scratch) / "session.h5"
        record(policy, clips, recording, RecordConfig(on_failure="restart"))
        asked = EncodeConfig(
            recording,
            config.spikes,
            bin_seconds=config.bin_seconds,
            select=config.select,
            layer=config.sites,
            settings=config.settings,
        )
        with open_sessions(asked) as opened:
            results = encode_sessions(asked, opened, models_of(asked, opened)).sessions[0].results
    scores = [one.corrected_bits_per_spike for one in results]
    return results[0].names, dict(zip(config.sites, scores, strict=True))


def predictors(
    values: Mapping[str, Sequence[Any]], means: Mapping[str, np.ndarray], *, permutations: int, seed: int
) -> list[Predictor]:
    """Test every setting on every layer.

    Args:
        values: of every policy, by setting, (policies,) each.
        means: of every policy, by layer, shape (policies,).
        permutations: of policies.
        seed: of the permutations.
    """
    random = np.random.default_rng((seed, 4))
    rows = []
    for layer, mean in means.items():
        ranks = rankdata(mean)
        # the first row is as it was found, the others are the null
        rows_of_ranks = np.array([ranks, *(random.permutation(ranks) for _ in range(permutations))])
        for setting, given in values.items():
            codes, labels = coded(given)
            if len(np.unique(codes)) == 1:
                continue
            all_found = (_correlation if labels is None else _ratio)(codes, rows_of_ranks)
            found, null = float(all_found[0]), np.abs(all_found[1:])
            p = float(rank_p(abs(found) - 1e-12, null))
            rows.append(Predictor(layer, setting, found, _best(codes, labels, ranks, found), p, np.nan))
    corrected = holm(np.array([row.p for row in rows])).tolist()
    rows = [dataclasses.replace(row, p_holm=p) for row, p in zip(rows, corrected, strict=True)]
    return sorted(rows, key=lambda row: (row.p, -abs(row.association)))


def _layer(scores: np.ndarray, *, permutations: int, seed: int) -> LayerScores:
    # neurons of one recording site are often neighbours in the file
    order = np.random.default_rng((seed, 5)).permutation(scores.shape[1])
    halves = np.stack([scores[:, half].mean(1) for half in np.array_split(order, 2)])
    return LayerScores(scores, *reliability(halves, permutations=permutations, seed=seed))


def _correlation(codes: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Correlation of ranks of the numbers with each row of ranks, shape (rows,)."""
    x = rankdata(codes)
    x, y = x - x.mean(), ranks - ranks.mean(1, keepdims=True)
    return y @ x / np.sqrt((x**2).sum() * (y**2).sum(1))


def _ratio(codes: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """Correlation ratio of groups with each row of ranks, shape (rows,)."""
    member = np.equal.outer(codes, np.unique(codes)).astype(float)
    y = ranks - ranks.mean(1, keepdims=True)
    between = (np.square(y @ member) / member.sum(0)).sum(1)
    return np.sqrt(between / (y**2).sum(1))


def _best(codes: np.ndarray, labels: tuple[str, ...] | None, ranks: np.ndarray, found: float) -> str:
    if labels is None:
        return "high" if found > 0 else "low"
    means = [ranks[codes == i].mean() for i in range(len(labels))]
    return labels[int(np.argmax(means))]
