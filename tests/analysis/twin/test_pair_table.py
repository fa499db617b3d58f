import pytest

from analysis.twin.pair_table import read_pairs
from rodent.errors import InputError

NEURONS = ("a", "b", "c")
GOOD = "pre,post,synapses,exposure,projection,distance\na,b,2,10.5,M1->M1,0.1\nb,c,0,3,M1->S1,0.4\n"


def test_a_table_is_read(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text(GOOD)
    found = read_pairs(path, NEURONS)
    assert found.pre.tolist() == [0, 1] and found.post.tolist() == [1, 2]
    assert found.synapses.tolist() == [2, 0] and found.exposure.tolist() == [10.5, 3]
    assert found.projection.tolist() == ["M1->M1", "M1->S1"]
    assert found.covariates["distance"].tolist() == [0.1, 0.4]


def test_columns_that_are_missing_have_defaults(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("\ufeffpre,post,synapses\na,b,1\n", encoding="utf-8")
    found = read_pairs(path, NEURONS)
    assert found.exposure.tolist() == [1] and found.covariates == {} and found.projection.tolist() == ["all"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pre,post\na,b\n", r"has no column synapses; it has pre, post"),
        ("pre,post,synapses\n", r"has no rows"),
        ("pre,post,synapses\na,d,1\n", r"unknown neuron 'd' in .*row 2, column post"),
        ("pre,post,synapses\na,b,1\nb,b,1\n", r"row 3: b is paired with itself"),
        ("pre,post,synapses\na,b,many\n", r"row 2: synapses is 'many'; expected a number of 0 or more"),
        ("pre,post,synapses\na,b,-1\n", r"row 2: synapses is '-1'"),
        ("pre,post,synapses,distance\na,b,1,nan\n", r"row 2: distance is 'nan'; expected a number$"),
        ("pre,post,synapses,exposure\na,b,1,0\n", r"row 2: exposure is 0"),
        ("pre,post,synapses\na,b\n", r"row 2 does not have 3 entries"),
    ],
)
def test_bad_tables_are_refused(tmp_path, text, message):
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_pairs(path, NEURONS)
