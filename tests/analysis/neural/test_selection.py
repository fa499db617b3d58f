"""Neurons chosen, and named, by columns of the units table."""

from pathlib import Path

import numpy as np
import pytest

from analysis.neural.selection import select
from analysis.neural.session import NeuralSession
from analysis.neural.spikes import SpikeCounts
from rodent.errors import InputError

TABLE = {
    "region": np.array(["M1", "DLS", "M1", "DLS", ""]),
    "quality": np.array(["good", "good", "mua", "good", "noise"]),
    "depth": np.array([0.0, 250.5, 800.0, np.nan, 1200.0]),
    "shank": np.array([0, 0, 1, 1, 2]),
    "isolated": np.array([True, False, True, True, False]),
    "layer": np.array(["L5, upper", "L5, lower", "L5, upper", "none", "L2"]),
}


@pytest.fixture
def session() -> NeuralSession:
    counts = np.arange(20).reshape(4, 5)
    return NeuralSession(
        Path("day.nwb"), "test", SpikeCounts(Path("day.nwb"), counts, tuple("abcde"), 0.1), TABLE
    )


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ((), "abcde"),
        (("region=M1",), "ac"),
        (("region=M1,quality=good",), "a"),
        (("region=M1", "quality=good"), "a"),
        (("region=M1,DLS", "quality!=mua,noise"), "abd"),
        (("region!=M1",), "bde"),
        (("region=none",), "e"),
        (("depth<800",), "ab"),
        (("depth <= 800, depth > 0",), "bc"),
        (("depth>=250.5",), "bce"),
        (("shank=1",), "cd"),
        (("shank=1.0,2",), "cde"),
        (("shank!=1",), "abe"),
        (("depth=250.50",), "b"),
        (("isolated=true",), "acd"),
        (("layer=L5, upper",), "ac"),
        (("layer=L5, upper,shank=1",), "c"),
        (("name=b,d",), "bd"),
        (("quality!=nothing of the kind",), "abcde"),
    ],
)
def test_all_conditions_hold(session, conditions, left):
    found = select(session, conditions)
    assert "".join(found.names) == left
    kept = [i for i, name in enumerate("abcde") if name in left]
    assert found.spikes.counts.tolist() == session.spikes.counts[:, kept].tolist()
    for name, column in TABLE.items():
        np.testing.assert_array_equal(found.table[name], column[kept])
    told = f"{len(left)} of 5 neurons are selected, those with {' and '.join(conditions)}"
    assert found.notes == ((told,) if conditions else ())


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (
            "regoin=M1",
            "unknown column 'regoin' in the units table of day.nwb; did you mean 'region'. There are: name, ",
        ),
        ("region=M2", "unknown region 'M2' in day.nwb.* There are: DLS, M1, none"),
        ("region=M1,DLX", "unknown region 'DLX' in day.nwb; did you mean 'DLS'"),
        ("shank=3", "unknown shank '3' in day.nwb. There are: 0, 1, 2"),
        ("shank=one", "cannot read the condition 'shank=one'; the column holds numbers, 'one' is none"),
        ("depth<shallow", "cannot read the condition 'depth<shallow'; the column holds numbers"),
        ("region<M1", r"< compares numbers, and region has none \(1\), DLS \(2\), M1 \(2\)"),
        ("region", "cannot read the condition 'region'; expected a column, one of"),
        ("=M1", "cannot read the condition '=M1'"),
        ("region=M1,depth>500,shank=0", "shank=0 holds for none of the 1 neurons left; shank has 0"),
        ("depth>5000", "depth>5000 holds for none of the 5 neurons left; depth has"),
    ],
)
def test_conditions_that_cannot_be_met_are_refused(session, condition, wanted):
    with pytest.raises(InputError, match=wanted):
        select(session, (condition,))


def test_values_of_a_long_column_are_not_all_listed():
    spikes = SpikeCounts(Path("x"), np.ones((3, 400)), tuple(map(str, range(400))), 0.1)
    with pytest.raises(InputError, match="… 400 in all") as error:
        select(NeuralSession(Path("x"), "test", spikes), ("name=400",))
    assert len(str(error.value)) < 400


def test_labels_are_texts_in_the_order_asked_for(session):
    assert session.labels("region").tolist() == ["M1", "DLS", "M1", "DLS", "none"]
    assert session.labels("region", ["d", "a"]).tolist() == ["DLS", "M1"]
    assert session.labels("depth").tolist() == ["0", "250.5", "800", "none", "1200"]
    assert session.labels("shank", ["e"]).tolist() == ["2"]
    with pytest.raises(InputError, match="unknown column 'area'"):
        session.labels("area")
