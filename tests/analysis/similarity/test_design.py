import numpy as np
import pytest

from analysis.similarity.design import Design
from analysis.similarity.settings import SimilaritySettings
from rodent.errors import InputError
from tests.analysis.similarity.sessions import timeline_of


def designed(labels, usable=None, rollout=None, bin_seconds=0.2, **settings):
    labels = np.asarray(labels)
    usable = np.ones(len(labels), bool) if usable is None else usable
    return Design.of(
        labels, timeline_of(len(labels), bin_seconds, rollout), usable, SimilaritySettings(**settings)
    )


def test_no_bout_is_in_two_partitions_and_every_behavior_in_all(design):
    parts = {(bout, part) for bout, part in zip(design.bout, design.partition, strict=True)}
    assert len(parts) == len(set(design.bout)) == 48
    for condition in range(6):
        seen = np.unique(design.partition[design.condition == condition], return_counts=True)
        assert seen[0].tolist() == [0, 1, 2, 3] and seen[1].tolist() == [20] * 4


def test_partitions_follow_each_other_in_time(design):
    for condition in range(6):
        these = design.condition == condition
        assert (np.diff(design.bins[these][:, 0]) > 0).all()
        assert (np.diff(design.partition[these]) >= 0).all()


def test_windows_stay_within_bouts(bouts):
    labels = bouts(bins=11)
    design = designed(labels, window_seconds=0.6)
    assert design.bins.shape == (48 * 3, 3)
    assert (labels[design.bins] == np.array(design.conditions)[design.condition][:, None]).all()
    assert (np.diff(design.bins, axis=1) == 1).all()


def test_one_long_bout_leaves_no_partition_empty():
    bout = [*"A" * 100, "", *"A" * 10, "", *"A" * 10, "", *"A" * 10, ""]
    labels = bout + [x.replace("A", "B") for x in bout] + [x.replace("A", "C") for x in bout]
    design = designed(labels)
    assert np.unique(design.partition[design.condition == 1]).tolist() == [0, 1, 2, 3]
    design = designed(labels[::-1], partitions=3)
    assert np.unique(design.partition[design.condition == 1]).tolist() == [0, 1, 2]


def test_a_bout_ends_where_bins_are_missing_and_where_a_rollout_does(bouts):
    labels = np.array(["A", "A", "A", "A"] * 4 + ["B"] * 16 + ["C"] * 16)
    rollout = np.repeat(np.arange(12), 4)
    assert len(set(designed(labels, rollout=rollout).bout)) == 12
    usable = np.arange(48) % 4 != 2
    design = designed(labels, usable, rollout, partitions=4)
    assert design.n_windows == 36 and usable[design.bins].all()
    # bins of a window are neighbours
    design = designed(labels, usable, rollout, window_seconds=0.4, least_seconds=0)
    assert design.bins[:, 0].tolist() == [4 * i for i in range(12)]


def test_sums_means_and_residuals(design, rng):
    samples = rng.normal(size=(design.bins.max() + 1, 3))
    assert np.allclose(design.averaged(samples), samples[design.bins[:, 0]])
    counts = rng.poisson(1.0, size=samples.shape)
    assert np.array_equal(design.summed(counts), counts[design.bins[:, 0]])
    windows = design.averaged(samples)
    means = design.means(windows)
    here = (design.partition == 2) & (design.condition == 4)
    assert np.allclose(means[2, 4], windows[here].mean(0))
    left = design.residuals(windows)
    assert np.allclose(left[here], windows[here] - windows[here].mean(0))


def test_behaviors_seen_too_seldom_are_dropped_by_name(bouts):
    labels = np.concatenate([bouts("ABC"), bouts("D", each=3), bouts("E", bins=1, each=5)])
    design = designed(labels)
    assert design.conditions == ("A", "B", "C")
    assert design.dropped == {
        "D": "3 bouts of at least 0.2 s, 4 are needed",
        "E": "seen for 1 s, 2 s are needed",
    }


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("", r"^0 behaviors can be compared; at least 3 are needed \(left out: none\).*--conditions"),
        ("A", "^1 behaviors can be compared: A; at least 3"),
        ("AB", r"^2 behaviors can be compared: A, B; .*\(left out: D: 2 bouts .*--partitions"),
    ],
)
def test_fewer_than_three_behaviors_are_refused_by_name(bouts, names, message):
    labels = np.concatenate([bouts(names) if names else np.repeat("", 5), bouts("D", each=2)])
    with pytest.raises(InputError, match=message):
        designed(labels if names else labels[:5])


def test_a_window_is_whole_bins():
    with pytest.raises(
        InputError, match=r"0.2 s is no whole number of bins of 0.15 s; take --window-seconds 0.15"
    ):
        designed(np.repeat("A", 10), bin_seconds=0.15)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("partitions", 1),
        ("permutations", 0),
        ("bootstraps", 1),
        ("splits", 0),
        ("shifts", 0),
        ("seed", -1),
        ("window_seconds", 0.0),
        ("shift_seconds", np.nan),
        ("least_seconds", -1.0),
    ],
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(InputError, match=f"similarity setting {field} is .*; it must be"):
        SimilaritySettings(**{field: value})
