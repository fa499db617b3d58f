import runpy
from pathlib import Path

import numpy as np
import pytest

from analysis.encoding.scores import bits_per_spike
from analysis.twin.preference import share_better
from analysis.twin.settings import TwinSettings
from analysis.twin.twin import Twin
from rodent.errors import InputError

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "twin_monkeys.py"


def test_neurons_whose_true_rate_is_known_are_better(rng):
    true = np.exp(0.5 * rng.standard_normal((4000, 40)) - 1)
    counts, flat = rng.poisson(true), np.broadcast_to(true.mean(0), true.shape)
    # the first ten of the other model are true as well, and a little better scaled
    predicted = np.where(np.arange(40) < 30, true, flat)
    other = np.where(np.arange(40) < 30, flat, true)
    found = share_better(counts, predicted, other, block=300, seed=0)
    assert found.share == 0.75 and found.blocks == 13
    assert 0.5 < found.low < 0.75 < found.high < 0.95
    zero = share_better(counts, flat, flat, block=300, seed=0)
    assert (zero.share, zero.high) == (0, 0)


def test_better_means_more_bits_per_spike(rng):
    counts = rng.poisson(1.0, (1000, 30))
    one, other = (np.exp(0.2 * rng.standard_normal((1000, 30))) for _ in range(2))
    mean = np.ones(30)
    more = bits_per_spike(counts, one, mean) > bits_per_spike(counts, other, mean)
    assert 0 < more.mean() < 1
    assert share_better(counts, one, other, block=90, seed=0).share == more.mean()


def test_an_interval_needs_two_blocks():
    with pytest.raises(InputError, match=r"150 bins are 1 blocks of 100.*score more minutes"):
        share_better(*np.ones((3, 150, 2)), block=100, seed=0)


@pytest.fixture(scope="module")
def script():
    """What `benchmarks/twin_monkeys.py` defines."""
    return runpy.run_path(str(SCRIPT))


def test_a_core_of_one_monkey_is_compared_on_the_other(data, script):
    motor, area2 = script["monkeys"](data / "neural" / "monkey-m1-s1")
    assert (len(motor.neurons), len(area2.neurons)) == (141, 49)
    assert motor.piece.max() == 0 and area2.piece.max() >= 336
    # the velocity of the file is that of the position, within a piece
    same = np.diff(area2.piece) == 0
    position, velocity = area2.columns[:, :2], area2.columns[:, 2:4]
    assert np.abs(np.diff(position, axis=0) / 0.05 - velocity[1:])[same].max() < 20.0
    twin = Twin(TwinSettings(core="linear", channels=2, steps=2, chunks=1, least_animals=1)).fit([motor])
    glm, core = script["compared"]({"linear core": twin}, area2, (0.5,))
    assert (glm["model"], core["model"]) == ("GLM", "linear core") and glm["neurons"] == 49
    low, high = core["better than GLM, 95 %"]
    assert 0 <= low <= core["better than GLM"] <= high <= 1
