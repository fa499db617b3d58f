import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis.events.figures import (
    Curve,
    Panel,
    by_latency,
    heat_map,
    panels,
    populations,
    raster,
    rate,
    trial_map,
)

MIDDLES = (np.arange(50) - 24.5) * 0.02
WINDOW = (-0.5, 0.5)


@pytest.fixture
def axes():
    return Figure().subplots()


def panel(unit="Hz", **more):
    mean = np.exp(-((MIDDLES - 0.1) ** 2) / 0.002)
    curve = Curve(MIDDLES, mean, mean - 0.1, mean + 0.1, baseline=0.0, unit=unit)
    fields = {"title": "neuron 7", "window": WINDOW, "n_events": 300, "curve": curve}
    return Panel(**fields | {"latency": 0.1, "peak": 1.0, "p": 0.001, "q": 0.02} | more)


def test_a_raster_has_a_mark_per_spike_at_its_time(axes):
    assert raster(axes, np.array([0, 2, 2]), np.array([0.1, -0.2, 0.3]), 3, WINDOW) is axes
    (marks,) = axes.collections
    segments = marks.get_segments()
    np.testing.assert_allclose([segment[0, 0] for segment in segments], [100, -200, 300])
    np.testing.assert_allclose([segment[:, 1].mean() for segment in segments], [0, 2, 2])
    assert axes.get_xlim() == (-500, 500) and axes.get_ylabel() == "events"


def test_of_many_events_evenly_spaced_ones_are_drawn(axes, rng):
    event = np.repeat(np.arange(1000), 2)
    raster(axes, event, rng.uniform(-0.5, 0.5, 2000), 1000, WINDOW)
    assert len(axes.collections[0].get_segments()) == 240 and axes.get_ylabel() == "120 events"
    assert axes.get_ylim() == (119.5, -0.5)
    other = trial_map(Figure().subplots(), rng.normal(size=(1000, 50)), WINDOW)
    assert other.images[0].get_array().shape == (120, 50)


def test_a_rate_has_its_interval_and_begins_at_zero(axes):
    mean = np.full(50, 5.0)
    assert rate(axes, Curve(MIDDLES, mean, mean - 1, mean + 1, 4.0, "Hz")) is axes
    assert axes.get_ylim()[0] == 0 and axes.get_ylabel() == "rate (Hz)"
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 4 and band[:, 1].max() == 6
    assert axes.lines[0].get_ydata()[0] == 4.0


def test_rows_are_sorted_by_latency_with_responses_first():
    values = np.zeros((4, 50))
    values[[0, 1, 2, 3], [40, 30, 35, 26]] = [3, -5, 2, 9]
    after = MIDDLES > 0
    order, n_found = by_latency(values, np.array([0.01, 0.04, 0.5, np.nan]), after)
    assert order.tolist() == [1, 0, 3, 2] and n_found == 2


def test_a_heat_map_parts_responses_from_the_rest(axes):
    heat_map(axes, MIDDLES, np.zeros((10, 50)), 4)
    assert axes.images[0].get_extent() == pytest.approx([-500, 500, 10, 0])
    assert any(line.get_ydata()[0] == 4 for line in axes.lines)


def test_rows_show_other_events_than_those_they_are_sorted_by(rng):
    """Noise, sorted by what it shows, forms a diagonal."""
    halves = rng.normal(size=(2, 200, 50))
    after = MIDDLES > 0
    figure = populations({"neurons": (MIDDLES, halves, np.full(200, 0.5), after)}, "touch", "10 events")
    shown = np.asarray(figure.axes[0].images[0].get_array())
    latest = np.abs(shown[:, after]).argmax(1)
    assert abs(np.corrcoef(latest, np.arange(200))[0, 1]) < 0.2
    sorted_by = np.abs(halves[0][by_latency(halves[0], np.full(200, 0.5), after)[0]][:, after]).argmax(1)
    assert np.corrcoef(sorted_by, np.arange(200))[0, 1] > 0.9


def test_panels_tell_n_latency_p_and_q(rng):
    event = rng.integers(300, size=500)
    figure = panels(
        [
            panel(spikes=(event, rng.uniform(-0.5, 0.5, 500))),
            panel(trials=rng.normal(size=(300, 50)), unit="activation"),
        ],
        "touch/hand_L",
    )
    above, below, above_2, below_2 = figure.axes
    assert above.get_title(loc="left") == "neuron 7, 300 events\np = 0.001, q = 0.02"
    assert [text.get_text() for text in below.texts] == ["100 ms"]
    assert below.get_xlabel() == "time from touch/hand_L (ms)" and below_2.get_ylabel() == "activation"
    assert above.collections and above_2.images
