"""The page of a game: scores by length, controls, features, and what was made equal.

write_page(out, title, game_sections(match, config))
"""

import numpy as np

from analysis.game.config import GameConfig
from analysis.game.figures import importance_figure, lengths_figure, scores_figure, spectra_figure
from analysis.game.match import Match
from analysis.game.results import COLUMNS, row_of
from rodent.pages.page import Drawing, Section, Table
from rodent.pages.provenance import Provenance, provenance_section
from rodent.versions import versions

_MOST_GROUPS = 20


def game_sections(match: Match, config: GameConfig) -> list[Section]:
    """The sections of the page."""
    sections = [_result(match, config), _lengths(match), _features(match), _controls(match)]
    sections.append(_equalised(match, config))
    sections.append(provenance_section([Provenance("game", versions("scikit-learn"), config.settings.seed)]))
    return sections


def _result(match: Match, config: GameConfig) -> Section:
    score, seconds = match.headline, next(iter(match.games))
    chance = score.low <= 0.5 <= score.high
    verdict = (
        "The model is not distinguished from the rat: the interval has 0.5 in it."
        if chance
        else f"The model is distinguished from the rat in {score.balanced_accuracy:.0%} of windows, both "
        f"sides counted alike (95 %: {score.low:.0%} to {score.high:.0%})."
    )
    text = (
        f"Can a classifier tell the model from the rat by {seconds:g} s of {match.kind}? {verdict} "
        f"Chance is 50 %.\n\nClassifiers are fitted to some {match.group} and tested on others. Both sides "
        f"have the same behaviors in the same shares. Intervals are by bootstrap over {match.group}."
    )
    rows = [["model", str(config.model)], ["rat", str(config.rat)]]
    if config.layer:
        rows.append(["layer", config.layer])
    rows.append(["windows of model and rat", " and ".join(map(str, match.first.counts))])
    rows.append([match.group, str(len(np.unique(match.first.windows.group)))])
    return Section("The imitation game", text, (Table(["", ""], rows),))


def _lengths(match: Match) -> Section:
    text = (
        "Longer windows hold more evidence. “All” is the mean probability of the classifiers; none is picked "
        "by its result."
    )
    rows = [
        [f"{seconds:g} s", *row_of(name, one)]
        for seconds, game in match.games.items()
        for name, one in game.scores.items()
    ]
    drawing = Drawing(lengths_figure(match.games), "Bars: 95 % intervals. Dashed: chance.")
    return Section(
        "By length of the window", text, (drawing, Table(["window", "classifier", *COLUMNS], rows))
    )


def _features(match: Match) -> Section:
    text = (
        "Importance: how much the probability of the right answer falls if the features of a group are "
        "exchanged between windows. It is small where other groups say the same; the accuracy of each group "
        "alone shows those, too."
    )
    chosen = dict(list(match.importance.items())[:_MOST_GROUPS])
    for name in list(match.alone)[: _MOST_GROUPS // 2]:
        chosen.setdefault(name, match.importance[name])
    caption = f"The {len(chosen)} groups with the largest values of {len(match.importance)}."
    return Section("What gives it away", text, (Drawing(importance_figure(chosen, match.alone), caption),))


def _controls(match: Match) -> Section:
    text = (
        "The model against itself must be at chance. The rat against itself in another session is the "
        "ceiling: a model that is distinguished from the rat no better than that has passed."
    )
    scores = {"model against rat": match.headline} | dict(match.controls)
    rows = [row_of(name, one) for name, one in scores.items()]
    return Section("Controls", text, (Drawing(scores_figure(scores)), Table(["", *COLUMNS], rows)))


def _equalised(match: Match, config: GameConfig) -> Section:
    parts: list[Table | Drawing] = []
    text = "What a reader of the results should know."
    if match.spectra:
        widths = " and ".join(f"{one.bandwidth:.1f} Hz ({name})" for name, one in match.spectra.items())
        text = (
            "Before the game, both sides are brought to one frame rate, smoothed by the same filter "
            f"({config.settings.lowpass:g} Hz, no delay), and put on the floor. Files with interpolated "
            f"frames are refused. The spectra are those before. 95 % of the power is below {widths}. Where "
            "they differ because the tracking is smoothed, repeat the game with a lower --lowpass."
        )
        caption = "Dashed: cutoff of the filter. What is faster is not compared."
        parts.append(Drawing(spectra_figure(match.spectra, config.settings.lowpass), caption))
    parts.append(Table(["", "note"], [[i + 1, note] for i, note in enumerate(match.notes)]))
    names, index = np.unique(match.first.windows.behavior, return_inverse=True)
    counts = [
        np.bincount(index[match.first.is_model == side], minlength=len(names)) for side in (True, False)
    ]
    rows = [[str(name), int(a), int(b)] for name, a, b in zip(names, *counts, strict=True)]
    parts.append(Table(["behavior", "windows of the model", "of the rat"], rows))
    return Section("What was made equal", text, tuple(parts))
