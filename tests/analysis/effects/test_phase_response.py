import numpy as np
import pytest

from analysis.effects.effect import Effects
from analysis.effects.figures import phase_curves
from analysis.effects.outcomes import OutcomeTable
from analysis.effects.phase_response import PhaseResponse, shift_by_cycle
from analysis.effects.settings import EffectSettings
from analysis.effects.simulation import OutcomeModel, simulate_outcomes
from rodent.errors import InputError

ONSET, PERIOD, SERIES = 20, 22, "series:phase/foot_L"
AMPLITUDE, OFFSET = 0.06, 0.02


def planted(phase):
    return OFFSET + AMPLITUDE * np.sin(2 * np.pi * phase)


@pytest.fixture(scope="module")
def effects():
    """Pulses that shift the phase by a sine of the phase at which they come; those of controls do nothing."""
    model = OutcomeModel(policies=1, clips=6, starts=11, seeds=1, control_draws=39)
    plain, random = simulate_outcomes({"pulse": {1.0: 0.0}}, model), np.random.default_rng(0)
    frames, phases = np.arange(80), np.empty(len(plain), object)
    for i in range(len(plain)):
        start = 2 * plain["start"][i] / 10 + 5 * int(plain["clip"][i][-1])
        phase = (frames + start) / PERIOD
        if plain["arm"][i] == "pulse" and not plain["control"][i]:
            phase = phase + planted(phase[ONSET]) * (frames > ONSET)
        phases[i] = np.mod(phase + 0.005 * random.standard_normal(80), 1.0).astype(np.float32)
    onset = np.where(plain["arm"] == "intact", -1, ONSET)
    table = OutcomeTable(dict(plain.columns) | {"onset": onset, SERIES: phases})
    return Effects(EffectSettings(bootstraps=100)).fit(table, ["speed"])


def test_the_planted_curve_is_found(effects):
    found = PhaseResponse().fit(effects, SERIES, "pulse", 1.0)
    assert found.shift_ == pytest.approx(np.tile(planted(found.phases_), (2, 1)), abs=0.012)
    assert (found.low_ <= found.shift_).all() and (found.shift_ <= found.high_).all()
    assert found.modulation_ == pytest.approx(AMPLITUDE, rel=0.1)
    assert found.mean_ == pytest.approx(OFFSET, abs=0.005) and found.rollouts_ == 66
    assert found.control_ == pytest.approx(np.zeros((2, 8)), abs=0.003)
    assert (found.p_mean_, found.p_modulation_, found.control_draws_) == (2 / 40, 1 / 40, 39)


def test_the_figure_has_both_cycles_and_the_control(effects):
    figure = phase_curves({"pulse": PhaseResponse().fit(effects, SERIES, "pulse", 1.0)})
    assert len(figure.axes[0].lines) == 1 + 3


def test_a_cycle_that_is_not_whole_has_no_shift():
    t = np.arange(0, 1.5, 0.05)
    found = shift_by_cycle(t % 1, (t - 0.2) % 1)
    assert found[0] == pytest.approx(-0.2) and np.isnan(found[1])


def test_pulses_in_one_clip_have_no_interval(effects):
    table = effects.pairs_.table
    first = table["clip"] == "clip_0"
    phases = table[SERIES].copy()
    for i in np.flatnonzero(~first):
        phases[i] = np.full(80, np.nan, np.float32)
    one = Effects(EffectSettings(bootstraps=20)).fit(
        OutcomeTable(dict(table.columns) | {SERIES: phases}), ["speed"]
    )
    found = PhaseResponse().fit(one, SERIES, "pulse", 1.0)
    assert np.isfinite(found.shift_).any() and np.isnan(found.low_).all()


def test_pulses_at_no_known_phase_are_refused(effects):
    table = effects.pairs_.table
    unknown = np.empty(len(table), object)
    unknown[:] = [np.full(80, np.nan, np.float32)] * len(table)
    stands = Effects(EffectSettings(bootstraps=20)).fit(
        OutcomeTable(dict(table.columns) | {SERIES: unknown}), ["speed"]
    )
    with pytest.raises(InputError, match="no pulse at a known phase/foot_L"):
        PhaseResponse().fit(stands, SERIES, "pulse", 1.0)
