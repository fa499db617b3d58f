"""Tables of units: formats and errors."""

import pytest

from rodent.errors import InputError
from rodent.intervention.unit_table import UnitTable

CSV = "layer,unit,score\nlatent/sample,3,0.5\nlatent/sample,0,-1\n"
JSON = (
    '[{"layer": "latent/sample", "unit": 3, "score": 0.5},'
    ' {"layer": "latent/sample", "unit": 0, "score": -1}]'
)


@pytest.mark.parametrize(("name", "content"), [("a.csv", CSV), ("a.csv", "\ufeff" + CSV), ("a.json", JSON)])
def test_csv_and_json_are_the_same_table(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert UnitTable.read(tmp_path / name, "score").numbers("latent/sample", 4) == {3: 0.5, 0: -1.0}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "layer,unit\na,1\n", r"a.csv, row 2 has no score; expected the columns layer, unit, score"),
        ("a.csv", "layer,unit,score\na,x,1\n", r"row 2: unit is 'x'; expected a number from 0"),
        ("a.csv", "layer,unit,score\na,1,1\na,1,2\n", r"row 3: unit 1 of a is in the table twice"),
        ("a.csv", "layer,unit,score\na,1,high\n", r"the value of unit 1 of a is 'high'; expected a number"),
        ("a.csv", "layer,unit,score\na,8,1\n", r"a has no unit 8; it has units 0 to 7"),
        ("a.csv", "layer,unit,score\nb,0,1\n", r"has no unit of a; it has units of b"),
        ("a.json", "{}", r"expected a list of objects"),
        ("a.json", "[", r"is not JSON"),
    ],
)
def test_damaged_tables_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        UnitTable.read(tmp_path / name, "score").numbers("a", 8)
