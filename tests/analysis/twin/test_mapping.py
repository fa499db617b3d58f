import numpy as np
import pytest

from analysis.twin.mapping import READOUTS, Sample, adjusted_p, map_labels
from rodent.errors import InputError

NEURONS = 40


def sample(seed: int, shift: float = 0.0, of_rate: float = 0.0) -> Sample:
    """Neurons of two types, whose values differ by `shift`, and whose values follow the rate."""
    random = np.random.default_rng(seed)
    kind, depth = random.integers(2, size=(2, NEURONS))
    rate = random.normal(0, 0.3, NEURONS) + depth
    values = random.standard_normal((NEURONS, 5)) + of_rate * rate[:, None]
    values[:, 0] += shift * kind
    labels = {"type": np.array(["a", "b"], "U4")[kind], "depth": np.array(["high", "low"])[depth]}
    return Sample(f"rat {seed}", {READOUTS: (values[:, :2], values[:, 2:])}, rate, labels)


def test_types_are_told_in_animals_that_were_left_out():
    found = map_labels([sample(seed, shift=4.0) for seed in range(3)], "type", permutations=19, seed=0)
    readouts = found.decodings[READOUTS]
    assert readouts.accuracy > 0.9 and readouts.p == 0.05
    assert 0.3 < readouts.null.mean() < 0.7 and found.decodings["rate"].accuracy < 0.7
    assert found.animals == 3 and sum(found.counts.values()) == 3 * NEURONS
    assert list(readouts.by_animal) == ["rat 0", "rat 1", "rat 2"]


def test_what_goes_with_the_rate_alone_is_not_found():
    samples = [sample(seed, shift=4.0, of_rate=2.0) for seed in range(4)]
    depth, kind = (map_labels(samples, label, permutations=19, seed=0) for label in ("depth", "type"))
    assert depth.decodings["rate"].accuracy > 0.8 and depth.decodings["rate"].p == 0.05
    assert depth.decodings[READOUTS].p > 0.1
    assert kind.decodings[READOUTS].p == 0.05
    assert adjusted_p([depth, kind])[1] == pytest.approx(0.1)


def test_false_finds_are_as_rare_as_stated():
    found = [
        map_labels([sample(100 * run + rat) for rat in range(3)], "type", permutations=4, seed=run)
        for run in range(20)
    ]
    # p of 0.2 is found in 4 of 20 on average, in more than 9 with a probability of 0.3 %
    assert sum(one.decodings[READOUTS].p <= 0.2 for one in found) <= 9


def test_neurons_without_a_label_are_left_out():
    samples = [sample(seed, shift=4.0) for seed in range(3)]
    for one in samples:
        one.labels["type"][:10] = "none"
    found = map_labels(samples, "type", permutations=1, seed=0)
    assert sum(found.counts.values()) == 3 * (NEURONS - 10)


def test_labels_that_cannot_be_told_are_refused():
    samples = [sample(seed) for seed in range(3)]
    with pytest.raises(InputError, match=r"2 animals have labelled neurons.*give 3 animals at least"):
        map_labels(samples[:2], "type", 1, 0)
    samples[0].labels["type"][:3] = "c"
    with pytest.raises(InputError, match=r"'c' is in animal rat 0 only"):
        map_labels(samples, "type", 1, 0)
    for one in samples:
        one.labels["type"][:] = "a"
    with pytest.raises(InputError, match=r"all neurons are 'a'"):
        map_labels(samples, "type", 1, 0)


@pytest.mark.filterwarnings("error")
def test_classes_of_whole_animals_are_permuted_where_each_has_one():
    """Lines of animals with one marked cell type each; one of them has a single neuron."""
    samples = []
    for seed in range(8):
        one, kind = sample(seed), "ab"[seed % 2]
        of_animal = np.full(NEURONS, kind)
        values = one.blocks[READOUTS][0] + 4.0 * (kind == "b")
        samples.append(Sample(one.animal, {READOUTS: (values,)}, one.rate, {"type": of_animal}))
    few = Sample("rat 9", {READOUTS: (values[:1] - 40.0,)}, one.rate[:1], {"type": np.array(["c"])})
    samples += [few, Sample("rat 10", few.blocks, few.rate, few.labels)]
    found = map_labels(samples, "type", permutations=19, seed=0).decodings[READOUTS]
    assert found.accuracy > 0.9 and found.p == 0.05
    assert len(np.unique(found.null)) > 5
