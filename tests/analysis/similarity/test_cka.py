import numpy as np
import pytest
from scipy.spatial import procrustes
from scipy.stats import ortho_group

from analysis.similarity.cka import cka_and_null, debiased_cka, procrustes_distance, unbiased_hsic


def biased_cka(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    return np.linalg.norm(x.T @ y) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


def test_hsic_is_its_direct_formula(rng):
    x, y = rng.normal(size=(30, 5)) + 2, rng.normal(size=(30, 8)) - 1
    k, m = x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    n, one = 30, np.ones(30)
    both = np.trace(k @ m) + one @ k @ one * (one @ m @ one) / ((n - 1) * (n - 2))
    wanted = (both - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3))
    assert unbiased_hsic(x, y) == pytest.approx(wanted, rel=1e-10)


def test_cka_of_rotated_activity_is_one(rng):
    x = rng.normal(size=(200, 20)) * np.arange(1, 21)
    y = 3 * x @ ortho_group.rvs(20, random_state=0) + 5
    assert debiased_cka(x, y) == pytest.approx(1, abs=1e-9)


def test_cka_of_unrelated_wide_activity_is_zero_where_the_biased_one_is_not():
    random = np.random.default_rng(0)
    found, biased = [], []
    for _ in range(20):
        x, y = random.normal(size=(60, 300)), random.normal(size=(60, 200))
        found.append(debiased_cka(x, y))
        biased.append(biased_cka(x, y))
    assert abs(np.mean(found)) < 0.01 and min(biased) > 0.7


def test_shifted_in_time_drift_alone_is_left(smooth):
    x = smooth(4000, 3, 0).cumsum(0)
    shared = smooth(4000, 3, 1)
    turns = [500, 1500, 2500]
    found, null = cka_and_null(shared, shared + 0.1 * smooth(4000, 3, 2), turns)
    assert found > 0.9 and abs(null) < 0.05
    found, null = cka_and_null(x, smooth(4000, 3, 3).cumsum(0), turns)
    assert found > 0.02 and null > 0.02
    assert np.isnan(cka_and_null(shared, shared, [])[1])


def test_noise_alone_has_no_cka():
    assert np.isnan(debiased_cka(np.ones((10, 2)), np.eye(10)))


def test_procrustes_distance_knows_only_shape(rng):
    points = rng.normal(size=(6, 40))
    moved = 0.1 * points @ ortho_group.rvs(40, random_state=0) + rng.normal(size=40)
    assert procrustes_distance(points, moved) == pytest.approx(0, abs=1e-6)
    # in a space of another width too
    wider = np.column_stack([moved, np.zeros((6, 30))])
    assert procrustes_distance(points, wider) == pytest.approx(0, abs=1e-6)


def test_procrustes_distance_is_that_of_scipy_and_a_metric(rng):
    a, b, c = (rng.normal(size=(8, 3)) for _ in range(3))
    # scipy gives the square of its sine
    assert np.sin(procrustes_distance(a, b)) ** 2 == pytest.approx(procrustes(a, b)[2])
    assert procrustes_distance(a, b) == pytest.approx(procrustes_distance(b, a))
    assert procrustes_distance(a, c) <= procrustes_distance(a, b) + procrustes_distance(b, c)
    assert procrustes_distance(a, np.ones((8, 3))) == pytest.approx(np.pi / 2)
