import numpy as np
import pytest

from analysis.encoding.tuning import edges, tuning_curve


def test_rates_are_spikes_over_the_time_spent():
    values = np.array([0.0, 0.1, 0.9, 1.0, 1.5, -0.2])
    counts = np.array([[1, 0], [2, 0], [0, 3], [0, 1], [9, 9], [9, 9]])
    curve = tuning_curve(values, np.array([0.0, 0.5, 0.8, 1.0]), counts, {"m": counts / 2}, bin_seconds=0.5)
    np.testing.assert_array_equal(curve.seconds, [1.0, 0.0, 1.0])
    np.testing.assert_array_equal(curve.spikes, [[3, 0], [0, 0], [0, 4]])
    # the middle band was never visited; what lies beyond the edges is left out
    np.testing.assert_array_equal(curve.hz, [[3, 0], [np.nan, np.nan], [0, 4]])
    np.testing.assert_array_equal(curve.predicted_hz["m"], curve.hz / 2)


def test_edges_leave_out_extremes_or_go_once_round():
    values = np.linspace(0, 100, 1001)
    values[-1] = 1e6
    assert edges(values, 10)[[0, -1]] == pytest.approx([1, 99], abs=0.1)
    np.testing.assert_allclose(edges(values, 4, circular=True), np.pi * np.array([-1, -0.5, 0, 0.5, 1]))


def test_a_planted_preference_is_found():
    random = np.random.default_rng(0)
    heading = random.uniform(-np.pi, np.pi, 20000)
    rate = 0.5 + 0.4 * np.cos(heading - 1.0)
    counts = random.poisson(rate)[:, None]
    curve = tuning_curve(heading, edges(heading, 12, circular=True), counts, {"true": rate[:, None]}, 0.1)
    middles = (curve.edges[:-1] + curve.edges[1:]) / 2
    np.testing.assert_allclose(curve.hz[:, 0], 10 * (0.5 + 0.4 * np.cos(middles - 1.0)), atol=0.7)
    np.testing.assert_allclose(curve.predicted_hz["true"], curve.hz, atol=0.7)
