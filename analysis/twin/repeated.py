"""Scores where a stimulus repeats: how much of what any model could predict is predicted.

    trials = repeated_trials(session, rows)             # (repeats, bins), of the same time of a stimulus
    found = score_repeats(session.counts, predicted, rows, trials)
    found.cc_abs, found.cc_max, found.cc_norm, found.feve       # (neurons,)

The stimulus of a piece of time is its `behavior`. Repeats are pieces with the same one, bin by bin from their
beginning. The ceiling is that of the encoding models (`analysis.encoding.ceiling`); what of a neuron does not
repeat, such as how it follows running, is noise to it.
"""

import dataclasses

import numpy as np

from analysis.encoding.ceiling import noise_ceiling
from analysis.encoding.repeats import Repeats
from analysis.twin.scores import correlation
from analysis.twin.session import TwinSession
from rodent.errors import InputError

LEAST_CC_MAX = 0.3
"""Of the ceiling, below which a correlation over it is withheld: it would be a ratio of noise."""


@dataclasses.dataclass(frozen=True)
class RepeatScores:
    """Scores over repeated trials, shape (neurons,).

    Attributes:
        repeats: of every stimulus.
        single_trial: correlation with single trials.
        cc_abs: correlation of the mean prediction of the repeats with their mean signal.
        cc_max: that of the true mean signal with it; 0 where repeats have no more in common than chance.
        cc_norm: cc_abs / cc_max; NaN, withheld, where cc_max is below `LEAST_CC_MAX`.
        feve: fraction of explainable variance explained by the mean prediction, not clipped; NaN where there
            is no explainable variance.
    """

    repeats: int
    single_trial: np.ndarray
    cc_abs: np.ndarray
    cc_max: np.ndarray
    cc_norm: np.ndarray
    feve: np.ndarray

    @property
    def reliable(self) -> np.ndarray:
        """Neurons whose cc_norm is not withheld, bool, shape (neurons,)."""
        return self.cc_max >= LEAST_CC_MAX


def repeated_trials(session: TwinSession, rows: np.ndarray) -> np.ndarray:
    """Bins in which the same stimulus is at the same time.

    Args:
        session: whose `behavior` names the stimulus.
        rows: bins to take, in order, shape (rows,).

    Returns:
        bins of the session, shape (repeats, bins); as many repeats as the rarest repeated stimulus has.

    Raises:
        InputError: stimuli are not known, or none is repeated.
    """
    if session.behavior is None:
        raise InputError(f"session {session.name} has no names of stimuli; give them as its `behavior`")
    begins = np.flatnonzero(np.diff(session.piece, prepend=session.piece[0] - 1))
    since = np.arange(session.n_bins) - np.repeat(begins, np.diff(begins, append=session.n_bins))
    _, stimulus = np.unique(session.behavior, return_inverse=True)
    trials = Repeats(rows, stimulus[rows], since[rows], 1).trials()
    if trials is None:
        raise InputError(
            f"session {session.name}: no stimulus is repeated in the {len(rows)} bins that are scored; score "
            "more of it, or leave out what needs repeats"
        )
    return trials


def score_repeats(
    signals: np.ndarray, predicted: np.ndarray, rows: np.ndarray, trials: np.ndarray
) -> RepeatScores:
    """Score a prediction against repeated trials.

    Args:
        signals: spikes or calcium of a session, shape (bins, neurons).
        predicted: of its rows, shape (rows, neurons).
        rows: bins of the session that are predicted, in order, shape (rows,).
        trials: bins of the session among these, shape (repeats, bins); see `repeated_trials`.
    """
    mean = predicted[np.searchsorted(rows, trials)].mean(0)
    ceiling = noise_ceiling(signals[trials], mean)
    cc_max = np.nan_to_num(ceiling.cc_max)
    return RepeatScores(
        repeats=len(trials),
        single_trial=correlation(signals[rows], predicted),
        cc_abs=ceiling.cc_abs,
        cc_max=cc_max,
        cc_norm=np.where(cc_max >= LEAST_CC_MAX, ceiling.cc_norm, np.nan),
        feve=ceiling.feve,
    )
