"""Answers of people, scored with the key of their films.

scores = score_people([Path("anna.json")], Path("films/key.json"))
scores[0].correct, scores[0].n, scores[0].low, scores[0].high
"""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.game.blind import ANSWERS_SCHEMA, KEY_SCHEMA, SIDES, VERSION
from rodent.errors import InputError
from rodent.files import read_json
from rodent.pages.output import print_table

EVERYONE = "everyone"


@dataclasses.dataclass(frozen=True)
class PersonScore:
    """How often a person found the model among two films.

    Attributes:
        name: of the person, or `everyone`.
        n: pairs answered.
        correct: of these.
        left: answers `left`.
        by_behavior: correct and all pairs of each behavior.
    """

    name: str
    n: int
    correct: int
    left: int
    by_behavior: dict[str, tuple[int, int]]

    @property
    def fraction(self) -> float:
        """Fraction of pairs in which the model was found; 0.5 by chance."""
        return self.correct / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the fraction (Clopper and Pearson, Biometrika 26, 404, 1934)."""
        from scipy.stats import binomtest

        found = binomtest(self.correct, self.n).proportion_ci(0.95, "exact")
        return float(found.low), float(found.high)

    @property
    def p(self) -> float:
        """Two-sided p of guessing."""
        from scipy.stats import binomtest

        return float(binomtest(self.correct, self.n).pvalue)

    @property
    def d_prime(self) -> float:
        """d′ of a choice between two, √2 times the normal quantile of the fraction, made finite as in
        `analysis.game.scores.d_prime`.
        """
        from scipy.stats import norm

        return math.sqrt(2) * float(norm.ppf((self.correct + 0.5) / (self.n + 1)))


def score_people(answers: Sequence[Path], key: Path) -> list[PersonScore]:
    """Score the answers of each person, and of everyone if there are several.

    Raises:
        InputError: a file is not of its kind, is of other films, or has no answers.
    """
    known = _checked(read_json(key), key, KEY_SCHEMA)
    trials = known.get("trials")
    if not isinstance(trials, list) or not all(
        isinstance(one, dict) and one.get("model") in SIDES for one in trials
    ):
        raise InputError(f"{key} has no list of trials, each with the side of the model; write it again")
    scores = [_score_of(path, known["game"], trials, str(key)) for path in answers]
    return scores if len(scores) == 1 else [*scores, _together(scores)]


def print_people(scores: Sequence[PersonScore]) -> None:
    """A row per person."""
    rows = [
        [
            one.name,
            f"{one.correct} of {one.n}",
            f"{one.fraction:.2f} ({one.interval[0]:.2f} to {one.interval[1]:.2f})",
            f"{one.d_prime:.2f}",
            f"{one.p:.3f}",
            f"{one.left / one.n:.2f}",
        ]
        for one in scores
    ]
    print_table(["person", "correct", "fraction (95 %)", "d′", "p", "answers left"], rows)


def people_to_json(scores: Sequence[PersonScore]) -> dict[str, Any]:
    """The scores as JSON."""
    return {
        "people": [
            dataclasses.asdict(one)
            | {"fraction": one.fraction, "interval": one.interval, "d_prime": one.d_prime, "p": one.p}
            for one in scores
        ]
    }


def _checked(card: Any, path: Path, schema: str) -> dict[str, Any]:
    found = card.get("schema") if isinstance(card, dict) else None
    if found != schema:
        raise InputError(f"{path} has schema {found!r}; expected {schema!r}")
    if card.get("version") != VERSION:
        raise InputError(f"{path} is version {card.get('version')}; this program reads version {VERSION}")
    if not isinstance(card.get("game"), str):
        raise InputError(f"{path} does not name its game; write it again")
    return card


def _score_of(path: Path, game: str, trials: list[dict[str, Any]], key: str) -> PersonScore:
    card = _checked(read_json(path), path, ANSWERS_SCHEMA)
    if card["game"] != game:
        raise InputError(f"{path} has answers to the films {card['game']}, and {key} is of {game}")
    given = card.get("answers")
    if not isinstance(given, list) or len(given) > len(trials):
        raise InputError(f"{path}: answers must be a list of at most {len(trials)}, the number of pairs")
    by_behavior: dict[str, tuple[int, int]] = {}
    correct = left = n = 0
    for answer, trial in zip(given, trials, strict=False):
        if answer is None:
            continue
        if answer not in SIDES:
            raise InputError(f"{path} has the answer {answer!r}; expected left, right or null")
        right = answer == trial["model"]
        behavior = str(trial.get("behavior", ""))
        before = by_behavior.get(behavior, (0, 0))
        by_behavior[behavior] = (before[0] + right, before[1] + 1)
        n, correct, left = n + 1, correct + right, left + (answer == "left")
    if not n:
        raise InputError(f"{path} has no answers")
    return PersonScore(str(card.get("person") or path.stem), n, correct, left, by_behavior)


def _together(scores: Sequence[PersonScore]) -> PersonScore:
    together: dict[str, tuple[int, int]] = {}
    for one in scores:
        for name, (correct, n) in one.by_behavior.items():
            before = together.get(name, (0, 0))
            together[name] = before[0] + correct, before[1] + n
    sums = [sum(getattr(one, name) for one in scores) for name in ("n", "correct", "left")]
    return PersonScore(EVERYONE, *sums, together)
