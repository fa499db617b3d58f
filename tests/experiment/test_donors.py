"""Swaps in experiments: the folder has its own copy of the other policy, and results are pure."""

import dataclasses
import importlib.util
import shutil
import subprocess
import sys

import numpy as np
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
from rodent.experiment.donors import donor_names, read_alignments, without_names, write_alignments
from rodent.experiment.subject import subjects_of
from rodent.intervention import AlignmentKey, Alignments
from rodent.policy.policy import save_policy
from tests.experiments import write_small_experiment
from tests.policies import TINY, untrained_policy
from tests.stand_in import contents

SPEC = """
policies = ["policy"]
clips = "clips.h5"
frames = 6

[[arm]]
name = "decoder"
acts = ["swap decoder with donors/{draw} align procrustes"]
draws = 2

[[arm]]
name = "encoder"
acts = [
    {kind = "swap", site = "encoder", policy = "donors/0", align = "regression"},
    "silence decoder/layer_0[{dose}%] to mean",
]
doses = [25, 50]
"""


@pytest.fixture(scope="module")
def spec(body, tmp_path_factory):
    path = write_small_experiment(tmp_path_factory.mktemp("swaps"), body, SPEC)
    other = dataclasses.replace(TINY, latent=6, decoder=(12, 9))
    (path.parent / "donors").mkdir()
    for number in range(2):
        save_policy(untrained_policy(body, other, seed=8 + number), path.parent / "donors" / str(number))
    return path


def test_shards_need_nothing_but_the_folder(spec, body, tmp_path):
    moved = shutil.copytree(spec.parent, tmp_path / "moved") / spec.name
    config = read_experiment(moved)
    experiment = create_experiment(tmp_path / "out", config, Inputs.of(config))
    shutil.rmtree(moved.parent)
    run_experiment(experiment, LocalExecutor())
    table = pyarrow.parquet.read_table(tmp_path / "out" / "outcomes.parquet").to_pandas()
    swapped = table[table.arm == "decoder"]
    assert (swapped.changed_values > 0).all() and len(table) == 2 * (1 + 2 + 2)
    assert (swapped.groupby("clip").root_error.nunique() == 2).all()  # two donors
    before = {path.name: path.read_bytes() for path in (experiment.folder / "shards").iterdir()}
    for path in (experiment.folder / "shards").iterdir():
        path.unlink()
    code = "import sys; from rodent.experiment import *; " + (
        "run_experiment(open_experiment(sys.argv[1]), LocalExecutor())"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in (experiment.folder / "shards").iterdir()} == before


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra ray is not installed")
@pytest.mark.filterwarnings("ignore")
def test_workers_of_ray_swap_modules_to_the_same_bits(spec, tmp_path):
    from rodent.experiment.on_ray import RayExecutor

    config = read_experiment(spec)
    policies = (*config.policies, str(spec.parent / "donors" / "0"))  # a shard each
    config = dataclasses.replace(config, policies=policies, arm=config.arm[:1])
    shards = {}
    for name, executor in (("local", LocalExecutor(threads=1)), ("ray", RayExecutor(cpus=2, threads=1))):
        experiment = create_experiment(tmp_path / name, config, Inputs.of(config))
        run_experiment(experiment, executor)
        shards[name] = contents(experiment.shards)
    assert len(shards["local"]) == 2
    assert shards["ray"] == shards["local"]


def test_the_content_of_donors_is_in_the_digest_and_their_paths_are_not(spec, body, tmp_path):
    config = read_experiment(spec)
    assert donor_names(config.arm) == [str(spec.parent / "donors" / n) for n in ("0", "1", "0", "0")]
    before = digest_of(config, Inputs.of(config))
    moved = shutil.copytree(spec.parent, tmp_path / "moved") / spec.name
    again = read_experiment(moved)
    assert digest_of(again, Inputs.of(again)) == before
    save_policy(untrained_policy(body, seed=3), moved.parent / "donors" / "1")
    assert digest_of(again, Inputs.of(again)) != before


def test_maps_are_fitted_on_the_clips_that_are_named(spec):
    config = dataclasses.replace(read_experiment(spec), clip=("sway_0",))

    def maps(**settings):
        given = dataclasses.replace(config, **settings)
        (subject,) = subjects_of(given, Inputs.of(given))
        (found, *_) = (donor.alignments.maps for donor in subject.prepared.donors.values())
        return given, np.concatenate([np.ravel(part) for one in found.values() for part in one])

    played, here = maps()
    named, there = maps(align_clip=("sway_1",))
    np.testing.assert_array_equal(there, maps(clip=("sway_1",))[1])
    assert (there != here).any()
    np.testing.assert_array_equal(maps(align_clips=str(spec.parent / "clips.h5"))[1], maps(clip=())[1])
    assert digest_of(named, Inputs.of(named)) != digest_of(played, Inputs.of(played))


def test_clips_for_maps_without_maps_are_refused(spec):
    arm = ArmConfig("x", (f"swap decoder with {spec.parent / 'policy'}",))
    config = dataclasses.replace(read_experiment(spec), arm=(arm,), align_clip=("sway_1",))
    with pytest.raises(InputError, match="align_clip is given, but no swap has `align procrustes`"):
        Inputs.of(config)


def test_the_folder_gives_the_maps_that_were_fitted(tmp_path):
    rng = np.random.default_rng(0)
    given = Alignments({"a": (rng.normal(size=(9, 3)), rng.normal(size=(9, 4)))})
    keys = [AlignmentKey("a", "procrustes", True), AlignmentKey("a", "regression", False)]
    maps = [given[key] for key in keys]
    write_alignments(tmp_path / "0.npz", {"b": given, "c": Alignments()})
    found = read_alignments(tmp_path / "0.npz")
    assert found.keys() == {"b"} and found["b"].maps.keys() == {*keys}
    for key, one in zip(keys, maps, strict=True):
        for x, y in zip(found["b"][key], one, strict=True):
            np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    ("act", "plain"),
    [
        ("swap decoder with runs/a align procrustes", "swap decoder with donor align procrustes"),
        ("swap encoder from 1 s with {draw}", "swap encoder from 1 s with donor"),
        ("noise action by 1 seed 2", "noise action by 1 seed 2"),
    ],
)
def test_names_of_donors(act, plain):
    assert without_names(act) == plain
    arms = [ArmConfig("x", (act,), draws=2)]
    assert donor_names(arms) == {"runs/a": ["runs/a"] * 2, "{draw}": ["0", "1"]}.get(
        act.split("with ")[-1].split()[0], []
    )


def test_an_experiment_without_its_donor_is_refused(spec, tmp_path):
    config = read_experiment(spec)
    experiment = create_experiment(tmp_path / "out", config, Inputs.of(config))
    shutil.rmtree(experiment.folder / "donors" / "1")
    with pytest.raises(Exception, match="no such policy"):
        open_experiment(experiment.folder).subject(0)
