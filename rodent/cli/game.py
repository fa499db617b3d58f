"""`rodent game`: how well can a model be distinguished from the animal?"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from analysis.game.config import GameConfig
from rodent.errors import InputError

if TYPE_CHECKING:
    from analysis.game.match import Match, Sides


@dataclasses.dataclass(frozen=True)
class Game(GameConfig):
    """Play the imitation game: how well can classifiers, or people, tell a model from the animal?

    Classifiers see windows of motion and are tested on clips, or sessions, that they were not fitted to: 0.5
    is chance, 1 is a model that always gives itself away. Both sides get the same behaviors in the same
    shares, frame rate, smoothing and floor. The result has the features that give the model away, the model
    against itself, and the rat against itself in another session.

    --layer plays it with activity. --blind makes a page of films for people, --score scores their answers.

    Example: rodent game walk.h5 clips.h5 --out game.html
    """

    _: dataclasses.KW_ONLY
    out: Path | None = None
    """HTML page to write."""
    blind: Path | None = None
    """Folder for a page of films for people, and its key; created if missing. Classifiers do not play then.
    Keep key.json, and give index.html away."""
    score: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="ANSWERS ...")] = ()
    """Files of answers that people saved from the page of --blind, to be scored; without MODEL and RAT."""
    key: Path | None = None
    """The key.json of their films, for --score."""
    json: bool = False
    """Print one JSON object instead of tables."""

    def run(self) -> None:
        """Play, or make films, or score answers."""
        if self.score or self.key:
            self._score()
            return
        if self.model is None or self.rat is None:
            raise InputError("MODEL or RAT is missing; expected both: rodent game walk.h5 clips.h5")
        from rodent.files import require_room_for_files, require_room_for_folder
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        require_room_for_files(self.out)
        if self.blind is not None:
            if self.out or self.layer:
                raise InputError("--blind makes films of motion only; leave out --out and --layer")
            require_room_for_folder(self.blind)
            self._films(self.blind, self.model, self.rat)
            return
        self._report(self._played(self.model, self.rat))

    def _played(self, model: Path, rat: Path) -> "Match":
        from analysis.game.classifiers import require_classifiers
        from analysis.game.match import n_games
        from rodent.progress import progress

        require_classifiers()
        if self.layer is not None:
            return self._activity(model, rat)
        from analysis.game.match import motion_match

        sides = self._sides(model, rat)
        with progress("playing", n_games(self, sides), "games") as advance:
            return motion_match(self, sides, advance)

    def _activity(self, recording: Path, spikes: Path) -> "Match":
        from analysis.game.activity import activity_match
        from analysis.session import SessionArguments, open_session
        from rodent.progress import progress

        if self.other is not None or self.fps is not None:
            raise InputError("--other and --fps are for motion; leave them out with --layer")
        config = self.activity
        arguments = SessionArguments(recording, spikes, offset=config.offset, bin_seconds=config.bin_seconds)
        with open_session(arguments) as session, progress("playing", 3, "games") as advance:
            return activity_match(self, session, advance)

    def _sides(self, model: Path, rat: Path) -> "Sides":
        from analysis.game.match import Sides

        return Sides.read(model, rat, self)

    def _report(self, match: "Match") -> None:
        from analysis.game.page import game_sections
        from analysis.game.results import print_match, to_json
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page

        for note in match.notes:
            say(note)
        if self.out is not None:
            write_page(self.out, "The imitation game", game_sections(match, self))
            say(f"wrote {self.out}; open it in a browser")
        if self.json:
            print_json(to_json(match, self))
        else:
            print_match(match)

    def _films(self, folder: Path, model: Path, rat: Path) -> None:
        from analysis.game.blind import pairs, write_blind
        from analysis.game.windows import are_labelled, describe, group_of_clips
        from rodent.pages.output import print_json, say

        sides = self._sides(model, rat)
        groups, _ = group_of_clips(sides.rat)
        both = [sides.model, sides.rat]
        described = describe(both, groups, are_labelled(both))
        trials = pairs(*described, self.films, self.settings.seed)
        write_blind(folder, trials, sides.rat.scene, self.settings.seed)
        page, key = folder / "index.html", folder / "key.json"
        if self.json:
            print_json({"page": str(page), "key": str(key), "pairs": len(trials)})
        say(f"wrote {page}: {len(trials)} pairs of films. Give it to people; {key} is the solution")

    def _score(self) -> None:
        from analysis.game.people import people_to_json, print_people, score_people
        from rodent.pages.output import print_json

        if not (self.score and self.key):
            raise InputError(
                "--score needs answers and their --key: --score answers.json --key films/key.json"
            )
        if self.model is not None or self.out or self.blind:
            raise InputError("--score scores answers only; leave out MODEL, RAT, --out and --blind")
        scores = score_people(self.score, self.key)
        if self.json:
            print_json(people_to_json(scores))
        else:
            print_people(scores)
