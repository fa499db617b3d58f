"""Twin and controls side by side: scores against the minutes that readouts were fitted to.

    twins = fit_with_controls(sessions, TwinSettings())     # the core, and control cores
    curves = compare(twins, new_sessions, minutes=(1.0, 4.0), settings=AdaptSettings(), test_minutes=6.0)
    curves[0].model, curves[0].minutes, curves[0].score     # bits per spike; R² of calcium

Every model is fitted to the same minutes and scored on the same bins, the last ones of each session.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from analysis.twin.adaptation import AdaptedReadouts, adapt, adapt_features, in_first, rows_of
from analysis.twin.glm import glm_rates
from analysis.twin.likelihood import require_signals
from analysis.twin.scores import Scores, Summary, over_animals, score_rates
from analysis.twin.session import TwinSession
from analysis.twin.settings import AdaptSettings, LikelihoodName, Training, TwinSettings
from analysis.twin.twin import Twin
from rodent.errors import InputError

GLM = "GLM"
CONTROLS: dict[str, Training] = {"random core": "readouts", "shuffled core": "shuffled"}


@dataclasses.dataclass(frozen=True)
class CurvePoint:
    """One model, fitted to some minutes.

    Attributes:
        model: its name.
        minutes: that it was fitted to.
        scores: by session.
        animals: whose session each is.
        bits: bits per spike over animals; NaN for calcium.
        r2: of single trials, over animals.
        correlations: by window in seconds, over animals.
        predicted: fraction of neurons with p of 0.05 or less.
        likelihood: of the signals.
    """

    model: str
    minutes: float
    scores: dict[str, Scores]
    animals: dict[str, str]
    bits: Summary
    r2: Summary
    correlations: dict[float, Summary]
    predicted: float
    likelihood: LikelihoodName

    @property
    def score(self) -> Summary:
        """Bits per spike of spikes, R² of calcium."""
        return self.bits if self.likelihood == "poisson" else self.r2


def fit_with_controls(
    sessions: Sequence[TwinSession],
    settings: TwinSettings,
    advance: Callable[[float], None] = lambda steps: None,
) -> dict[str, Twin]:
    """The twin and its controls by name; `advance` counts steps, of `steps_of(settings)`.

    Raises:
        InputError: as of `Twin.fit`.
    """
    found = {twin_name(settings): Twin(settings).fit(sessions, advance)}
    for name, training in CONTROLS.items() if settings.core != "streams" else ():
        found[name] = Twin(dataclasses.replace(settings, training=training)).fit(sessions, advance)
    return found


def twin_name(settings: TwinSettings) -> str:
    """What a twin is called in tables."""
    return f"{settings.core} core"


def steps_of(settings: TwinSettings) -> int:
    """Steps of a twin and its controls."""
    return settings.steps * (1 if settings.core == "streams" else 1 + len(CONTROLS))


def compare(
    twins: Mapping[str, Twin],
    sessions: Sequence[TwinSession],
    minutes: Sequence[float],
    settings: AdaptSettings,
    test_minutes: float,
    seed: int = 0,
    advance: Callable[[float], None] = lambda fits: None,
) -> list[CurvePoint]:
    """Adapt and score every model.

    Args:
        twins: by name.
        sessions: of new animals.
        minutes: to fit to, from the beginning of each session.
        settings: of the fits.
        test_minutes: at the end of each session, which are scored.
        seed: of nulls and intervals.
        advance: called with the number of fits done, of models × minutes × sessions.

    Raises:
        InputError: a session is too short or has other streams, twins have several likelihoods, or as of
            `require_signals`.
    """
    first = next(iter(twins.values()))
    likelihood = likelihood_of(twins)
    places = {session.name: _Split.of(first, session, max(minutes), test_minutes) for session in sessions}
    points = []
    for model in (GLM, *twins):
        scores: dict[float, dict[str, Scores]] = {given: {} for given in minutes}
        for session in sessions:
            split, fitted = places[session.name], _fit_of(twins.get(model), first, session, settings)
            test = session.counts[split.rows[split.test]]
            for given in minutes:
                predicted, mean = fitted(given)
                scores[given][session.name] = score_rates(
                    test, predicted[split.test], mean, session.bin_seconds, seed, likelihood
                )
                advance(1)
        points += [_point(model, given, scores[given], sessions, seed, likelihood) for given in minutes]
    return points


def likelihood_of(twins: Mapping[str, Twin]) -> LikelihoodName:
    """The likelihood of twins that are compared.

    Raises:
        InputError: they have several.
    """
    found = {name: twin.settings.likelihood for name, twin in twins.items()}
    if len(set(found.values())) > 1:
        each = ", ".join(f"{name} {likelihood}" for name, likelihood in found.items())
        raise InputError(f"twins have several likelihoods ({each}); compare twins of one")
    return next(iter(found.values()))


def score_readouts(
    twin: Twin, readouts: AdaptedReadouts, sessions: Sequence[TwinSession], seed: int = 0
) -> list[CurvePoint]:
    """Score readouts that are fitted already, on the rows after those that they were fitted to.

    Args:
        twin: whose core they read.
        readouts: of the animal of the session.
        sessions: one.
        seed: of null and intervals.

    Raises:
        InputError: the readouts belong to another core or have other neurons, there are several sessions, or
            there is nothing after the minutes that were fitted.
    """
    if len(sessions) > 1:
        raise InputError(f"readouts are of one session, and {len(sessions)} are given; give one")
    (session,) = sessions
    if session.neurons != readouts.neurons:
        raise InputError(
            f"session {session.name} has {len(session.neurons)} neurons, and the readouts are of "
            f"{len(readouts.neurons)}, those of session {readouts.session}; give that session"
        )
    rows, first = twin.windows(session).rows, readouts.fitted_rows
    if first >= len(rows):
        raise InputError(
            f"session {session.name}: the readouts were fitted to all {readouts.minutes:.2f} minutes, and "
            "none are left to score; adapt with fewer --minutes"
        )
    predicted, counts = readouts.predict(twin, session)[first:], session.counts[rows[first:]]
    likelihood = twin.settings.likelihood
    found = score_rates(counts, predicted, readouts.mean, session.bin_seconds, seed, likelihood)
    scores = {session.name: found}
    point = _point(twin_name(twin.settings), readouts.minutes, scores, sessions, seed, likelihood)
    return [point]


@dataclasses.dataclass(frozen=True)
class _Split:
    """Rows of a session that every model has, and those that are scored."""

    rows: np.ndarray
    test: slice

    @classmethod
    def of(cls, twin: Twin, session: TwinSession, minutes: float, test_minutes: float) -> "_Split":
        rows = twin.windows(session).rows
        given = rows_of(rows, session, minutes)
        scored = round(test_minutes * 60 / session.bin_seconds)
        if given + scored > len(rows):
            usable = len(rows) * session.bin_seconds / 60
            raise InputError(
                f"session {session.name} has {usable:.2f} minutes that can be used; {minutes:g} to fit to "
                f"and {test_minutes:g} to score need more: give fewer --minutes or --test-minutes"
            )
        require_signals(session, rows[-scored:], twin.settings.likelihood, "in the bins that are scored")
        return cls(rows, slice(len(rows) - scored, len(rows)))


def _fit_of(
    twin: Twin | None, first: Twin, session: TwinSession, settings: AdaptSettings
) -> Callable[[float], tuple[np.ndarray, np.ndarray]]:
    """From minutes to the expected counts of all rows, and the mean count of those that were fitted to."""
    if twin is not None and twin.placed:

        def placed(minutes: float) -> tuple[np.ndarray, np.ndarray]:
            readouts = adapt(twin, session, settings, minutes)
            return readouts.predict(twin, session), readouts.mean

        return placed
    if twin is not None:
        features = twin.features(session, settings.components)

        def adapted(minutes: float) -> tuple[np.ndarray, np.ndarray]:
            readouts = adapt_features(twin, session, features, settings, minutes)
            return readouts.rates(features), readouts.mean

        return adapted
    rows, reach = first.windows(session).rows, int(first.plan.lags[-1])
    likelihood = first.settings.likelihood

    def regressed(minutes: float) -> tuple[np.ndarray, np.ndarray]:
        given = rows_of(rows, session, minutes)
        require_signals(session, rows[:given], likelihood, in_first(minutes))
        return glm_rates(session, rows, given, reach, settings, likelihood)

    return regressed


def _point(
    model: str,
    minutes: float,
    scores: dict[str, Scores],
    sessions: Sequence[TwinSession],
    seed: int,
    likelihood: LikelihoodName,
) -> CurvePoint:
    animals = {session.name: session.animal for session in sessions}
    values = list(scores.values())

    def pooled(of_session: Mapping[str, np.ndarray]) -> Summary:
        by_animal: dict[str, list[np.ndarray]] = {}
        for name, animal in animals.items():
            by_animal.setdefault(animal, []).append(of_session[name])
        return over_animals({name: np.concatenate(each) for name, each in by_animal.items()}, seed)

    return CurvePoint(
        model=model,
        minutes=minutes,
        scores=scores,
        animals=animals,
        bits=pooled({name: one.bits_per_spike for name, one in scores.items()}),
        r2=pooled({name: one.r2 for name, one in scores.items()}),
        correlations={
            seconds: pooled({name: one.correlations[seconds] for name, one in scores.items()})
            for seconds in values[0].correlations
        },
        predicted=float(np.mean(np.concatenate([one.p_values for one in values]) <= 0.05)),
        likelihood=likelihood,
    )
