"""A population from its specification to the list of its policies, at tiny size."""

import json
import re
import shutil

import numpy as np
import pytest

from rodent.cli import main
from rodent.clips.file import write_clips
from rodent.errors import InputError
from rodent.policy.policy_set import load_member, read_policy_set
from rodent.synthesis.stance import stance_clips
from training.config import TrainConfig
from training.population.draw import drawn_values, member_config, merged
from training.population.folder import create_population, open_population
from training.population.spec import PopulationConfig, VaryConfig, read_population

SPEC = """
clips = "clips.h5"
members = 2
steps = 64

[criterion]
success_rate = 0.5
copies = 2

[settings.ppo]
num_envs = 8
minibatches = 2
unroll = 4

[settings.network]
latent = 4
encoder = [8]
decoder = [8]
value = [8]

[[vary]]
setting = "ppo.latent_kl"
low = 1e-5
high = 1e-2
scale = "log"
"""
LATENT = VaryConfig("ppo.latent_kl", low=1e-5, high=1e-2, scale="log")
SIZES = VaryConfig("network.decoder", values=([16], [32, 32]))


@pytest.fixture
def spec(body, tmp_path):
    write_clips(stance_clips(body, frames=10), tmp_path / "clips.h5")
    (tmp_path / "stand.toml").write_text(SPEC)
    return tmp_path / "stand.toml"


def population(members: int, *vary: VaryConfig, **settings) -> PopulationConfig:
    return PopulationConfig("gaits", members, 100, vary, **settings)


def test_members_are_trained_measured_and_listed(spec, tmp_path, capsys):
    out = tmp_path / "stand"
    assert main(["population", "train", str(spec), "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    policies = read_policy_set(out)
    assert (
        [one["name"] for one in printed["member"]]
        == [one.name for one in policies.member]
        == ["0000", "0001"]
    )
    first, second = (load_member(out, one) for one in policies.member)
    assert first.digest() != second.digest()
    for number, one in enumerate(policies.member):
        assert one.values == drawn_values(read_population(spec), number)
        assert one.reached == (one.figures["success_rate"] >= 0.5)
    before = (out / "policies.json").read_bytes()
    (out / "shards" / "000001.npz").unlink()
    assert main(["population", "train", str(spec), "--out", str(out)]) == 0
    assert (out / "policies.json").read_bytes() == before

    shutil.rmtree(out / "policies" / "0001")
    shutil.copytree(out / "policies" / "0000", out / "policies" / "0001")
    with pytest.raises(InputError, match=r"lists \w+ as 0001"):
        load_member(out, policies["0001"])
    with pytest.raises(InputError, match="has another population"):
        create_population(out, population(2, LATENT))
    assert open_population(out).config.members == 2


def test_members_do_not_depend_on_how_many_there_are():
    small, large = population(3, LATENT, SIZES), population(9, LATENT, SIZES)
    for number in range(3):
        assert drawn_values(small, number) == drawn_values(large, number)
        assert member_config(small, number) == member_config(large, number)
    seeds = {member_config(large, number).seed for number in range(9)}
    assert len(seeds) == 9


def test_values_are_drawn_evenly_over_the_range():
    drawn = [drawn_values(population(1, LATENT, SIZES), number) for number in range(400)]
    logs = np.log10([one["ppo.latent_kl"] for one in drawn])
    assert -5 <= logs.min() < -4.9 and -2.1 < logs.max() < -2
    assert abs(np.median(logs) + 3.5) < 0.3
    assert 150 < sum(one["network.decoder"] == [16] for one in drawn) < 250


def test_settings_are_those_of_a_run():
    config = member_config(population(1, SIZES, settings={"task": {"setpoint": "neutral"}}), 0)
    assert config.task.setpoint == "neutral"
    assert config.network.decoder in ((16,), (32, 32))
    assert config.body == TrainConfig().body
    assert merged({"task": {"name": "a", "x": 1}}, {"task": {"name": "b"}}) == {"task": {"name": "b"}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ppo.latent_kl": "ppo.latent"}, r"member 0.*settings\.ppo\.latent'.*latent_kl"),
        ({"members = 2": "members = 0"}, "members is 0; it must be at least 1"),
        ({"low = 1e-5": "low = -1.0"}, "low is -1.*it must be above 0 on a logarithmic scale"),
        ({"high = 1e-2": "values = [1.0]"}, "must have values, or both low and high"),
        (
            {"success_rate = 0.5": "success_rate = 2.0"},
            r"success_rate is 2.0; it must be a number in \(0, 1\]",
        ),
        ({"[settings.ppo]": "[settings.pppo]"}, "settings.pppo"),
    ],
)
def test_a_wrong_specification_is_refused(spec, tmp_path, capsys, change, message):
    text = SPEC
    for before, after in change.items():
        assert before in text
        text = text.replace(before, after)
    spec.write_text(text)
    assert main(["population", "train", str(spec), "--out", str(tmp_path / "out")]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()
