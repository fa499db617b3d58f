import dataclasses

import jax
import numpy as np
import pytest

from analysis.twin.adaptation import adapt
from analysis.twin.rates import RateModel
from analysis.twin.twin import Twin
from rodent.errors import InputError
from tests.analysis.twin.conftest import SMALL
from tests.analysis.twin.test_twin import FEW


@pytest.mark.parametrize("core", ["mlp", "gru"])
def test_rates_are_those_that_readouts_predict(core, twin, sessions):
    if core == "gru":
        twin = Twin(dataclasses.replace(SMALL, core="gru", steps=2)).fit(sessions[:2])
    session = sessions[2]
    readouts = adapt(twin, session, FEW, minutes=0.6)
    slow = len(readouts.coefficients) - 1 - readouts.components
    still = readouts.coefficients.copy()
    still[-1 - slow : -1] = 0.0
    readouts = dataclasses.replace(readouts, coefficients=still)
    rates, windows = RateModel.of(twin, readouts), twin.windows(session)
    log_rates = np.asarray(rates.log_rates(session.columns[windows.bins]))
    at = windows.predicted[:, rates.rows(windows.bins.shape[1])]
    hz = readouts.predict(twin, session) / session.bin_seconds
    if core == "gru":
        # the first chunk of a piece is predicted from its first bin on
        first = np.isin(windows.rows, windows.bins[:, rates.rows(windows.bins.shape[1])][at])
        assert 0.5 < first.mean() < 1
        hz = hz[first]
    assert np.exp(log_rates[at]) == pytest.approx(hz, rel=1e-3)


def test_rates_have_a_derivative(twin, sessions):
    rates = RateModel.of(twin, adapt(twin, sessions[2], FEW, minutes=0.6))
    columns = sessions[2].columns[None, :8]
    neuron = 3
    slope = jax.grad(lambda x: rates.read(rates.features(rates.params, x))[0, 0, neuron])(columns)
    moved = columns + 1e-2 * np.sign(slope)
    change = rates.log_rates(moved)[0, 0, neuron] - rates.log_rates(columns)[0, 0, neuron]
    assert change == pytest.approx(1e-2 * np.abs(slope).sum(), rel=0.05)


def test_sequences_that_are_too_short_and_other_cores_are_refused(twin, sessions):
    readouts = adapt(twin, sessions[2], FEW, minutes=0.6)
    rates = RateModel.of(twin, readouts)
    assert rates.rows(6).tolist() == [2, 3] and rates.shortest == 5
    with pytest.raises(InputError, match="4 bins; the twin needs 5"):
        rates.rows(4)
    with pytest.raises(InputError, match="belong to core other"):
        RateModel.of(twin, dataclasses.replace(readouts, twin="other"))
