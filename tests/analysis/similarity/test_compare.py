import itertools

import numpy as np
import pytest
from rsatoolbox.inference import eval_dual_bootstrap
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs
from scipy.stats import kstest, spearmanr

from analysis.similarity.compare import (
    bootstrapped,
    ceiling,
    ceiling_from_halves,
    compare,
    interval,
    pairs,
    permutations,
    permuted,
    similarity,
)


def rdm_of(points: np.ndarray) -> np.ndarray:
    return ((points[:, None] - points[None]) ** 2).mean(-1)


def noisy(rdm: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    extra = np.triu(rng.normal(scale=noise, size=rdm.shape), 1)
    return rdm + extra + extra.T


def test_whitened_cosine_is_its_direct_formula(rng):
    first, second = (pairs(rdm_of(rng.normal(size=(6, 3))))[None] for _ in range(2))
    # each distance is a contrast of two patterns; that of noise is the square of their covariance
    rows, columns = np.triu_indices(6, 1)
    contrasts = np.eye(6)[rows] - np.eye(6)[columns]
    inverse = np.linalg.inv((contrasts @ contrasts.T) ** 2)
    product = lambda a, b: float((a @ inverse @ b.T)[0, 0])  # noqa: E731
    wanted = product(first, second) / np.sqrt(product(first, first) * product(second, second))
    assert compare(first, second, "whitened")[0, 0] == pytest.approx(wanted, abs=1e-10)
    assert compare(first, second, "rank")[0, 0] == pytest.approx(spearmanr(first[0], second[0])[0])


@pytest.mark.parametrize("measure", ["whitened", "cosine", "rank", "tau"])
def test_a_structure_is_like_itself(rng, measure):
    neurons = rdm_of(rng.normal(size=(7, 3)))[None]
    layers = np.stack([neurons[0], rdm_of(rng.normal(size=(7, 3)))])[None]
    found = similarity(layers, neurons, measure)
    assert found[0] == pytest.approx(1) and found[1] < 0.95
    null, p = permuted(layers, neurons, measure, 100, rng)
    assert p[0] == pytest.approx(1 / 101) and p[1] > p[0]
    assert (null < 0.95).all()


def test_of_few_behaviors_all_orders_are_taken(rng):
    orders, complete = permutations(4, 5000, rng)
    assert complete and len({tuple(o) for o in orders}) == 24
    orders, complete = permutations(8, 100, rng)
    assert not complete and orders.shape == (100, 8)
    assert (np.sort(orders, axis=1) == np.arange(8)).all()
    neurons = np.array([[[0, 1, 2.0], [1, 0, 4], [2, 4, 0]]])
    _, p = permuted(neurons[None], neurons, "cosine", 5000, rng)
    assert p[0] == pytest.approx(1 / 6)


def test_p_is_uniform_where_structures_have_nothing_in_common():
    random = np.random.default_rng(3)
    ps = []
    for _ in range(60):
        neurons = noisy(rdm_of(random.normal(size=(7, 4))), 0.2, random)[None]
        layers = noisy(rdm_of(random.normal(size=(7, 4))), 0.2, random)[None, None]
        ps.append(permuted(layers, neurons, "whitened", 200, random)[1][0])
    assert kstest(ps, "uniform").pvalue > 0.05


def test_sampling_errors_are_those_of_the_dual_bootstrap(capsys):
    random = np.random.default_rng(5)
    truth = rdm_of(random.normal(size=(12, 3)))
    neurons = np.stack([noisy(truth, 1.0, random) for _ in range(6)])
    layer = noisy(truth, 1.0, random)
    layers = np.broadcast_to(layer, (6, 1, 12, 12))
    error = bootstrapped(layers, neurons, "cosine", 400, random)
    np.random.seed(0)  # noqa: NPY002
    model = ModelFixed("layer", pairs(layer))
    result = eval_dual_bootstrap(model, RDMs(pairs(neurons)), method="cosine", N=400)
    capsys.readouterr()
    assert error[0] == pytest.approx(float(np.sqrt(result.model_var[0])), rel=0.2)


def test_an_interval_holds_what_was_found(rng):
    truth = rdm_of(rng.normal(size=(8, 3)))
    layers, neurons = noisy(truth, 1.0, rng)[None, None], noisy(truth, 1.0, rng)[None]
    found = similarity(layers, neurons, "whitened")
    error = bootstrapped(layers, neurons, "whitened", 100, rng)
    low, high = interval(found, error, 1, 8)
    assert -1 <= low[0] < found[0] < high[0] <= 1


def test_few_behaviors_have_no_interval(rng):
    neurons = rdm_of(rng.normal(size=(4, 3)))[None]
    error = bootstrapped(neurons[None], neurons, "whitened", 10, rng)
    assert np.isnan(error).all()
    assert np.isnan(interval(np.ones(1), error, 1, 4)).all()


def test_the_ceiling_of_sessions_holds_the_truth(rng):
    truth = rdm_of(rng.normal(size=(8, 3)))
    neurons = np.stack([noisy(truth, 0.7, rng) for _ in range(5)])
    lower, upper = ceiling(neurons, "cosine")
    layers = np.broadcast_to(truth, (5, 1, 8, 8))
    assert lower < similarity(layers, neurons, "cosine")[0] < upper < 1


def test_the_ceiling_of_halves_is_what_the_truth_reaches():
    random = np.random.default_rng(7)
    truth = rdm_of(random.normal(size=(9, 3)))
    halves, whole = [], []
    for _ in range(200):
        pair = [noisy(truth, 2.0, random) for _ in range(2)]
        halves.append(pair)
        whole.append(np.mean(pair, axis=0))
    lower, upper = ceiling_from_halves(np.array(halves), "cosine")
    reached = np.mean([compare(pairs(truth)[None], pairs(rdm)[None], "cosine") for rdm in whole])
    again = np.mean([compare(pairs(a)[None], pairs(b)[None], "cosine") for a, b in itertools.pairwise(whole)])
    assert upper == pytest.approx(reached, abs=0.02) and lower == pytest.approx(again, abs=0.03)
    assert ceiling_from_halves(np.array([[truth, -truth]]), "cosine") == (0.0, 0.0)
