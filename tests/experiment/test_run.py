"""Experiments end to end: the table, resumption, and what is refused."""

import dataclasses
import json
import re
import shutil

import numpy as np
import pyarrow.parquet
import pytest

from rodent.cli import main
from rodent.errors import InputError, WorkError
from rodent.experiment import (
    Inputs,
    LocalExecutor,
    create_experiment,
    digest_of,
    open_experiment,
    read_experiment,
    run_experiment,
)
from rodent.experiment.table import COLUMNS
from tests.experiments import SPEC, write_small_experiment

CONDITIONS, TREATMENTS = 2 * 1 * 2, 2 * 2 * 2 + 8 * 8


@pytest.fixture(scope="module")
def spec(body, tmp_path_factory):
    text = "batch = 64\n" + SPEC.replace("starts = [0, 2]", "starts = [2]")
    text = text.replace("to 3", "to {dose}").replace(
        "each_unit", "doses = [1, 2, 3, 4, 5, 6, 7, 8]\neach_unit"
    )
    return write_small_experiment(tmp_path_factory.mktemp("experiment"), body, text)


@pytest.fixture(scope="module")
def done(spec):
    """A folder with an experiment that is done."""
    folder = spec.parent / "lesions"
    config = read_experiment(spec)
    experiment = create_experiment(folder, config, Inputs.of(config))
    found = run_experiment(experiment, LocalExecutor())
    assert (
        found["rollouts"] == CONDITIONS * (TREATMENTS + 1) and found["shards"] == experiment.shards.count > 2
    )
    return folder


@pytest.fixture
def copy(done, tmp_path):
    return shutil.copytree(done, tmp_path / "copy")


def rows(folder):
    return pyarrow.parquet.read_table(folder / "outcomes.parquet")


def test_the_table_has_every_rollout_in_the_order_of_the_specification(done):
    table = rows(done)
    assert table.column_names == [*COLUMNS, "activity:decoder/layer_0", "series:speed", "changed_values"]
    series = table["series:speed"].to_pylist()
    assert list(map(len, series)) == table["frames_tracked"].to_pylist()
    assert np.isclose(list(map(np.mean, series)), table["speed"].to_numpy(), rtol=1e-4).all()
    columns = {name: np.array(table[name].to_pylist()) for name in COLUMNS} | {
        "changed_values": table["changed_values"].to_numpy()
    }
    keys = ("clip", "start", "seed", "arm", "control", "dose", "draw")
    assert len({*zip(*(columns[name] for name in keys), strict=True)}) == len(table)
    intact = columns["arm"] == "intact"
    assert intact.sum() == CONDITIONS
    assert (columns["dose"][intact] == 0).all() and (columns["changed_values"][intact] == 0).all()
    assert (columns["changed_values"][~intact] > 0).all()
    assert (columns["onset"] == np.where(intact, -1, 0)).all()
    assert (columns["control"] == "matched").sum() == CONDITIONS * 4
    first = [tuple(columns[name][i] for name in keys[:3]) for i in np.flatnonzero(intact)]
    clips = sorted({*columns["clip"]}, key=columns["clip"].tolist().index)
    assert first == [(clip, start, seed) for clip in clips for start in (2,) for seed in (0, 1)]
    one = slice(0, TREATMENTS + 1)
    assert columns["arm"][one].tolist() == ["intact", *["decoder"] * 8, *["unit of latent/mean"] * 64]
    assert columns["dose"][one][1:9].tolist() == [10, 10, 20, 20] * 2
    assert columns["draw"][one].tolist() == [0, *[0, 1] * 4, *[*range(8)] * 8]


def test_what_is_missing_is_done_and_the_bytes_are_the_same(done, copy):
    before = {path.name: path.read_bytes() for path in (done / "shards").iterdir()}
    for number in (0, 2):
        (copy / "shards" / f"{number:06d}.npz").unlink()
    table = (copy / "outcomes.parquet").read_bytes()
    (copy / "outcomes.parquet").unlink()
    run_experiment(open_experiment(copy), LocalExecutor())
    assert {path.name: path.read_bytes() for path in (copy / "shards").iterdir()} == before
    assert (copy / "outcomes.parquet").read_bytes() == table


def test_paths_and_labels_do_not_matter_to_the_digest(spec):
    config = read_experiment(spec)
    inputs = Inputs.of(config)
    other = dataclasses.replace(config, policies=("elsewhere",), clips="moved.h5")
    renamed = Inputs(dict(zip(other.policies, inputs.policies.values(), strict=True)), inputs.clips)
    assert digest_of(other, renamed) == digest_of(config, inputs)
    clip = dataclasses.replace(inputs.clips[0], qpos=inputs.clips[0].qpos + 1e-9)
    moved = dataclasses.replace(inputs.clips, clips=(clip, *inputs.clips.clips[1:]))
    assert digest_of(config, Inputs(inputs.policies, moved)) != digest_of(config, inputs)


def test_a_folder_of_another_experiment_is_refused(spec, copy):
    config = dataclasses.replace(read_experiment(spec), jitter=0.4)
    with pytest.raises(InputError, match=r"has another experiment: its digest is"):
        create_experiment(copy, config, Inputs.of(config))
    card = json.loads((copy / "experiment.json").read_text())
    card["versions"]["mujoco"] = "3.0"
    (copy / "experiment.json").write_text(json.dumps(card))
    config = read_experiment(spec)
    with pytest.raises(InputError, match=r"begun with mujoco 3.0, and .* is installed"):
        create_experiment(copy, config, Inputs.of(config))


def test_intact_rollouts_that_differ_between_shards_are_an_error(copy):
    path = copy / "shards" / "000001.npz"
    arrays = dict(np.load(path))
    arrays["speed"][arrays["treatment"] == -1] += 1e-9
    np.savez(path, **arrays)
    with pytest.raises(WorkError, match=r"the same intact rollouts differ in speed"):
        run_experiment(open_experiment(copy), LocalExecutor())


def test_a_damaged_shard_is_named(copy):
    (copy / "shards" / "000001.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"000001.npz is truncated or damaged"):
        run_experiment(open_experiment(copy), LocalExecutor())


BAD = {
    "silence decoder/layer_7[{dose}%] to mean": "arm 'decoder', .*: unknown site 'decoder/layer_7'",
    "silence decoder/layer_0[0:3] to mean when height > {dose}": "has 2 draws, but they are all the same",
    "gain decoder/layer_0[{dose}] by 0.{draw}": "dose 20, draw 0: .*decoder/layer_0 has no unit 20; it has",
    "gain decoder/layer_0[top 3 weight] by 0.{draw} seed {dose}": "dose 20 is the same intervention",
    "silence decoder/layer_0[{dose}%] to nothing": "unknown silence to 'nothing'",
    "silence decoder/layer_0[{dose}00%] to mean": "fraction of units '1000%' is not between 0 and 1",
    "silence decoder/layer_?[80%] to zero seed {dose}": "acts on 10 of the 12 units of decoder",
    "gain decoder/layer_0[{dose}%] by 0 when sped > 1": "unknown signal 'sped'",
}


@pytest.mark.parametrize("act", BAD)
def test_bad_acts_are_found_before_anything_runs(act, spec, tmp_path, capfd):
    bad = spec.with_name("bad.toml")
    bad.write_text(spec.read_text().replace("silence decoder/layer_0[{dose}%] to mean", act))
    out = tmp_path / "new"
    assert main(["experiment", "run", str(bad), "--out", str(out)]) == 2
    assert re.search(BAD[act], capfd.readouterr().err)
    assert not out.exists()


def test_an_arm_that_changes_nothing_is_an_error_at_the_end(spec, tmp_path, capfd):
    never = spec.with_name("never.toml")
    arm = '\n[[arm]]\nname = "never"\nacts = ["gain action by 0 when speed > 99"]\n'
    never.write_text(SPEC.replace("starts = [0, 2]", "starts = [0]").partition("[[arm]]")[0] + arm)
    out = tmp_path / "never"
    assert main(["experiment", "run", str(never), "--out", str(out)]) == 2
    printed = capfd.readouterr().err
    assert "changed no value in any rollout. arm 'never': its condition was never true" in printed
    low, high = map(float, re.search(r"speed was between (\S+) and (\S+)\.", printed).groups())
    assert 0 <= low < high < 99
    assert len(rows(out)) == 2 * CONDITIONS


def test_plan_and_status_on_the_command_line(spec, done, capfd):
    assert main(["experiment", "plan", str(spec), "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["rollouts"] == CONDITIONS * (TREATMENTS + 1) and found["minutes"] > 0
    assert [(row["arm"], row["control"], row["rollouts"]) for row in found["arms"]] == [
        ("decoder", "", 16),
        ("decoder", "matched", 16),
        ("unit of latent/mean", "", 256),
    ]
    assert main(["experiment", "status", str(done), "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["missing"] == 0 and found["outcomes"] and found["failures"] == {}
    assert main(["experiment", "status", str(spec.parent)]) == 2
    assert "has no experiment; make it with: rodent experiment run" in capfd.readouterr().err
