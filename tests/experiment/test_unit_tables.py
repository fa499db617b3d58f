"""Tables of units in experiments: the folder has copies, by their hashes, and shards read these alone."""

import shutil

import pyarrow.parquet
import pytest

from rodent.errors import InputError
from rodent.experiment import (
    ArmConfig,
    Inputs,
    LocalExecutor,
    create_experiment,
    digest_of,
    open_experiment,
    read_experiment,
    run_experiment,
)
from rodent.experiment.subject import subjects_of
from rodent.experiment.unit_tables import table_names, without_tables
from tests.experiments import write_small_experiment

SPEC = """
policies = ["policy"]
clips = "clips.h5"
clip = ["sway_0"]
frames = 4

[[arm]]
name = "best"
acts = ["clamp decoder/layer_0[in best_{draw}.csv] to 3"]
draws = 2

[[arm]]
name = "drug"
when = "from 1 frame"

[[arm.acts]]
kind = "drug"
site = "latent/sample"
dose = 1
ed50 = 1
effect = "-1"
table = "d1.csv"
receptor = "D1"
"""


def write_scores(path, *units):
    path.write_text("layer,unit,score\n" + "".join(f"decoder/layer_0,{unit},1\n" for unit in units))


@pytest.fixture
def spec(body, tmp_path):
    folder = tmp_path / "with spaces"
    folder.mkdir()
    write_scores(folder / "best_0.csv", 1, 2, 3)
    write_scores(folder / "best_1.csv", 5)
    (folder / "d1.csv").write_text("layer,unit,receptor\nlatent/sample,0,D1\nlatent/sample,1,D2\n")
    return write_small_experiment(folder, body, SPEC)


def test_shards_read_the_copies_alone(spec, tmp_path):
    config = read_experiment(spec)
    experiment = create_experiment(tmp_path / "out", config, Inputs.of(config))
    write_scores(spec.parent / "best_0.csv", *range(12))  # after planning
    (spec.parent / "d1.csv").unlink()
    run_experiment(experiment, LocalExecutor())
    table = pyarrow.parquet.read_table(tmp_path / "out" / "outcomes.parquet").to_pandas()
    changed = table.set_index(["arm", "draw"]).changed_values
    frames = int(table.frames_tracked.iloc[0])
    assert changed["best", 0] == 3 * frames and changed["best", 1] == frames
    assert 0 < changed["drug", 0] <= frames - 1  # one unit, from the second frame on


def test_a_folder_whose_copies_were_changed_is_refused(spec, tmp_path):
    config = read_experiment(spec)
    folder = create_experiment(tmp_path / "out", config, Inputs.of(config)).folder
    copies = sorted((folder / "tables").iterdir())
    assert len(copies) == 3
    before = copies[0].read_text()
    copies[0].write_text(before + " ")
    with pytest.raises(InputError, match=f"{copies[0].name}, the copy of the table .*, was changed"):
        open_experiment(folder)
    with pytest.raises(InputError, match="was changed"):
        create_experiment(folder, config, Inputs.of(config))
    copies[0].unlink()
    with pytest.raises(InputError, match=f"{copies[0].name} is missing"):
        open_experiment(folder)
    copies[0].write_text(before)
    assert open_experiment(folder).tables.keys() == {*table_names(config.arm)}


def test_the_content_of_tables_is_in_the_digest_and_their_paths_are_not(spec, tmp_path):
    config = read_experiment(spec)
    before = digest_of(config, Inputs.of(config))
    moved = read_experiment(shutil.copytree(spec.parent, tmp_path / "moved") / spec.name)
    assert digest_of(moved, Inputs.of(moved)) == before
    write_scores(tmp_path / "moved" / "best_1.csv", 6)
    assert digest_of(moved, Inputs.of(moved)) != before


@pytest.mark.parametrize(
    ("act", "plain", "names"),
    [
        ("gain a[in x y.csv] by 2", "gain a[in table] by 2", ["x y.csv"]),
        ("gain a[top {dose}% in x.csv] by 2", "gain a[top {dose}% in table] by 2", ["x.csv"]),
        ("cut a[in x.csv] -> b[ in y.csv ]", "cut a[in table] -> b[ in table ]", ["y.csv", "x.csv"]),
        (
            "drug a dose 1 ed50 1 effect -1 table x y.csv receptor D1",
            "drug a dose 1 ed50 1 effect -1 table table receptor D1",
            ["x y.csv"],
        ),
        ("silence table[0:3] to zero", "silence table[0:3] to zero", []),
    ],
)
def test_names_of_tables(act, plain, names):
    assert without_tables(act) == plain
    assert table_names([ArmConfig("x", (act,))]) == names


def test_a_table_that_is_not_there_is_named(spec):
    (spec.parent / "best_1.csv").unlink()
    with pytest.raises(InputError, match=r"best_1\.csv"):
        Inputs.of(read_experiment(spec))


def test_a_table_beyond_the_draws_of_an_arm_is_refused(spec):
    config = read_experiment(spec)
    inputs = Inputs.of(config)
    known = {name: path for name, path in inputs.tables.items() if "best_1" not in name}
    with pytest.raises(InputError, match=r"unknown table of units '.*best_1\.csv'"):
        subjects_of(config, inputs._replace(tables=known))
