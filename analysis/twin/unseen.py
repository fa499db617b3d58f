"""How well twin and GLM predict a behavior that neither core nor readouts were fitted to.

    found = score_unseen(twins, sessions, 4.0, AdaptSettings(), test_minutes=5.0)
    found.models["mlp core"].share      # of the score in behaviors that were fitted
    found.distance                      # from the fitted behaviors; 1 for minutes of these

The core must have been fitted with `TwinSettings.hold_out`. Readouts are fitted to the first minutes of all
other behaviors, and scored twice: on the last minutes of these, and on every bin of the behavior held out.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.encoding.scores import bits_per_spike
from analysis.twin.adaptation import adapt, adapt_features, rows_of
from analysis.twin.comparison import GLM
from analysis.twin.glm import glm_rates
from analysis.twin.likelihood import require_signals
from analysis.twin.scores import Summary, over_animals
from analysis.twin.session import TwinSession
from analysis.twin.settings import AdaptSettings
from analysis.twin.twin import Twin
from rodent.errors import InputError


@dataclasses.dataclass(frozen=True)
class UnseenScore:
    """One model in and out of the behaviors that it was fitted to.

    Attributes:
        known: bits per spike in minutes of behaviors that were fitted.
        unseen: in the behavior that was not.
        share: the second over the first.
        neurons: both for every neuron, by session: shape (2, neurons).
    """

    known: Summary
    unseen: Summary
    share: float
    neurons: dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Unseen:
    """Scores in a behavior that was held out.

    Attributes:
        behavior: its name.
        minutes: that readouts were fitted to.
        seconds: of the behavior that were scored, by session.
        models: scores by model.
        distance: median over sessions of how far the behavior is from the fitted minutes, relative to the
            scored minutes of known behaviors.
    """

    behavior: str
    minutes: float
    seconds: dict[str, float]
    models: dict[str, UnseenScore]
    distance: float


@dataclasses.dataclass(frozen=True)
class UnseenSplit:
    """Bins of a session.

    Attributes:
        session: the whole one.
        known: the one without the behavior.
        rows: bins that can be predicted in the whole session, shape (rows,).
        fitted, scored, unseen: where in `rows` the bins are that are fitted to, and scored, shape (n,) each.
        of_known: where in `rows` those of the known session are, shape (n,).
    """

    session: TwinSession
    known: TwinSession
    rows: np.ndarray
    of_known: np.ndarray
    fitted: np.ndarray
    scored: np.ndarray
    unseen: np.ndarray

    @classmethod
    def of(cls, twin: Twin, session: TwinSession, minutes: float, test_minutes: float) -> "UnseenSplit":
        """Split a session by the behavior that the twin was not fitted to.

        Raises:
            InputError: the twin was fitted to all behaviors, or the session is too short.
        """
        twin.require_spikes("the score of a behavior that was held out")
        held_out = twin.settings.hold_out
        if held_out is None:
            raise InputError("the core was fitted to every behavior; fit one with `--hold-out`")
        known, only = twin.known(session), session.only(held_out)
        rows = twin.windows(session).rows
        of_known = np.searchsorted(rows, twin.windows(known).rows)
        given = rows_of(rows[of_known], known, minutes)
        scored = round(test_minutes * 60 / session.bin_seconds)
        if given + scored > len(of_known):
            raise InputError(
                f"session {session.name} has {len(of_known) * session.bin_seconds / 60:.2f} minutes without "
                f"{held_out}; {minutes:g} to fit to and {test_minutes:g} to score need more"
            )
        unseen = np.searchsorted(rows, twin.windows(only).rows)
        for part in (of_known[-scored:], unseen):
            require_signals(session, rows[part], "poisson", "in bins that are scored")
        return cls(session, known, rows, of_known, of_known[:given], of_known[-scored:], unseen)


def score_unseen(
    twins: Mapping[str, Twin],
    sessions: Sequence[TwinSession],
    minutes: float,
    settings: AdaptSettings,
    test_minutes: float,
    seed: int = 0,
) -> Unseen:
    """Score every model on the behavior that was held out.

    Args:
        twins: by name; all were fitted without the same behavior.
        sessions: of new animals, whose behavior is known.
        minutes: of all other behaviors to fit to, from the beginning of each session.
        settings: of the fits.
        test_minutes: of all other behaviors to score, at the end of each session.
        seed: of intervals.

    Raises:
        InputError: a session does not show the behavior, is too short, or a neuron is silent.
    """
    first = next(iter(twins.values()))
    splits = [UnseenSplit.of(first, session, minutes, test_minutes) for session in sessions]
    models: dict[str, dict[str, np.ndarray]] = {GLM: {}, **{name: {} for name in twins}}
    for split in splits:
        models[GLM][split.session.name] = part_scores(split, *_glm(split, first, settings))
        for name, twin in twins.items():
            models[name][split.session.name] = part_scores(split, *_twin(twin, split, settings, minutes))
    animals = {session.name: session.animal for session in sessions}
    return Unseen(
        behavior=str(first.settings.hold_out),
        minutes=minutes,
        seconds={one.session.name: len(one.unseen) * one.session.bin_seconds for one in splits},
        models={name: summary_of(neurons, animals, seed) for name, neurons in models.items()},
        distance=float(np.median([_distance(first, split) for split in splits])),
    )


def summary_of(neurons: Mapping[str, np.ndarray], animals: Mapping[str, str], seed: int) -> UnseenScore:
    """Scores of all sessions, shape (2, neurons) each, over animals."""
    by_animal: dict[str, list[np.ndarray]] = {}
    for name, found in neurons.items():
        by_animal.setdefault(animals[name], []).append(found)
    known, unseen = (
        over_animals(
            {animal: np.concatenate([one[i] for one in each]) for animal, each in by_animal.items()}, seed
        )
        for i in (0, 1)
    )
    return UnseenScore(known, unseen, unseen.median / known.median, dict(neurons))


def require_held_out(twin: Twin, behavior: str | None) -> None:
    """Refuse a behavior that the core was fitted to; None is none.

    Raises:
        InputError: it is not the one that was held out.
    """
    held_out = twin.settings.hold_out
    if behavior not in (None, held_out):
        without = "fitted to every behavior" if held_out is None else f"fitted without {held_out}"
        raise InputError(
            f"--hold-out is {behavior}, and the core was {without}; fit one with `rodent twin fit --hold-out "
            f"{behavior}`"
        )


def part_scores(split: UnseenSplit, predicted: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Bits per spike in known behaviors and in the one held out, shape (2, neurons).

    Args:
        split: of a session.
        predicted: expected counts of its rows, shape (rows, neurons).
        mean: count that they are compared with, shape (neurons,).
    """
    return np.stack(
        [
            bits_per_spike(split.session.counts[split.rows[part]], predicted[part], mean)
            for part in (split.scored, split.unseen)
        ]
    )


def _twin(
    twin: Twin, split: UnseenSplit, settings: AdaptSettings, minutes: float
) -> tuple[np.ndarray, np.ndarray]:
    """Expected counts of all rows, and the mean count of those that were fitted to."""
    if twin.placed:
        readouts = adapt(twin, split.known, settings, minutes)
        return readouts.predict(twin, split.session), readouts.mean
    features = twin.features(split.session, settings.components)
    readouts = adapt_features(twin, split.known, features[split.of_known], settings, minutes)
    return readouts.rates(features), readouts.mean


def _glm(split: UnseenSplit, twin: Twin, settings: AdaptSettings) -> tuple[np.ndarray, np.ndarray]:
    """Expected counts of all rows by a GLM that is fitted to the fitted ones, and the mean of these."""
    others = np.setdiff1d(np.arange(len(split.rows)), split.fitted)
    order = np.concatenate([split.fitted, others])
    reach, given = int(twin.plan.lags[-1]), len(split.fitted)
    predicted, mean = glm_rates(split.session, split.rows[order], given, reach, settings)
    return predicted[np.argsort(order)], mean


def _distance(twin: Twin, split: UnseenSplit) -> float:
    """Median Mahalanobis distance of unseen bins from the fitted ones, over that of scored bins."""
    from sklearn.covariance import LedoitWolf

    columns = twin.perspective_.columns(split.session)[split.rows]
    fitted = LedoitWolf().fit(columns[split.fitted])
    near, far = (np.sqrt(np.median(fitted.mahalanobis(columns[one]))) for one in (split.scored, split.unseen))
    return float(far / near)
