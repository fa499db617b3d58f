"""The table of the reward: terms of one's own, those of packages, and what is wrong with a table."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from rodent.cli.train import parsed
from rodent.configs import from_json, to_json
from rodent.errors import InputError
from rodent.parts import REWARD_TERMS
from rodent.synthesis.stance import stance_clips
from rodent.tasks.imitation import ImitationState
from rodent.tasks.reward import cost
from rodent.tasks.settings import USUAL_REWARD, ImitationConfig, RewardTable, Term
from tests.plugins import install
from training.config import TrainConfig

GROUP = "virtual_rodent.reward_terms"
CODE = """
import jax.numpy as jnp
from rodent.tasks.reward import cost, tracking

@cost("m/s")
def drift(reached):
    return jnp.linalg.norm(reached.physics.qvel[:2])

@tracking("m")
def wide(reached):
    return reached.physics.xpos[:, 2]
"""


@pytest.fixture
def drift(tmp_path, monkeypatch):
    """A package with one good term and one that is no single number, and a package that is broken."""
    install(tmp_path / "a", monkeypatch, "rat-terms", GROUP, {"drift": "drift", "wide": "wide"}, CODE)
    install(tmp_path / "b", monkeypatch, "bad-terms", GROUP, {"bad": "bad"}, "import nothing_of_the_kind")


def earned(body, reward):
    """The terms of a body at the fifth frame that slides sideways at 3 m/s."""
    task = ImitationConfig(reward=reward).build(body, stance_clips(body, frames=10))
    here, still = ImitationState(jnp.int32(5)), jnp.zeros(38)
    physics = task.reference.at(here.frame)
    physics = dataclasses.replace(physics, qvel=physics.qvel.at[:2].set(jnp.array([0.0, 3.0])))
    return task.reward(here, physics, task.measure(here, physics), still, still)


def test_a_packages_term_counts_when_it_has_a_weight(body, drift):
    terms = earned(body, {"drift": Term(0.5, 2.0)})
    assert list(terms) == [*USUAL_REWARD, "drift"]
    np.testing.assert_allclose(terms["drift"], -0.5 * (3 / 2) ** 2, rtol=1e-5)
    usual = earned(body, {})
    assert all(terms[name] == usual[name] for name in usual)


def test_a_notebooks_term_is_used_by_its_name(body, monkeypatch):
    monkeypatch.setattr(REWARD_TERMS, "_registered", {})
    REWARD_TERMS.register("height")(cost("m")(lambda reached: reached.physics.qpos[2]))
    terms = earned(body, {"height": Term(1.0, 1.0), "control": Term(0.0, 1.0)})
    assert 0 > terms["height"] > -0.1
    assert terms["control"] == 0


def test_every_term_is_documented_and_has_a_unit():
    assert REWARD_TERMS.names()[: len(USUAL_REWARD)] == tuple(USUAL_REWARD)
    for name in USUAL_REWARD:
        term = REWARD_TERMS.get(name)
        assert term.measure.__name__ == name and term.measure.__doc__
        assert term.unit in ("m", "rad", "rad/s", "1")
        assert term.is_cost == (name in ("control", "control_change", "energy"))


def test_a_table_is_the_usual_one_with_changes(drift):
    table = RewardTable({"control": Term(0.0, 1.0), "drift": Term(0.0, 1.0)})
    assert list(table) == list(USUAL_REWARD), "a term of weight 0 that is not usual is not kept"
    assert table["control"].weight == 0 and table["energy"] == USUAL_REWARD["energy"]
    one, other = (RewardTable({"drift": Term(1.0, scale)}) for scale in (1.0, 1.0))
    assert one == other and hash(one) == hash(other) and one != table


def test_a_table_is_stored_and_read_again(drift):
    config = ImitationConfig(reward={"drift": Term(0.5, 2.0)})
    stored = to_json(config)
    assert stored["reward"]["drift"] == {"weight": 0.5, "scale": 2.0}
    assert from_json(ImitationConfig, stored, "policy.json", "task") == config
    before = {"reward": {"energy": {"weight": 0.0, "scale": 1.0}}}
    assert from_json(ImitationConfig, before, "policy.json", "task").reward["energy"].weight == 0


def test_an_unknown_term_is_refused_with_the_known_ones_and_their_origin(drift):
    stored = {"reward": {"drfit": {"weight": 1.0, "scale": 1.0}}}
    with pytest.raises(InputError) as error:
        from_json(ImitationConfig, stored, "policy.json", "task")
    message = str(error.value)
    assert message.startswith("policy.json: unknown reward term 'drfit' in the reward; did you mean 'drift'?")
    assert "energy (built in)" in message and "drift (package rat-terms 0.1)" in message


def test_a_broken_package_is_named_and_stops_no_other(body, drift):
    assert earned(body, {"drift": Term(1.0, 1.0)})["drift"] < 0
    with pytest.raises(InputError, match=r"reward term 'bad' of package bad-terms 0.1 cannot be imported"):
        ImitationConfig(reward={"bad": Term(1.0, 1.0)}).build(body, stance_clips(body, frames=10))


def test_a_term_that_is_not_one_number_is_refused(body, drift):
    message = r"'wide' \(package rat-terms 0.1\) gives an array of shape \(15,\); a single number is expected"
    with pytest.raises(InputError, match=message):
        earned(body, {"wide": Term(1.0, 1.0)})


@pytest.mark.parametrize("stored", [[1], {"energy": 0.1}, {"energy": {"weight": "much", "scale": 1.0}}])
def test_a_table_that_is_none_is_refused_by_its_place(stored):
    with pytest.raises(InputError, match=r"policy\.json: task\.reward"):
        from_json(ImitationConfig, {"reward": stored}, "policy.json", "task")


def test_installed_terms_are_options_of_the_command_line(drift):
    words = ["--out", "run", "--clips", "walk", "--minutes", "1"]
    assert parsed(words).config == TrainConfig(), "an installed package alone changes nothing"
    more = ["--task.reward.drift.weight", "0.5", "--task.reward.energy.scale", "2"]
    reward = parsed([*words, *more]).config.task.reward
    assert reward == RewardTable({"drift": Term(0.5, 1.0), "energy": Term(0.01, 2.0)})


def test_a_term_of_a_newer_version_is_refused_by_its_name():
    newer = {"reward": {"energy": {"weight": 1.0, "scale": 1.0, "power": 2.0}}}
    with pytest.raises(InputError, match=r"unknown field 'task\.reward\.energy\.power' in policy\.json"):
        from_json(ImitationConfig, newer, "policy.json", "task")
