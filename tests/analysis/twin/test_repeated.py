import dataclasses

import numpy as np
import pytest

from analysis.twin.repeated import repeated_trials, score_repeats
from analysis.twin.session import Stream, TwinSession
from rodent.errors import InputError
from tests.analysis.twin.conftest import behavior

TRIALS, BINS, SIGNAL = 24, 200, 0.5
"""Of two stimuli, bins of each; variance of the signal."""
NOISE = np.array([0.5, 2.0, 8.0, 400.0])
"""Variance of the noise of four neurons."""


@pytest.fixture
def seen(rng) -> tuple[TwinSession, np.ndarray]:
    """Calcium of neurons that see two stimuli in turn, and the signal without noise."""
    course = rng.standard_normal((2, BINS, 1)) * np.sqrt(SIGNAL)
    signal = np.tile(course, (TRIALS // 2, 1, 4)).reshape(-1, 4) - 3
    session = TwinSession(
        name="day",
        animal="mouse",
        streams=(Stream.named("screen", signal[:, :1]),),
        counts=signal + rng.standard_normal(signal.shape) * np.sqrt(NOISE),
        neurons=tuple("abcd"),
        bin_seconds=0.05,
        piece=np.repeat(np.arange(TRIALS), BINS),
        behavior=np.repeat(np.arange(TRIALS) % 2, BINS).astype(str),
    )
    return session, signal


def test_the_ceiling_is_that_of_known_signal_and_noise(seen):
    session, signal = seen
    rows = np.arange(session.n_bins)
    trials = repeated_trials(session, rows)
    assert trials.shape == (TRIALS // 2, 2 * BINS) and (trials[1] - trials[0] == 2 * BINS).all()
    found = score_repeats(session.counts, signal, rows, trials)
    n = TRIALS // 2
    np.testing.assert_allclose(found.cc_max[:3], np.sqrt(SIGNAL / (SIGNAL + NOISE[:3] / n)), atol=0.07)
    np.testing.assert_allclose(found.cc_abs[:3], found.cc_max[:3], atol=0.07)
    np.testing.assert_allclose(found.single_trial[:2], np.sqrt(SIGNAL / (SIGNAL + NOISE[:2])), atol=0.03)
    np.testing.assert_allclose(found.cc_norm[:2], 1, atol=0.07)
    np.testing.assert_allclose(found.feve[:2], 1, atol=0.15)


def test_a_part_of_the_signal_is_that_part_of_what_can_be_explained(seen, rng):
    session, signal = seen
    rows = np.arange(session.n_bins)
    away = np.tile(rng.standard_normal((2 * BINS, 1)), (TRIALS // 2, 4))
    found = score_repeats(session.counts, signal + 0.5 * away, rows, repeated_trials(session, rows))
    # squared errors of 0.25 of a variance of 0.5
    np.testing.assert_allclose(found.feve[:2], 1 - 0.25 / SIGNAL, atol=0.1)
    np.testing.assert_allclose(found.cc_norm[:2], np.sqrt(SIGNAL / (SIGNAL + 0.25)), atol=0.05)
    # a mean that is wrong costs variance, and no correlation; nothing is clipped
    shifted = score_repeats(session.counts, signal + 2.0, rows, repeated_trials(session, rows))
    np.testing.assert_allclose(shifted.feve[:2], 1 - 4 / SIGNAL, rtol=0.15)
    np.testing.assert_allclose(shifted.cc_norm[:2], 1, atol=0.07)


def test_cc_norm_of_noise_is_withheld(seen):
    session, signal = seen
    rows = np.arange(session.n_bins)
    found = score_repeats(session.counts, signal, rows, repeated_trials(session, rows))
    assert found.cc_max[3] < 0.3 and np.isnan(found.cc_norm[3])
    assert found.reliable.tolist() == [True, True, True, False] and np.isfinite(found.cc_norm[:3]).all()


def test_repeats_are_taken_of_the_given_rows_alone(seen):
    session, signal = seen
    rows = np.flatnonzero((np.arange(session.n_bins) % BINS >= 5) & (session.piece >= 10))
    trials = repeated_trials(session, rows)
    assert trials.shape == (7, 2 * (BINS - 5)) and np.isin(trials, rows).all()
    assert score_repeats(session.counts, signal[rows], rows, trials).repeats == 7


def test_what_does_not_repeat_is_refused(seen):
    session, _ = seen
    with pytest.raises(InputError, match=r"no names of stimuli"):
        repeated_trials(dataclasses.replace(behavior(0), behavior=None), np.arange(3))
    with pytest.raises(InputError, match=r"no stimulus is repeated in the 400 bins"):
        repeated_trials(session, np.arange(2 * BINS))
