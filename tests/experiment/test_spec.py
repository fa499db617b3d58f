"""The specification: what is read, and what is refused."""

import pytest

from rodent.errors import InputError
from rodent.experiment import read_experiment
from tests.experiments import SPEC


@pytest.fixture
def read(tmp_path):
    def of(text):
        path = tmp_path / "lesions.toml"
        path.write_text(text)
        return read_experiment(path)

    return of


def test_a_specification_is_read_with_paths_beside_it(read, tmp_path):
    (tmp_path / "policy").mkdir()
    config = read(SPEC)
    assert config.policies == (str(tmp_path / "policy"),) and config.clips == "clips.h5"
    assert [arm.name for arm in config.arm] == ["decoder", "unit of {site}"]
    assert config.arm[0].doses == (10.0, 20.0) and config.arm[0].control == "matched"


def test_an_act_can_be_a_table(read):
    table = '{kind = "silence", site = "decoder/layer_0", units = "{dose}%", to = "mean", start = "1 s"}'
    text = SPEC.replace('"silence decoder/layer_0[{dose}%] to mean"', table)
    assert read(text).arm[0].acts == ("silence decoder/layer_0[{dose}%] to mean from 1 s",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("doses = [10, 20]", "doses = [0, 20]", "arm 'decoder' has the dose 0; leave it out"),
        ("doses = [10, 20]", "doses = [10, 10]", "doses is .*; it must be different numbers"),
        ("{dose}%", "20%", "arm 'decoder' has 2 doses, but none of its acts has {dose}"),
        ("[{draw}]", "", "arm 'unit of {site}' has each_unit, but none of its acts has {draw}"),
        ('sites = ["latent/mean"]', "", "{site} in acts and the setting sites belong together"),
        ("jitter = 0.5", "", "seeds is 2, but all seeds would be the same; set jitter = 0.06"),
        (
            "draws = 2",
            "draw = 2",
            "unknown field 'experiment.arm.draw' .*did you mean 'experiment.arm.draws'",
        ),
        ("draws = 2", 'draws = "many"', "experiment.arm.draws is 'many'; int is expected"),
        ('control = "matched"', 'control = "sham"', "experiment.arm.control=matched"),
        ('name = "decoder"', 'name = "intact"', "it is that of dose 0"),
        ('name = "unit of {site}"', 'name = "decoder"', "names of arms .* must be different"),
        ("starts = [0, 2]", "starts = []", "experiment starts is empty"),
        ("seeds = 2", "seeds = 2]", "is not TOML"),
        ("[[arm]]", "[arms]", "is not TOML"),
        ('policies = ["policy"]', "", "experiment lacks policies"),
    ],
)
def test_what_makes_no_sense_is_refused(read, old, new, message):
    assert old in SPEC
    with pytest.raises(InputError, match=message.replace("{", r"\{").replace("[", r"\[")):
        read(SPEC.replace(old, new))


def test_a_specification_has_arms(read):
    with pytest.raises(InputError, match=r"has no arms; expected tables"):
        read('policies = ["policy"]\nclips = "clips.h5"')
