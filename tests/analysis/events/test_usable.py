import numpy as np
import pytest

from analysis.events.usable import UsableTime
from analysis.ring import turned
from rodent.errors import InputError

BIN = 0.1


def of(used, rollout=None, starts=None):
    used = np.asarray(used, bool)
    starts = np.arange(len(used)) * BIN if starts is None else starts
    return UsableTime.of(starts, used, np.zeros(len(used), int) if rollout is None else rollout, BIN)


def test_times_become_places_on_the_joined_axis():
    usable = of([1, 1, 0, 0, 1, 1, 1])
    assert usable.bins.tolist() == [0, 1, 4, 5, 6] and usable.seconds == pytest.approx(0.5)
    found = usable.position(np.array([-0.01, 0.0, 0.15, 0.25, 0.4, 0.699, 0.7]))
    np.testing.assert_allclose(found, [np.nan, 0, 0.15, np.nan, 0.2, 0.499, np.nan])


def test_a_time_on_the_edge_of_a_bin_is_in_the_later_one():
    usable = of(np.ones(1000))
    edges = np.arange(1000) * BIN
    np.testing.assert_allclose(usable.position(edges * 3 / 3), edges, atol=1e-12)


def test_windows_that_something_interrupts_are_not_whole():
    usable = of([1, 1, 1, 1, 0, 1, 1, 1, 1])
    whole = usable.whole(
        usable.position(np.array([0.1, 0.2, 0.3, 0.45, 0.55, 0.6, 0.7, np.nan])), (-0.1, 0.15)
    )
    assert whole.tolist() == [True, True, False, False, False, True, True, False]
    # a rollout that ends is an interruption, though no time is missing
    parts = of(np.ones(8), rollout=np.repeat([0, 1], 4))
    assert parts.whole(np.array([0.35, 0.4, 0.5]), (-0.1, 0.1)).tolist() == [False, False, True]


@pytest.mark.parametrize("turn", [0, 3, 7, 11, 15])
def test_events_on_the_turned_ring_see_what_the_turned_activity_has(turn):
    usable = of(np.ones(8))
    values = np.arange(8.0)
    ring = np.concatenate([values, values[::-1]])
    places = usable.turned(np.arange(8) * BIN, np.array([turn]))[0]
    np.testing.assert_array_equal(ring[np.round(places / BIN).astype(int) % 16], values[turned(8, turn)])


def test_the_mirror_image_is_another_stretch():
    usable = of(np.ones(8))
    # the ring is 1.6 s long: 0.8 s forwards, 0.8 s backwards
    whole = usable.whole(np.array([0.05, 0.1, 0.7, 0.75, 0.9, 1.5, 1.55]), (-0.1, 0.1))
    assert whole.tolist() == [False, True, True, False, True, True, False]


def test_rollouts_are_put_in_the_order_of_time():
    starts = np.concatenate([10 + np.arange(4) * BIN, np.arange(4) * BIN])
    usable = of(np.ones(8), rollout=np.repeat([0, 1], 4), starts=starts)
    assert usable.bins.tolist() == [4, 5, 6, 7, 0, 1, 2, 3]
    assert usable.position(np.array([10.05]))[0] == pytest.approx(0.45)


def test_no_time_and_the_same_time_twice_are_refused():
    with pytest.raises(InputError, match="no time"):
        of(np.zeros(4))
    starts = np.concatenate([np.arange(4), np.arange(4) + 2]) * BIN
    with pytest.raises(InputError, match=r"overlap in time, at 0\.2 s"):
        of(np.ones(8), rollout=np.repeat([0, 1], 4), starts=starts)
