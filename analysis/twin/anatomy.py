"""Readouts of several animals, and what they tell of the neurons' anatomy.

    samples = samples_of(twin, sessions, AdaptSettings(), minutes=10.0)
    maps = map_anatomy(samples, ("type", "region"), permutations=199, seed=0)
    maps[0].decodings["readouts"].accuracy

Labels are columns of the sessions' tables. Readouts, and the weights of a lagged GLM beside them, are fitted
to the first minutes of each session.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from analysis.twin.adaptation import adapt, rows_of
from analysis.twin.descriptors import describe
from analysis.twin.glm import glm_weights
from analysis.twin.mapping import GLM_WEIGHTS, NO_LABEL, READOUTS, LabelMap, Sample, map_labels, thirds
from analysis.twin.session import TwinSession
from analysis.twin.settings import AdaptSettings
from analysis.twin.twin import Twin
from rodent.errors import InputError


def samples_of(
    twin: Twin,
    sessions: Sequence[TwinSession],
    settings: AdaptSettings,
    minutes: float | None = None,
    advance: Callable[[float], None] = lambda sessions: None,
) -> list[Sample]:
    """The neurons of each session, as classifiers see them.

    Args:
        twin: fitted to other animals.
        sessions: of labelled animals.
        settings: of the readouts.
        minutes: at the beginning of each session to fit to; None for all of it.
        advance: called with the number of sessions done.

    Raises:
        InputError: as of `adapt`, a session is one that the core was fitted to, or the twin is of calcium.
    """
    twin.require_spikes("the comparison of readouts with rates")
    for session in sessions:
        if session.name in twin.sessions_:
            raise InputError(
                f"the core was fitted to session {session.name}, whose neurons would be predicted from what "
                "shaped the core; give sessions of other animals"
            )
    fitted = []
    for session in sessions:
        rows = twin.windows(session).rows
        fitted.append(rows[: rows_of(rows, session, minutes)])
    weights = glm_weights(sessions, fitted, int(twin.plan.lags[-1]), settings)
    found = []
    for session, rows, of_glm in zip(sessions, fitted, weights, strict=True):
        readouts = adapt(twin, session, settings, minutes).tensor(twin)
        blocks = {READOUTS: describe(readouts).blocks, GLM_WEIGHTS: describe(of_glm[:, :, None]).blocks}
        rate = np.log(session.counts[rows].mean(0))
        found.append(Sample(session.animal, blocks, rate, session.table))
        advance(1)
    return found


def map_anatomy(
    samples: Sequence[Sample], labels: Sequence[str], permutations: int, seed: int
) -> list[LabelMap]:
    """Tell every label, see `map_labels`.

    Raises:
        InputError: as of `map_labels`.
    """
    return [map_labels(samples, label, permutations, seed) for label in labels]


def in_thirds(sessions: Sequence[TwinSession], columns: Sequence[str]) -> list[TwinSession]:
    """The sessions with columns of numbers cut into thirds over all of them.

    Raises:
        InputError: an entry is no number.
    """
    found = list(sessions)
    for column in columns:
        numbers = [_numbers(session, column) for session in found]
        cut = np.split(thirds(np.concatenate(numbers)), np.cumsum([len(one) for one in numbers])[:-1])
        found = [
            dataclasses.replace(session, table={**session.table, column: labels})
            for session, labels in zip(found, cut, strict=True)
        ]
    return found


def _numbers(session: TwinSession, column: str) -> np.ndarray:
    """A column of texts as numbers, NaN where there is none, shape (neurons,)."""
    texts = session.table[column]
    try:
        return np.array([np.nan if text == NO_LABEL else float(text) for text in texts])
    except ValueError as error:
        raise InputError(
            f"session {session.name}: column {column!r} is to be cut into thirds and is not of numbers "
            f"({error}); give it as --label"
        ) from error
