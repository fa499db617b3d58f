"""Interventions on the body: model fields, and in the closed loop."""

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.intervention import model_fields, parsed, planned
from rodent.intervention.body import body_factors
from tests.intervention.preparations import N, states


def test_factors_are_those_of_the_named_parts(body):
    model = body.model
    given = [
        ["weaken actuator/knee_? by 25%", "mass body/skull by 2"],
        [],
        ["weaken actuator/knee_L by 100%"],
    ]
    factors, counts = body_factors([[parsed(text) for text in row] for row in given], body)
    assert counts.tolist() == [[2, 1], [0, 0], [1, 0]]
    fields = model_fields(model, factors)
    left, right = (body.actuator_names.index(f"knee_{side}") for side in "LR")
    for name in ("actuator_gainprm", "actuator_biasprm"):
        base = np.asarray(getattr(model, name))
        np.testing.assert_allclose(fields[name][0, right], 0.75 * base[right])
        assert (fields[name][2, left] == 0).all()
        np.testing.assert_array_equal(fields[name][1], base)
        np.testing.assert_array_equal(fields[name][2, right], base[right])
    skull = model.body("skull").id
    assert fields["body_mass"][0, skull] == 2 * model.body_mass[skull]
    np.testing.assert_array_equal(fields["body_inertia"][1:], np.stack([model.body_inertia] * 2))


def test_one_body_changes_and_the_others_keep_their_bits(play, plain):
    paralysed = ["weaken actuator/* by 100%"]
    heavy = ["mass body/skull by 3", "weaken actuator/knee_L by 50%", "gain action by 2"]
    rows = play({3: paralysed, 9: heavy, 48: heavy, 12: ["weaken actuator/* by 0%"]})
    assert (rows[-1].force[3] == 0).all() and (rows[-1].force[12] != 0).any()
    found, before = states(rows), states(plain)
    others = np.setdiff1d(np.arange(N), (3, 9, 48))
    np.testing.assert_array_equal(found[:, others], before[:, others])
    assert (found[-1, 3] != before[-1, 3]).any()
    np.testing.assert_array_equal(found[:, 9], found[:, 48])
    changed = np.asarray(rows[-1].report.changed)
    assert changed[3, 0] == 38 and changed[9, :2].tolist() == [1, 1] and changed[12].sum() == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "weaken actuator/kne_L by 50%",
            r"unknown actuator 'actuator/kne_L'.*did you mean 'actuator/knee_L'",
        ),
        ("mass body/world by 2", "unknown body 'body/world'"),
    ],
)
def test_parts_that_there_are_not_are_refused(preparation, text, message):
    _, runner, prepared = preparation
    with pytest.raises(InputError, match=message):
        planned([[parsed(text)]] * N, prepared, runner.task)
