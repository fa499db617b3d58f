"""Plans of one form share a compiled program, and do what they did."""

import numpy as np
import pytest

from rodent.intervention import form_of, parsed, planned, uniform
from rodent.loop import decided
from tests.intervention.preparations import FRAMES, N, states


@pytest.fixture(scope="module")
def plan(preparation):
    """The plan of texts that all environments have, and of its uniform one."""
    _, runner, prepared = preparation

    def of(*texts):
        found = planned([[parsed(text) for text in texts]] * N, prepared, runner.task)
        return found, uniform(found, prepared.sites)

    return of


@pytest.fixture(scope="module")
def played(preparation):
    policy, runner, _ = preparation

    def of(plan):
        groups = np.zeros(N, int)
        return list(runner.play(policy.params, policy.normalizer, groups, frames=FRAMES, plan=plan))

    return of


def test_other_numbers_and_places_need_no_other_program(plan, played):
    given = "gain latent/sample by 0.5 from 40 ms"
    rows = played(plan(given)[1])
    np.testing.assert_array_equal(states(rows), states(played(plan(given)[0])))
    programs = decided._cache_size()
    others = [
        ["silence decoder/layer_0[0:4] to mean", "stimulate decoder/lstm.forget_gate by 1 sd"],
        ["clamp observation/touch to 0", "gain action by 0.9", "threshold decoder/layer_0 by 0.2"],
        ["silence encoder/* to zero"],
    ]
    for texts in others:
        found = plan(*texts)[1]
        assert form_of(found) == form_of(plan(given)[1])
        last = played(found)[-1]
        changed = np.asarray(last.report.changed)
        assert (changed[:, : len(texts)] > 0).all() and not changed[:, len(texts) :].any()
        assert (states([last]) != states(rows[-1:])).any()
    assert decided._cache_size() == programs


@pytest.mark.parametrize(
    "texts",
    [
        ["noise latent/sample by 1"],
        ["gain action by 0.5", "stimulate action by 0.1"],
        ["cut latent/sample -> decoder/layer_0"],
    ],
)
def test_other_acts_keep_their_own_form(plan, texts):
    found, same = plan(*texts)
    assert same is found
    assert form_of(found) != form_of(plan("gain action by 0.5")[1])
