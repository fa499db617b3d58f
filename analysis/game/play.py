"""Play the game: classifiers are fitted to some clips or sessions, and decide about the others.

    game = play(model, rat, fps=50.0, settings)
    game.scores["all"].balanced_accuracy, game.scores["logistic"].d_prime
    importance(game, settings)          # by group of features

The headline score `all` is of the mean probability of the classifiers. None of them is picked by its result,
so that chance is 0.5.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from analysis.game.balance import balanced_weights, require_overlap
from analysis.game.classifiers import Fit, fit_boosting, fit_logistic
from analysis.game.scores import Score, score_of
from analysis.game.settings import GameSettings
from analysis.game.windows import Windows
from rodent.errors import InputError

ALL = "all"
"""Name of the mean of the classifiers."""
STATISTICS: Mapping[str, Callable[..., Fit]] = {"logistic": fit_logistic, "boosting": fit_boosting}
"""Classifiers of summary statistics."""
RECURRENT = "recurrent"
"""Name of the recurrent network, which reads the signals."""


@dataclasses.dataclass(frozen=True, eq=False)
class Game:
    """A game that was played; arrays lead with (windows,), the model's first."""

    windows: Windows
    is_model: np.ndarray
    weights: np.ndarray
    """With which behaviors have equal shares on both sides."""
    fold: np.ndarray
    """Fold in which a window is tested."""
    fits: tuple[tuple[Fit, ...], ...]
    """Fitted classifiers of summary statistics, by fold."""
    probability: Mapping[str, np.ndarray]
    """Probability of the model by classifier, out of sample."""
    scores: Mapping[str, Score]
    """By classifier; `all` is the headline."""

    @property
    def counts(self) -> tuple[int, int]:
        """Windows of the model and of the rat that count."""
        used = self.weights > 0
        return int((used & self.is_model).sum()), int((used & ~self.is_model).sum())

    @property
    def headline(self) -> Score:
        """The score of all classifiers together."""
        return self.scores[ALL]


def play(
    model: Windows,
    rat: Windows,
    fps: float,
    settings: GameSettings,
    sides: tuple[str, str] = ("the model", "the rat"),
) -> Game:
    """Play one game.

    Args:
        model, rat: windows of the two sides.
        fps: frames per second of their signals.
        settings: of the game.
        sides: what they are called in errors.

    Raises:
        InputError: a side has too few windows or groups, or no behavior is shared.
    """
    for one, name in zip((model, rat), sides, strict=True):
        _require_enough(len(one), name, "", settings)
    require_overlap(model.behavior, rat.behavior)
    windows, is_model = _joined(model, rat)
    weights = balanced_weights(is_model, windows.behavior)
    used = weights > 0
    for side, name in zip((True, False), sides, strict=True):
        count = int((used & (is_model == side)).sum())
        _require_enough(count, name, " of behaviors that both sides show", settings)
    windows, is_model, weights = windows.subset(used), is_model[used], weights[used]
    fold = _folds(windows.group, is_model, settings, sides)
    probability = {name: np.full(len(windows), np.nan) for name in STATISTICS}
    if windows.sequence is not None:
        probability[RECURRENT] = np.full(len(windows), np.nan)
    fits = []
    for one in range(fold.max() + 1):
        train, test = fold != one, fold == one
        # shares of behaviors in the training data alone
        own = np.zeros(len(windows))
        own[train] = balanced_weights(is_model[train], windows.behavior[train])
        if not own.any():
            raise InputError(
                "without one fold of the cross-validation, no behavior is shared by both sides; give more "
                "clips of the same behaviors, or more --folds"
            )
        fitted = tuple(
            fit(windows.features[train], is_model[train], own[train], settings.seed)
            for fit in STATISTICS.values()
        )
        for name, fit in zip(STATISTICS, fitted, strict=True):
            probability[name][test] = fit(windows.features[test])
        if windows.sequence is not None:
            from analysis.game.recurrent import recurrent_probability

            found = recurrent_probability(windows.sequence, is_model, own, fps, settings.seed)
            probability[RECURRENT][test] = found[test]
        fits.append(fitted)
    probability[ALL] = np.mean(list(probability.values()), axis=0)
    scores = {
        name: score_of(found, is_model, weights, windows.group, settings)
        for name, found in probability.items()
    }
    return Game(windows, is_model, weights, fold, tuple(fits), probability, scores)


def importance(game: Game, settings: GameSettings) -> dict[str, float]:
    """How much each group of features gives the model away: permutation importance.

    It is how much the probability of the right answer falls, on test windows and with both sides counted
    alike, if the features of a group are exchanged between windows (Breiman, Machine Learning 45, 5, 2001).
    The probability is the mean of the classifiers of summary statistics. Unlike accuracy it also falls where
    other groups stand in for the one exchanged; see also `alone`.

    Returns:
        mean drop by group of features, largest first.
    """
    random = np.random.default_rng([settings.seed, 2])
    names = np.array(game.windows.groups_of_features)
    base = _probability_right(game, lambda features: features)
    found = {}
    for name in dict.fromkeys(game.windows.groups_of_features):
        columns = names == name
        drops = []
        for _ in range(settings.permutations):

            def exchanged(features: np.ndarray, columns: np.ndarray = columns) -> np.ndarray:
                mixed = features.copy()
                mixed[:, columns] = features[random.permutation(len(features))][:, columns]
                return mixed

            drops.append(base - _probability_right(game, exchanged))
        found[name] = float(np.mean(drops))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def alone(game: Game, settings: GameSettings) -> dict[str, Score]:
    """Score of logistic regression on each group of features alone, best first."""
    names = np.array(game.windows.groups_of_features)
    found = {}
    for name in dict.fromkeys(game.windows.groups_of_features):
        features = game.windows.features[:, names == name]
        probability = np.empty(len(features))
        for one in range(game.fold.max() + 1):
            train, test = game.fold != one, game.fold == one
            weights = balanced_weights(game.is_model[train], game.windows.behavior[train])
            fit = fit_logistic(features[train], game.is_model[train], weights, settings.seed)
            probability[test] = fit(features[test])
        found[name] = score_of(probability, game.is_model, game.weights, game.windows.group, settings)
    return dict(sorted(found.items(), key=lambda item: -item[1].balanced_accuracy))


def _probability_right(game: Game, change: Callable[[np.ndarray], np.ndarray]) -> float:
    """Mean probability of the right side, both counted alike, of changed features."""
    probability = np.empty(len(game.windows))
    for one, fits in enumerate(game.fits):
        test = game.fold == one
        features = change(game.windows.features[test])
        probability[test] = np.mean([fit(features) for fit in fits], axis=0)
    right = np.where(game.is_model, probability, 1 - probability)
    return float(0.5 * (game.weights * right).sum())


def _require_enough(count: int, name: str, what: str, settings: GameSettings) -> None:
    if count < settings.least_windows:
        raise InputError(
            f"{name} has {count} windows{what}; expected at least {settings.least_windows}: give more "
            "motion, or shorter windows"
        )


def _joined(model: Windows, rat: Windows) -> tuple[Windows, np.ndarray]:
    def both(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.concatenate([first, second])

    sequences = None
    if model.sequence is not None and rat.sequence is not None:
        sequences = both(model.sequence, rat.sequence)
    windows = Windows(
        features=both(model.features, rat.features),
        groups_of_features=model.groups_of_features,
        sequence=sequences,
        group=both(model.group, rat.group),
        behavior=both(model.behavior, rat.behavior),
        source=both(model.source, rat.source),
    )
    return windows, np.arange(len(windows)) < len(model)


def _folds(
    group: np.ndarray, is_model: np.ndarray, settings: GameSettings, sides: Sequence[str]
) -> np.ndarray:
    """Fold of each window; no group is in two folds, and each has windows of both sides where it can."""
    from sklearn.model_selection import StratifiedGroupKFold

    each = [len(np.unique(group[is_model == side])) for side in (True, False)]
    for name, count in zip(sides, each, strict=True):
        if count < 2:
            raise InputError(
                f"{name} has {count} clip or session for the cross-validation; expected at least 2, as what "
                "is tested must not be in the training data"
            )
    splits = min(settings.folds, *each, *np.bincount(is_model))
    fold = np.empty(len(group), int)
    # it shuffles by a legacy generator, which takes no numpy Generator
    split = StratifiedGroupKFold(splits, shuffle=True, random_state=settings.seed)
    for i, (_, test) in enumerate(split.split(np.zeros(len(group)), is_model, group)):
        fold[test] = i
    return fold
