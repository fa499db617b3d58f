"""A whole comparison: the game at every length, its controls, and what gives the model away.

match = motion_match(config, model, rat, None)
match.headline, match.importance, match.controls
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.game.config import GameConfig
from analysis.game.equalise import equalised
from analysis.game.play import Game, alone, importance, play
from analysis.game.scores import Score
from analysis.game.settings import GameSettings
from analysis.game.spectra import Spectrum, spectrum_of
from analysis.game.windows import Described, Windows, are_labelled, describe, group_of_clips
from analysis.motion import MotionSet, read_motions
from rodent.errors import InputError

_MOST_SESSIONS = 3  # of the ceiling, each against the others
Advance = Callable[..., None]


@dataclasses.dataclass(frozen=True, eq=False)
class Match:
    """A comparison of a model with a rat.

    Attributes:
        kind: `motion` or `activity`.
        games: by length of the windows, seconds; the headline first.
        group: what groups are: `clips`, `sessions` or `blocks of time`.
        importance: by group of features, of the headline game, largest first.
        alone: score of each group of features alone, best first.
        controls: scores of comparisons in which nothing, or only the session, differs.
        spectra: of both sides before they were made equal, if the game is of motion.
        notes: for readers of the results.
    """

    kind: str
    games: Mapping[float, Game]
    group: str
    importance: Mapping[str, float]
    alone: Mapping[str, Score]
    controls: Mapping[str, Score]
    spectra: Mapping[str, Spectrum]
    notes: tuple[str, ...]

    @property
    def first(self) -> Game:
        """The game of the headline."""
        return next(iter(self.games.values()))

    @property
    def headline(self) -> Score:
        """The score of the headline."""
        return self.first.headline


@dataclasses.dataclass(frozen=True, eq=False)
class Sides:
    """Motion of the sides of a match: as in the files, and equalised."""

    raw: tuple[MotionSet, MotionSet]
    model: MotionSet
    rat: MotionSet
    other: MotionSet | None

    @classmethod
    def read(cls, model: Path, rat: Path, config: GameConfig) -> "Sides":
        """Read and equalise.

        Raises:
            InputError: a file is invalid, or sides differ in body or frame rate.
        """
        raw = read_motions(model, animal=False), read_motions(rat, animal=True)
        lowpass, fps = config.settings.lowpass, config.fps
        others = [] if config.other is None else [read_motions(config.other, animal=True)]
        own, animal, *other = equalised([*raw, *others], lowpass, fps)
        return cls(raw, own, animal, other[0] if other else None)


def n_games(config: GameConfig, sides: Sides) -> int:
    """Number of games of a match, for a progress bar."""
    return len(set(config.settings.seconds)) + 1 + len(_sessions(sides))


def motion_match(config: GameConfig, sides: Sides, advance: Advance = lambda *_, **__: None) -> Match:
    """Play all games of motion.

    Args:
        config: the options.
        sides: equalised motion.
        advance: called after each game.

    Raises:
        InputError: there are too few windows, or no behavior is shared.
    """
    settings = config.settings
    groups, kind = group_of_clips(sides.rat)
    all_sides = [side for side in (sides.model, sides.rat, sides.other) if side is not None]
    labelled = are_labelled(all_sides)
    model, rat, *other = describe(all_sides, groups, labelled)
    fps, names = sides.rat.fps, (sides.model.place, sides.rat.place)
    notes = [note for side in all_sides for note in side.notes]
    notes.append(
        "behaviors are those of the files' labels"
        if labelled
        else "behaviors follow from kinematics, as not all motion is labelled"
    )
    games, controls = {}, {}
    with threadpool_limits(1):
        for seconds in dict.fromkeys(settings.seconds):
            cut = [side.windows(seconds, settings.lowpass) for side in (model, rat)]
            games[seconds] = play(*cut, fps, settings, names)
            advance()
        seconds = settings.seconds[0]
        own = model.windows(seconds, settings.lowpass)
        controls |= itself("model against itself", own, fps, settings, notes)
        advance()
        for name, first, second in _ceiling_windows(sides, rat, other, seconds, settings.lowpass):
            try:
                controls[name] = play(first, second, fps, settings, (name, name)).headline
            except InputError as error:
                notes.append(f"{name}: {error}")
            advance()
        if not _sessions(sides):
            notes.append(
                "no ceiling: RAT has no two sessions by name; --other gives another session of the animal"
            )
        first = next(iter(games.values()))
        found = importance(first, settings), alone(first, settings)
    notes += _left_out(first, model, rat, settings)
    tracked = np.max([np.ptp(one.qpos[:, 7:], axis=0) for one in sides.rat.motions], axis=0) > 1e-6
    spectra = {
        name: spectrum_of(side, tracked) for name, side in zip(("model", "rat"), sides.raw, strict=True)
    }
    return Match("motion", games, kind, *found, controls, spectra, tuple(dict.fromkeys(notes)))


def itself(
    name: str, windows: Windows, fps: float, settings: GameSettings, notes: list[str]
) -> dict[str, Score]:
    """A side against itself: 0.5 but for chance.

    Motions are divided at random within each group; windows, if a group has one motion only.
    """
    random = np.random.default_rng([settings.seed, 3])
    first = np.zeros(len(windows), bool)
    for group in np.unique(windows.group):
        own = np.flatnonzero(windows.group == group)
        sources = np.unique(windows.source[own])
        if len(sources) > 1:
            chosen = random.permutation(sources)[: len(sources) // 2]
            first[own] = np.isin(windows.source[own], chosen)
        else:
            first[random.permutation(own)[: len(own) // 2]] = True
    try:
        game = play(windows.subset(first), windows.subset(~first), fps, settings, (name, name))
    except InputError as error:
        notes.append(f"{name} was not compared: {error}")
        return {}
    return {name: game.headline}


def _sessions(sides: Sides) -> Sequence[str]:
    """The comparisons of the ceiling."""
    if sides.other is not None:
        return (f"rat against {sides.other.place}",)
    if len(sides.rat.sessions) < 2:
        return ()
    return tuple(f"rat of session {one} against others" for one in sides.rat.sessions[:_MOST_SESSIONS])


def _ceiling_windows(
    sides: Sides, rat: Described, other: Sequence[Described], seconds: float, lowpass: float
) -> list[tuple[str, Windows, Windows]]:
    """Windows of the comparisons of the ceiling; their groups are clips, as sessions are the sides."""
    names = _sessions(sides)
    if not names:
        return []
    clips = [_by_clip(side).windows(seconds, lowpass) for side in (rat, *other)]
    if other:
        return [(names[0], clips[1], clips[0])]
    session = {one.name: one.session for one in sides.rat.motions}
    of = np.array([session[name] for name in clips[0].source])
    return [
        (name, clips[0].subset(of == one), clips[0].subset(of != one))
        for name, one in zip(names, sides.rat.sessions, strict=False)
    ]


def _by_clip(side: Described) -> Described:
    return dataclasses.replace(side, group=tuple(one.clip for one in side.motions.motions))


def _left_out(game: Game, model: Described, rat: Described, settings: GameSettings) -> list[str]:
    """Notes about behaviors of one side only."""
    shown = [
        set(np.concatenate(side.behavior).tolist()) - set(game.windows.behavior.tolist())
        for side in (model, rat)
    ]
    names = sorted(shown[0] | shown[1])
    return [f"left out, as not both sides show it: {', '.join(names)}"] if names else []
