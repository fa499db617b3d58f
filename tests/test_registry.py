"""Parts by name: the project's own, a package's, a broken package's, and two of the same name."""

import dataclasses

import pytest

from rodent.errors import InputError
from rodent.parts import TASKS
from rodent.registry import Registry
from rodent.tasks.settings import ImitationConfig
from tests.plugins import install

GROUP = "virtual_rodent.tests"
CODE = """
import dataclasses

@dataclasses.dataclass(frozen=True)
class ForageConfig:
    pellets: int = 3

class Forage:
    config: ForageConfig

class Shapeless:
    pass
"""


@pytest.fixture
def registry() -> Registry:
    return Registry("game", GROUP, {"imitation": "rodent.tasks.settings:ImitationConfig"})


@pytest.fixture
def forage(tmp_path, monkeypatch):
    install(tmp_path / "a", monkeypatch, "rat-games", GROUP, {"forage": "Forage", "odd": "Shapeless"}, CODE)


def test_a_packages_part_is_found_beside_the_projects_own(registry, forage):
    assert registry.names() == ("imitation", "forage", "odd")
    assert registry.origins()["forage"] == "package rat-games 0.1"
    assert registry.get("imitation") is ImitationConfig
    assert registry.get("forage").__name__ == "Forage"
    assert "forage" in repr(registry)


def test_names_and_configurations_lead_to_each_other(registry, forage):
    assert registry.config("imitation") is ImitationConfig
    kind = registry.config("forage")
    assert kind().pellets == 3
    assert [registry.name_of(kind), registry.name_of(ImitationConfig)] == ["forage", "imitation"]
    with pytest.raises(KeyError, match="int configures no game"):
        registry.name_of(int)


def test_an_unknown_part_is_told_with_the_known_ones_and_their_origin(registry, forage):
    with pytest.raises(InputError) as error:
        registry.get("forag", "policy.json, task")
    assert str(error.value) == (
        "unknown game 'forag' in policy.json, task; did you mean 'forage'? There are: imitation (built in), "
        "forage (package rat-games 0.1), odd (package rat-games 0.1)"
    )


def test_a_broken_package_is_named_and_stops_no_other(registry, forage, tmp_path, monkeypatch):
    install(tmp_path / "b", monkeypatch, "bad-games", GROUP, {"bad": "Bad"}, "import nothing_of_the_kind")
    assert "bad" in registry.names()
    assert registry.get("forage").__name__ == "Forage"
    assert registry.name_of(registry.config("forage")) == "forage"
    message = r"game 'bad' of package bad-games 0.1 cannot be imported: ModuleNotFoundError: No module.*'not"
    with pytest.raises(InputError, match=message):
        registry.get("bad")


def test_a_part_without_a_configuration_is_refused(registry, forage):
    with pytest.raises(InputError, match=r"'odd' of package rat-games 0.1 does not say how it is configured"):
        registry.config("odd")


def test_two_packages_cannot_have_one_name(registry, tmp_path, monkeypatch):
    install(tmp_path / "c", monkeypatch, "my-tasks", GROUP, {"imitation": "Forage"}, CODE)
    with pytest.raises(InputError, match=r"'imitation' is added by this program and by package my-tasks"):
        registry.get("imitation")


def test_a_notebook_adds_a_part_by_its_name(registry):
    @registry.register("hop")
    @dataclasses.dataclass(frozen=True)
    class HopConfig:
        height: float = 0.1

    assert registry.names() == ("imitation", "hop")
    assert registry.get("hop") is registry.config("hop") is HopConfig
    with pytest.raises(InputError, match="there is a game 'hop' already"):
        registry.register("hop")


def test_a_policys_parts_are_registered():
    assert TASKS.get("imitation") is ImitationConfig
