import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from analysis.effects.outcomes import OutcomeTable, outcome_of, read_outcomes
from analysis.effects.simulation import OutcomeModel, simulate_outcomes
from rodent.errors import InputError

SMALL = OutcomeModel(policies=1, clips=2, seeds=1, control_draws=2)


@pytest.fixture(scope="module")
def table():
    return simulate_outcomes({"hip": {0.5: -5.0, 1.0: -10.0}}, SMALL)


def test_a_table_is_read_from_the_folder_of_an_experiment(table, tmp_path):
    columns = dict(table.columns) | {"activity:decoder/layer_0": np.arange(len(table), dtype=float)}
    columns["speed"] = np.full(len(table), np.nan)
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "outcomes.parquet")
    read = read_outcomes(tmp_path)
    assert read.arms == ("hip",) and len(read) == len(table)
    assert "activity:decoder/layer_0" in read.outcomes and "speed" not in read.outcomes
    np.testing.assert_array_equal(read["frames_tracked"], table["frames_tracked"])
    assert read["control"].tolist() == table["control"].tolist()
    assert outcome_of("activity:decoder/layer_0").label == "activity of decoder/layer_0"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dose": None}, "lacks the columns dose"),
        ({"dose": np.zeros(14)}, "row 2 has the arm 'hip' and the dose 0"),
        ({"energy": np.zeros(3)}, "different lengths"),
        ({"energy": np.full(14, "much")}, "'energy' of the table of outcomes holds no numbers"),
    ],
)
def test_other_tables_are_refused(table, change, message):
    columns = {name: value for name, value in ({**table.columns} | change).items() if value is not None}
    with pytest.raises(InputError, match=message):
        OutcomeTable(columns)


def test_files_that_are_no_tables_are_refused(tmp_path):
    with pytest.raises(InputError, match="rodent experiment run"):
        read_outcomes(tmp_path)
    (tmp_path / "outcomes.parquet").write_text("arm,dose")
    with pytest.raises(InputError, match="is no Parquet file"):
        read_outcomes(tmp_path / "outcomes.parquet")
    with pytest.raises(InputError, match="unknown outcome 'sped'"):
        outcome_of("sped")
