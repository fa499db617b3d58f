"""Interventions in the closed loop: bits, neighbours, places, counts, and what is recorded."""

import numpy as np
import pytest

from rodent.errors import InputError
from rodent.intervention import parsed, planned
from rodent.intervention.sites import ACTION
from tests.intervention.preparations import FRAMES, N, states, units


def test_what_changes_nothing_leaves_every_bit(preparation, play, plain):
    sites = preparation[2].sites.sizes
    nothing = ("gain {} by 1", "stimulate {} by 0", "noise {} by 0", "delay {} by 0 s", "leak {} time 0 s")
    texts = [text.format(site) for site in sites for text in nothing[:2]]
    texts += [text.format(site) for site in ("latent/sample", "decoder/lstm", ACTION) for text in nothing[2:]]
    texts += [f"degrade {layer} by 0 of weights" for layer in preparation[2].sites.sources]
    rows = play(dict.fromkeys(range(N), texts))
    np.testing.assert_array_equal(states(rows), states(plain))
    for layer in plain[-1].units:
        np.testing.assert_array_equal(units(rows, layer), units(plain, layer))
    assert rows[-1].report.changed.sum() == 0
    np.testing.assert_array_equal(states(play({})), states(plain))


EVERYTHING = (
    "silence encoder/layer_0[0:4] to zero",
    "silence encoder/layer_0[4:8] to mean",
    "silence latent/mean[3] to resampled",
    "stimulate latent/sample[50%] by 2 sd",
    "clamp decoder/layer_0[top 2 variance] to 1 sd",
    "gain decoder/lstm.forget_gate by 0.5",
    "noise decoder/lstm.cell by 0.3 time 60 ms",
    "threshold decoder/layer_0 by 0.2",
    "leak decoder/lstm[bottom 3 weight] time 50 ms",
    "delay observation/joint_angles by 2 frames",
    "degrade decoder/action_mean by 30%",
    "drug decoder/layer_0 dose 2 ed50 1 effect -0.5 receptors A=0.5,B=0.5 receptor B seed 2",
    "delay action by 1 frame",
    "cut latent/sample[0:4] -> decoder/layer_0",
    "cut observation/* -> decoder/layer_0 by 20% seed 3",
    "cut decoder/lstm -> decoder/lstm[50%] by 30%",
    "degrade latent/mean by 10% of weights how noise",
)


def test_interventions_of_one_leave_the_others_bits_alone(play, plain):
    rows = play({5: EVERYTHING, 50: EVERYTHING})
    others = np.setdiff1d(np.arange(N), (5, 50))
    np.testing.assert_array_equal(states(rows)[:, others], states(plain)[:, others])
    assert (states(rows)[:, 5] != states(plain)[:, 5]).any()
    changed = np.asarray(rows[-1].report.changed)
    assert changed[others].sum() == 0 and (changed[[5, 50]] > 0).all()


def test_the_place_in_the_batch_does_not_matter(play):
    # other environments are changed, too, and share acts
    rows = play({4: EVERYTHING, 40: EVERYTHING, 7: EVERYTHING[:6], 8: ["noise latent/sample by 1"]})
    found = states(rows)
    np.testing.assert_array_equal(found[:, 4], found[:, 40])
    np.testing.assert_array_equal(rows[-1].report.changed[4], rows[-1].report.changed[40])
    assert (found[:, 4] != found[:, 7]).any()


def test_every_changed_value_is_counted(play):
    rows = play({3: ["stimulate latent/sample[0:4] by 1 from frame 2 until frame 5", "gain action[7] by 3"]})
    np.testing.assert_array_equal(rows[-1].report.changed[3], [4 * 3, FRAMES])
    np.testing.assert_array_equal(rows[-1].report.active[3], [3, FRAMES])
    np.testing.assert_array_equal([row.report.changed[3, 0] for row in rows], [0, 0, 4, 8, 12, 12, 12, 12])


def test_recorded_units_are_those_after_the_intervention(play, plain):
    rows = play(
        {
            0: ["silence decoder/lstm.cell[1] to zero from frame 3"],
            1: ["clamp decoder/lstm.output_gate to 0", "clamp decoder/layer_0.pre[2] to 0"],
            2: ["gain latent/mean by 2"],
        }
    )
    cell, hidden = units(rows, "decoder/lstm.cell"), units(rows, "decoder/lstm")
    assert (cell[3:, 0, 1] == 0).all() and (hidden[3:, 0, 1] == 0).all() and (cell[:3, 0, 1] != 0).all()
    assert (hidden[:, 1] == 0).all() and (units(rows, "decoder/lstm.output_gate")[:, 1] == 0).all()
    assert (units(rows, "decoder/layer_0")[:, 1, 2] == 0).all()
    # the latent follows from its mean, in the same step
    latent = units(rows, "latent/sample")
    np.testing.assert_allclose(latent[0, 2], 2 * units(plain, "latent/sample")[0, 2], rtol=1e-6)


def test_order_is_kept(play):
    rows = play(
        {
            0: ["gain latent/sample by 2", "clamp latent/sample to 1"],
            1: ["clamp latent/sample to 1", "gain latent/sample by 2"],
        }
    )
    latent = units(rows, "latent/sample")
    assert (latent[:, 0] == 1).all() and (latent[:, 1] == 2).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("silence decoder/layr_0 to zero", "unknown site 'decoder/layr_0'.*did you mean 'decoder/layer_0'"),
        ("silence value/layer_0 to zero", "unknown site 'value/layer_0'.*There are: .*latent/sample"),
        ("silence latent/mean[8] to zero", "latent/mean has no unit 8; it has units 0 to 7"),
        (
            "threshold latent/sample by 1",
            "latent/sample has no threshold; expected a layer with a nonlinearity",
        ),
        ("gain action[top 1 weight] by 2", "action has no incoming weights"),
        ("gain action by 2 while sped > 1", "unknown signal 'sped'.*did you mean 'speed'"),
    ],
)
def test_interventions_that_make_no_sense_here_are_refused(preparation, text, message):
    _, runner, prepared = preparation
    with pytest.raises(InputError, match=message):
        planned([[parsed(text)]], prepared, runner.task)
