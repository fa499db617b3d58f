import numpy as np
import pytest

from analysis.encoding import design
from analysis.encoding.design import Data
from analysis.encoding.newton import solve
from analysis.encoding.penalties import FREE, Penalty

BANDS = np.repeat([0, 1, 2, FREE, 3], [4, 3, 5, 1, 2])


@pytest.fixture(scope="module")
def data() -> Data:
    """Two bands that drive, one that does not, and an own feature per neuron that does."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(2000, 12))
    own = rng.normal(size=(2, 2000, 5))
    weights = np.concatenate([0.3 * rng.normal(size=(7, 5)), np.zeros((5, 5))])
    rate = np.exp(shared @ weights - 0.5 * own[0] + [-3, -2, -1, 0, 1])
    return Data(shared, rng.poisson(rate), own)


def test_sums_are_those_of_the_formula(data):
    rng = np.random.default_rng(1)
    coef = 0.1 * rng.normal(size=(15, 5))
    columns = np.concatenate(
        [np.broadcast_to(data._shared[:, :, None], (2000, 13, 5)), data._own.transpose(1, 0, 2)], 1
    )
    log_rate = np.einsum("ndk,dk->nk", columns, coef)
    rate = np.exp(log_rate)
    likelihood, slope = data.likelihood(coef[:, [1, 3]], np.array([1, 3]))
    wanted = (data.weighted * coef).sum(0) - rate.sum(0)
    np.testing.assert_allclose(likelihood, wanted[[1, 3]])
    np.testing.assert_allclose(slope, (data.weighted - np.einsum("ndk,nk->dk", columns, rate))[:, [1, 3]])
    np.testing.assert_allclose(data.curvature(coef), np.einsum("nak,nk,nbk->kab", columns, rate, columns))
    np.testing.assert_allclose(data.rates(coef, np.array([[-9.0], [9.0]])), rate)


def test_chunks_change_nothing(data, monkeypatch):
    coef = 0.1 * np.random.default_rng(1).normal(size=(15, 5))
    whole = data.likelihood(coef)
    monkeypatch.setattr(design, "_CELLS", 700)
    for found, wanted in zip(data.likelihood(coef), whole, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10)
    monkeypatch.setattr(design, "_LEAST_ROWS", 1)
    monkeypatch.setattr(design, "_ROWS_PER_FEATURE", 40)
    few, all_bins = data.curvature(coef), np.linalg.norm(data.curvature(0 * coef))
    assert few.shape == (5, 15, 15) and all_bins > 0


def smooth_slope(data: Data, penalty: Penalty, coef: np.ndarray, strength: float) -> np.ndarray:
    _, slope = data.likelihood(coef)
    return -slope / data.spikes + strength * penalty.ridge[:, None] * coef


@pytest.mark.parametrize("strength", [0.003, 0.03, 0.3])
def test_elastic_net_meets_its_conditions(data, strength):
    penalty = Penalty.of("elastic-net", BANDS, l1_ratio=0.7)
    coef, done = solve(data, penalty, np.full(5, strength))
    assert done.all()
    slope = smooth_slope(data, penalty, coef, strength)
    np.testing.assert_allclose(slope[12], 0, atol=1e-6)  # the constant is free
    some, limit = coef != 0, 0.7 * strength
    some[12] = False
    np.testing.assert_allclose(slope[some], -limit * np.sign(coef[some]), atol=2e-6)
    none = coef == 0
    assert (np.abs(slope[none]) <= limit + 2e-6).all()
    assert (none[7:12].any() and some[13].any()) or strength < 0.01


@pytest.mark.parametrize("strength", [0.003, 0.03, 0.3])
def test_group_lasso_meets_its_conditions(data, strength):
    penalty = Penalty.of("group-lasso", BANDS)
    coef, done = solve(data, penalty, np.full(5, strength))
    assert done.all()
    slope = smooth_slope(data, penalty, coef, strength)
    for band in range(4):
        rows = np.flatnonzero(band == BANDS)
        limit = strength * np.sqrt(len(rows))
        norm = np.linalg.norm(coef[rows], axis=0)
        inside = norm > 0
        wanted = -limit * coef[rows][:, inside] / norm[inside]
        np.testing.assert_allclose(slope[rows][:, inside], wanted, atol=2e-6)
        assert (np.linalg.norm(slope[rows][:, ~inside], axis=0) <= limit + 2e-6).all()
    if strength == 0.03:
        # whole bands are left out: the one that drives nothing, in the neurons with spikes enough
        assert (coef[7:12, 3:] == 0).all() and (coef[:4, 3:] != 0).all()


def test_no_penalty_to_speak_of_finds_the_planted_coefficients():
    rng = np.random.default_rng(2)
    shared = rng.normal(size=(40_000, 6))
    weights = 0.3 * rng.normal(size=(6, 8))
    data = Data(shared.astype(np.float32), rng.poisson(np.exp(shared @ weights - 0.5)))
    penalty = Penalty.of("ridge", np.append(np.zeros(6, int), FREE))
    coef, done = solve(data, penalty, np.full(8, 1e-6), tolerance=1e-10)
    assert done.all()
    np.testing.assert_allclose(coef[:6], weights, atol=0.04)
    np.testing.assert_allclose(coef[6], -0.5, atol=0.04)


def test_a_start_elsewhere_ends_at_the_same_place(data):
    penalty = Penalty.of("ridge", BANDS)
    strength = np.array([0.01, 0.1, 1.0, 0.01, 0.1])
    flat, _ = solve(data, penalty, strength)
    # so far off that full steps overshoot
    far, done = solve(data, penalty, strength, flat + 1.5)
    assert done.all()
    np.testing.assert_allclose(far, flat, atol=2e-6)


def test_a_silent_neuron_stays_at_half_a_spike():
    data = Data(np.random.default_rng(0).normal(size=(100, 2)), np.zeros((100, 1), int))
    coef, done = solve(data, Penalty.of("ridge", np.array([0, 0, FREE])), np.ones(1))
    assert done.all()
    np.testing.assert_allclose(coef[:, 0], [0, 0, np.log(0.005)])
