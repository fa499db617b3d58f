"""Results of `rodent game`: as JSON, and on the terminal."""

import dataclasses
from typing import Any

from analysis.game.config import GameConfig
from analysis.game.match import Match
from analysis.game.scores import Score
from rodent.pages.output import print_table
from rodent.versions import versions

SCHEMA, VERSION = "virtual-rodent/game", 1
_SHOWN = 8  # groups of features on the terminal


def to_json(match: Match, config: GameConfig) -> dict[str, Any]:
    """All results."""
    score = match.headline
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "model": str(config.model),
        "rat": str(config.rat),
        "kind": match.kind,
        "balanced_accuracy": score.balanced_accuracy,
        "interval": score.interval,
        "d_prime": score.d_prime,
        "d_prime_interval": (score.d_low, score.d_high),
        "intervals_over": match.group,
        "features": dict(match.importance),
        "features_alone": {name: of_score(one) for name, one in match.alone.items()},
        "lengths": [
            {"seconds": seconds, "windows_model": game.counts[0], "windows_rat": game.counts[1]}
            | {"classifiers": {name: of_score(one) for name, one in game.scores.items()}}
            for seconds, game in match.games.items()
        ],
        "controls": {name: of_score(one) for name, one in match.controls.items()},
        "bandwidth_hz": {name: one.bandwidth for name, one in match.spectra.items()},
        "notes": match.notes,
        "settings": dataclasses.asdict(config.settings)
        | ({"activity": dataclasses.asdict(config.activity)} if config.layer else {}),
        "versions": versions("scikit-learn", "scipy"),
    }


def of_score(score: Score) -> dict[str, Any]:
    """A score as JSON."""
    return {
        "balanced_accuracy": score.balanced_accuracy,
        "interval": score.interval,
        "d_prime": score.d_prime,
        "d_prime_interval": (score.d_low, score.d_high),
    }


def row_of(name: str, score: Score) -> list[str]:
    """A score as a row of a table: name, balanced accuracy, its interval, d′ and its interval."""
    return [
        name,
        f"{score.balanced_accuracy:.2f}",
        f"{score.low:.2f} to {score.high:.2f}",
        f"{score.d_prime:.1f}",
        f"{score.d_low:.1f} to {score.d_high:.1f}",
    ]


COLUMNS = ["balanced accuracy", "95 %", "d′", "95 %"]
"""Of `row_of`, without the name."""


def print_match(match: Match) -> None:
    """Scores by length, controls, and what gives the model away."""
    rows = [row_of(f"{seconds:g} s", game.headline) for seconds, game in match.games.items()]
    rows += [row_of(name, one) for name, one in match.controls.items()]
    print_table(["model against rat", *COLUMNS], rows)
    print()
    shown = list(match.importance)[:_SHOWN]
    lines = [
        [name, f"{match.importance[name]:.3f}", f"{match.alone[name].balanced_accuracy:.2f}"]
        for name in shown
    ]
    print_table(["features that give it away", "importance", "accuracy of these alone"], lines)
