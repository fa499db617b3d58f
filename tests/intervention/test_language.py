"""Interventions as text, TOML and JSON."""

import pytest

from rodent.errors import InputError
from rodent.intervention import (
    Cut,
    Degrade,
    Gain,
    Noise,
    Silence,
    Stimulate,
    Swap,
    Weaken,
    from_table,
    parsed,
    read_interventions,
    stored,
)

TEXTS = {
    "silence decoder/layer_0[0:32] to mean from 1 s": Silence(
        "decoder/layer_0[0:32]", to="mean", start="1 s"
    ),
    "stimulate latent/sample[3,5] by 2 sd pulses 10 ms every 0.1 s": Stimulate(
        "latent/sample", units="3,5", by="2 sd", width="10 ms", period="0.1 s"
    ),
    "gain a/b[20%] by 0.5 when height/hand_L > 0.01 after 20 ms for 0.2 s refractory 1 s seed 4": Gain(
        "a/b",
        units="20%",
        by=0.5,
        trigger="height/hand_L > 0.01",
        delay="20 ms",
        duration="0.2 s",
        refractory="1 s",
        seed=4,
    ),
    "noise observation/* [top 10% variance] by 0.1 time 50 ms while speed < 0.1 until frame 40": Noise(
        "observation/*",
        units="top 10% variance",
        by="0.1",
        time="50 ms",
        during="speed < 0.1",
        stop="frame 40",
    ),
    "cut latent/sample[0:8] -> decoder/layer_0[3] by 30% seed 4": Cut(
        "decoder/layer_0", source="latent/sample [0:8]", units="3", by="30%", seed=4
    ),
    "cut observation/* -> decoder/layer_?": Cut("observation/*->decoder/layer_?"),
    "swap decoder with runs/other align procrustes": Swap("decoder", policy="runs/other", align="procrustes"),
    "gain a[phase 0.25 width 0.1 of phase/foot_L] by 0.5": Gain(
        "a", units="phase 0.25 width 0.1 of phase/foot_L", by=0.5
    ),
    "weaken actuator/*_L by 50%": Weaken("actuator/*_L", by="50%"),
    "degrade latent/mean by 0.2 of weights how noise": Degrade(
        "latent/mean", by="0.2", of="weights", how="noise"
    ),
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_the_intervention_that_it_says(text):
    assert parsed(text) == TEXTS[text]


@pytest.mark.parametrize("text", TEXTS)
def test_text_and_json_lead_back(text):
    assert parsed(str(TEXTS[text])) == TEXTS[text]
    assert from_table(stored(TEXTS[text])) == TEXTS[text]


def test_seconds_given_in_python_lead_back():
    one = Silence("a", to="zero", start=1.0, stop=2)
    assert str(one) == "silence a to zero from 1 s until 2 s"
    assert from_table(stored(one)) == one


def test_a_toml_file_has_the_same_fields(tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(
        '[[intervention]]\nkind = "silence"\nsite = "decoder/layer_0"\nunits = "0:32"\n'
        'to = "mean"\nstart = "1 s"\n'
        '[[intervention]]\nkind = "gain"\nsite = "action"\nby = 2\n'
    )
    first, second = read_interventions(path)
    assert first == next(iter(TEXTS.values())) and second == Gain("action", by=2.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("silence", "expected a kind and a site"),
        ("silenc a to mean", "did you mean 'silence'"),
        ("silence a", "silence lacks to; in a text: to VALUE"),
        ("silence a to men", "did you mean 'mean'"),
        ("gain a by two", "by is 'two'; expected a number"),
        ("gain a by 2 sd", "by is '2 sd'; expected a number"),
        ("gain a by 2 by 3", "'by' is given twice"),
        ("gain a foo by 2", "did you mean 'for'"),
        ("gain a by 2 for 1 s", "duration of gain belongs to a trigger"),
        ("gain a by 2 pulses 1 s", "needs both width and period"),
        ("gain a by 2 when speed", "expected SIGNAL > NUMBER"),
        ("gain a by 2 when speed = 0.3", "SIGNAL = NUMBER .- NUMBER"),
        ("gain a by 2 while speed = 0.3 +- 0", "a range of .- 0; expected one above 0$"),
        ("gain a by 2 while phase/foot_L = 0.3 +- 0.6", "above 0; half a cycle is all of it"),
        ("gain a by 2 when speed > 1 while speed > 1", "both `when` and `while`"),
        ("gain a by 2 from -1 s", "start of gain is '-1 s'; it must not be negative"),
        ("gain a by 2 from 1 h", "expected s, ms or frames"),
        ("gain a[1:x] by 2", "units .1:x. are not understood"),
        ("noise a by -1", "it is a standard deviation"),
        ("drug a dose -1 ed50 1 effect 1", "drug dose is -1.0; it must be at least 0"),
        ("drug a dose 1 ed50 1 effect -2", "it must be a number of at least -1"),
        ("drug a dose 1 ed50 1 effect 1 receptors A=0.7,B=0.5 receptor A", "the sum is above 1"),
        ("drug a dose 1 ed50 1 effect 1 receptors A=0.7 receptor B", "unknown receptor 'B'"),
        ("drug a dose 1 ed50 1 effect 1 receptors A receptor A", "expected A=0.4,B=0.3"),
        ("degrade a by 130%", "is not between 0 and 1"),
        ("degrade a by 0.1 of weight", "did you mean 'weights'"),
        ("cut a", "cut a lacks the source of the connections; expected SOURCE -> LAYER"),
        ("cut a -> b by 0%", "cuts no connection"),
        ("cut a -> b by 0.5 by 0.5", "'by' is given twice"),
        ("weaken action by 50%", "weaken acts on actuator/NAME, not on 'action'; expected such as"),
        ("weaken actuator/a by 50% from 1 s", "weaken lasts for the whole rollout; leave out 'from'"),
        ("mass body/a by 0", "mass by is 0.0; it must be from 0.05 to 20"),
        ("swap decoder align procrustes", "swap lacks policy; in a text: with VALUE"),
        ("swap decoder with a align rotation", "unknown swap align 'rotation'"),
        ("drug a dose 1 ed50 1 effect 1 table a.csv", "lacks the receptor that it acts on"),
        ("drug a dose 1 ed50 1 effect 1 table a.csv receptors A=1 receptor A", "both receptors and a table"),
        ("gain a -> b by 2", "site 'a -> b' is not understood"),
        ("stimulate a by 2 mV", "expected none, or sd"),
    ],
)
def test_a_text_that_makes_no_sense_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        parsed(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has no interventions"),
        ("[[lesion]]\nkind='gain'", "unknown key 'lesion'"),
        ("[[intervention]]\nsite='a'", "intervention 1: an intervention lacks its kind"),
        ("[[intervention]]\nkind='gain'\nsite='a'\nby=2\nfrom=1", "unknown field 'from'"),
        ("[[intervention]]\nkind='gain'\nsite='a'\nby=true", "by is True; expected a number or a text"),
        ("[[intervention", "is not TOML"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(tmp_path, content, message):
    path = tmp_path / "bad.toml"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_interventions(path)
