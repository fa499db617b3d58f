"""Whether readouts tell type, region or depth of a neuron, in animals that the classifier never saw.

    found = map_labels(samples, "type", permutations=199, seed=0)
    found.decodings["readouts"].accuracy, found.decodings["readouts"].p

A linear discriminant with a shrunken covariance (Ledoit and Wolf, J. Multivariate Anal. 88, 365, 2004) is
fitted to all animals but one, and classifies the neurons of that one. Values come in blocks, such as lags and
weights, of the same total variance, so that a large block does not drown a small one. The accuracy is
balanced: the mean over classes. The null permutes labels within animals; or, if each animal has neurons of
one class only, as where a line of animals marks a cell type, the classes of whole animals.

What the log rate and its square explain of the values is taken off first, so that a label that only goes with
the rate is not found. A classifier that has nothing but the rate is scored beside it.
"""

import dataclasses
import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.encoding.inference import rank_p
from analysis.multiple_testing import holm
from rodent.errors import InputError

READOUTS, RATE, GLM_WEIGHTS = "readouts", "rate", "GLM weights"
NO_LABEL = "none"
"""The label of neurons that have none, as in tables of units."""
LEAST_ANIMALS = 3
_LEAST = 1e-9  # standard deviation of a value that varies


@dataclasses.dataclass(frozen=True)
class Sample:
    """Neurons of one animal, as classifiers see them.

    Attributes:
        animal: whose they are.
        blocks: by model, in blocks of shape (neurons, values).
        rate: logarithm of the mean count, shape (neurons,).
        labels: by name, texts, shape (neurons,) each.
    """

    animal: str
    blocks: Mapping[str, tuple[np.ndarray, ...]]
    rate: np.ndarray
    labels: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Decoding:
    """A label predicted from the values of one model.

    Attributes:
        accuracy: balanced, over all neurons, each classified without its animal.
        null: the same for labels permuted within animals, shape (permutations,).
        p: rank of the accuracy among those.
        by_animal: balanced accuracy in each animal.
    """

    accuracy: float
    null: np.ndarray
    p: float
    by_animal: dict[str, float]


@dataclasses.dataclass(frozen=True)
class LabelMap:
    """What is known of one label.

    Attributes:
        label: its name.
        counts: neurons of each class.
        animals: number of animals with labelled neurons.
        decodings: by model.
    """

    label: str
    counts: dict[str, int]
    animals: int
    decodings: dict[str, Decoding]


def map_labels(samples: Sequence[Sample], label: str, permutations: int, seed: int) -> LabelMap:
    """Tell a label from the rate alone, and from the values of every model.

    Args:
        samples: of the animals.
        label: its name; neurons without it are left out.
        permutations: of the null.
        seed: of the null.

    Raises:
        InputError: fewer than three animals have labelled neurons, there is one class only, or a class is in
            one animal only.
    """
    import sklearn
    from threadpoolctl import threadpool_limits

    labels = np.concatenate([sample.labels[label] for sample in samples])
    known = labels != NO_LABEL
    animals = np.concatenate([np.full(len(sample.rate), sample.animal) for sample in samples])[known]
    rate = np.concatenate([sample.rate for sample in samples])[known]
    labels = labels[known]
    require_classes(label, labels, animals)
    # thousands of small fits: checks and threads would take longer than they do
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True), threadpool_limits(1):
        decodings = {RATE: decode([rate[:, None]], None, labels, animals, permutations, seed)}
        for model in samples[0].blocks:
            each = zip(*(sample.blocks[model] for sample in samples), strict=True)
            blocks = [np.concatenate(block)[known] for block in each]
            decodings[model] = decode(blocks, rate, labels, animals, permutations, seed)
    names, counts = np.unique(labels, return_counts=True)
    return LabelMap(
        label,
        dict(zip(names.tolist(), counts.tolist(), strict=True)),
        len(np.unique(animals)),
        decodings,
    )


def require_classes(label: str, labels: np.ndarray, animals: np.ndarray) -> None:
    """Refuse labels that cannot be predicted in an animal that was left out.

    Raises:
        InputError: see `map_labels`.
    """
    if (n := len(np.unique(animals))) < LEAST_ANIMALS:
        raise InputError(
            f"label {label!r}: {n} animals have labelled neurons, and each is classified without itself; "
            f"give {LEAST_ANIMALS} animals at least"
        )
    classes = np.unique(labels).tolist()
    if len(classes) < 2:
        raise InputError(f"label {label!r}: all neurons are {classes[0]!r}; there is nothing to tell apart")
    for one in classes:
        if len(where := np.unique(animals[labels == one])) < 2:
            raise InputError(
                f"label {label!r}: {one!r} is in animal {where[0]} only; it cannot be predicted there from "
                "others; leave these neurons out (--select), or give another animal with such neurons"
            )


def decode(
    blocks: Sequence[np.ndarray],
    rate: np.ndarray | None,
    labels: np.ndarray,
    animals: np.ndarray,
    permutations: int,
    seed: int,
) -> Decoding:
    """Classify the neurons of each animal by those of all others.

    Args:
        blocks: shape (neurons, values) each.
        rate: log rate, which is taken off the values first, shape (neurons,); None for nothing.
        labels: shape (neurons,).
        animals: shape (neurons,).
        permutations: of labels, for the null.
        seed: of these.
    """
    folds = [_Fold.of(blocks, rate, animals == one) for one in np.unique(animals)]
    random = np.random.default_rng(seed)
    null = np.array(
        [
            balanced_accuracy(drawn, _predicted(folds, drawn))
            for drawn in (_permuted(labels, animals, random) for _ in range(permutations))
        ]
    )
    predicted = _predicted(folds, labels)
    accuracy = balanced_accuracy(labels, predicted)
    by_animal = {
        str(one): balanced_accuracy(labels[animals == one], predicted[animals == one])
        for one in np.unique(animals)
    }
    return Decoding(accuracy, null, float(rank_p(accuracy, null)), by_animal)


def balanced_accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Mean over classes of the fraction of their neurons that were classified as such.

    >>> balanced_accuracy(np.array(["a", "a", "a", "b"]), np.array(["a", "a", "b", "b"])).__round__(3)
    0.833
    """
    return float(np.mean([(predicted[labels == one] == one).mean() for one in np.unique(labels)]))


def thirds(values: np.ndarray) -> np.ndarray:
    """Numbers as `low`, `middle` and `high`, a third each; `none` for NaN.

    >>> thirds(np.array([3.0, 1.0, np.nan, 2.0])).tolist()
    ['high', 'low', 'none', 'middle']
    """
    edges = np.nanquantile(values, (1 / 3, 2 / 3))
    names = np.array(["low", "middle", "high"])[np.searchsorted(edges, np.nan_to_num(values))]
    return np.where(np.isnan(values), NO_LABEL, names)


def adjusted_p(maps: Sequence[LabelMap], model: str = READOUTS) -> np.ndarray:
    """Holm's p of a model for every label, shape (labels,)."""
    return holm(np.array([one.decodings[model].p for one in maps]))


@dataclasses.dataclass(frozen=True)
class _Fold:
    """Values of all animals but one, and of that one; the labels are not known yet."""

    train: np.ndarray
    test: np.ndarray
    left_out: np.ndarray

    @classmethod
    def of(cls, blocks: Sequence[np.ndarray], rate: np.ndarray | None, left_out: np.ndarray) -> "_Fold":
        others = ~left_out
        known = np.ones((len(left_out), 1))
        if rate is not None:
            scaled = (rate - rate[others].mean()) / max(rate[others].std(), _LEAST)
            known = np.column_stack([known, scaled, np.square(scaled)])
        found = []
        for values in blocks:
            explained, *_ = np.linalg.lstsq(known[others], values[others], rcond=None)
            left = values - known @ explained
            scale = left[others].std(0)
            live = scale > _LEAST
            found.append(left[:, live] / scale[live] / np.sqrt(max(live.sum(), 1)))
        values = np.concatenate(found, axis=1)
        return cls(values[others], values[left_out], left_out)


def _predicted(folds: Sequence[_Fold], labels: np.ndarray) -> np.ndarray:
    """The class of each neuron by a discriminant fitted to the other animals, shape (neurons,)."""
    from sklearn.covariance import LedoitWolf
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    predicted = np.empty_like(labels)
    for fold in folds:
        of_others = labels[~fold.left_out]
        classes = np.unique(of_others)
        even = np.full(len(classes), 1 / len(classes))
        model = LinearDiscriminantAnalysis(
            solver="lsqr", covariance_estimator=LedoitWolf(store_precision=False), priors=even
        )
        with warnings.catch_warnings():
            # a class with a single neuron adds nothing to the covariance, which is what it should add
            warnings.filterwarnings("ignore", message="Only one sample available")
            model.fit(fold.train, of_others)
        predicted[fold.left_out] = model.predict(fold.test)
    return predicted


def _permuted(labels: np.ndarray, animals: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Labels permuted within animals; of whole animals, if none has neurons of two classes."""
    _, first, animal = np.unique(animals, return_index=True, return_inverse=True)
    if (labels == labels[first][animal]).all():
        return random.permutation(labels[first])[animal]
    drawn = labels.copy()
    for one in range(len(first)):
        drawn[animal == one] = random.permutation(labels[animal == one])
    return drawn
