"""Senses: chosen by name, those of packages, and what is wrong with a choice."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rodent.errors import InputError
from rodent.parts import SENSES, USUAL_SENSES
from rodent.sensing.proprioception import proprioception, sense, sensed
from rodent.tasks import standing
from rodent.tasks.settings import ImitationConfig
from tests.plugins import install

GROUP = "virtual_rodent.senses"
CODE = """
from rodent.sensing.proprioception import sense

@sense("m")
def place(scene, physics):
    return physics.qpos[:2]

@sense("m")
def single(scene, physics):
    return physics.qpos[2]
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A package with one good sense and one that is no row, and a package that is broken."""
    install(tmp_path / "a", monkeypatch, "rat-senses", GROUP, {"place": "place", "single": "single"}, CODE)
    install(tmp_path / "b", monkeypatch, "bad-senses", GROUP, {"bad": "bad"}, "import nothing_of_the_kind")


@pytest.fixture
def physics(body):
    return jax.tree.map(jnp.asarray, standing(body))


def test_the_usual_senses_stand_side_by_side_in_their_order(body, physics):
    assert SENSES.names()[: len(USUAL_SENSES)] == USUAL_SENSES
    parts = sensed(body, physics)
    assert tuple(parts) == USUAL_SENSES
    sizes = {name: len(part.values) for name, part in parts.items()}
    assert sizes["joint_angles"] == sizes["joint_velocities"] == body.model.nq - 7
    assert sizes["activations"] == body.model.na and sizes["root_height"] == 1
    np.testing.assert_array_equal(
        proprioception(body, physics), np.concatenate([part.values for part in parts.values()])
    )


def test_senses_are_chosen_by_name_and_order(body, physics):
    chosen = proprioception(body, physics, ("gravity", "root_height"))
    np.testing.assert_allclose(
        chosen, [*SENSES.get("gravity")(body, physics), physics.xpos[body.root_row, 2]]
    )


def test_a_packages_sense_is_observed(body, physics, place):
    parts = sensed(body, physics.replace(qpos=physics.qpos.at[:2].set(jnp.array([3.0, 4.0]))), ("place",))
    np.testing.assert_array_equal(parts["place"].values, [3, 4])
    assert parts["place"].unit == "m"


def test_a_notebooks_sense_is_observed(body, physics, monkeypatch):
    monkeypatch.setattr(SENSES, "_registered", {})
    SENSES.register("speed")(sense("m/s")(lambda scene, physics: jnp.abs(physics.qvel[:1])))
    assert sensed(body, physics, ("speed",))["speed"].unit == "m/s"


def test_every_sense_is_documented():
    assert all(SENSES.get(name).read.__doc__ for name in USUAL_SENSES)


def test_an_unknown_sense_is_refused_with_the_known_ones_and_their_origin(place):
    with pytest.raises(InputError) as error:
        ImitationConfig(senses=("plaec",))
    message = str(error.value)
    assert message.startswith("unknown sense 'plaec' in task senses; did you mean 'place'?")
    assert "touch (built in)" in message and "place (package rat-senses 0.1)" in message


def test_a_broken_package_is_named_and_stops_no_other(body, clips, place):
    assert ImitationConfig(senses=("place",)).build(body, clips).config.senses == ("place",)
    with pytest.raises(InputError, match=r"sense 'bad' of package bad-senses 0.1 cannot be imported"):
        ImitationConfig(senses=("bad",)).build(body, clips)


def test_a_sense_that_is_no_row_is_refused(body, physics, place):
    with pytest.raises(InputError, match=r"'single' \(package rat-senses 0.1\) gives an array of shape \(\)"):
        sensed(body, physics, ("single",))
