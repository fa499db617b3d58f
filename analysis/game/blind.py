"""The game for people: pairs of films on one page, in an order that only the key knows.

    trials = pairs(model, rat, settings, seed=0)
    write_blind(Path("films"), trials, scene, seed=0)       # films/index.html, films/key.json

A pair has the model and the rat in the same behavior, in the same clip and at the same time where there is
such a window. The page holds its films, and needs no network; the key stays with the experimenter.
"""

import base64
import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.game.settings import BlindSettings
from analysis.game.windows import Described
from analysis.motion import MotionSet
from rodent.clips.behavior import most_common
from rodent.errors import InputError
from rodent.files import atomic_path, explain_os_errors
from rodent.pages.output import write_json
from rodent.render import RenderOptions, Shot, render_shots
from rodent.scene import Scene

KEY_SCHEMA, ANSWERS_SCHEMA, VERSION = "virtual-rodent/game-key", "virtual-rodent/game-answers", 1
SIDES = ("left", "right")
_OPTIONS = RenderOptions(size=(480, 360))


@dataclasses.dataclass(frozen=True, eq=False)
class Piece:
    """Some seconds of a motion, for a film.

    Attributes:
        motion: name of the motion.
        clip: that it shows or imitates.
        behavior: in it.
        start: first frame.
        qpos: poses, shape (frames, nq).
        fps: frames per second.
    """

    motion: str
    clip: str
    behavior: str
    start: int
    qpos: np.ndarray
    fps: float


@dataclasses.dataclass(frozen=True, eq=False)
class Trial:
    """A pair of films, and the side of the model: `left` or `right`."""

    model: Piece
    rat: Piece
    side: str

    def piece(self, side: str) -> Piece:
        """The piece on a side."""
        return self.model if side == self.side else self.rat


def pairs(model: Described, rat: Described, settings: BlindSettings, seed: int) -> list[Trial]:
    """Pairs of the two sides in random order; no piece of the rat is shown twice.

    Args:
        model, rat: equalised motion with behaviors.
        settings: number and length of films.
        seed: of the order, of the pieces, and of the sides.

    Raises:
        InputError: no pair of the same behavior is long enough.
    """
    random = np.random.default_rng([seed, 4])
    first, second = (_pieces(side, settings.film_seconds) for side in (model, rat))
    found: list[Trial] = []
    for i in random.permutation(len(second)):
        piece = second[i]
        like = [one for one in first if one.behavior == piece.behavior]
        same = [one for one in like if (one.clip, one.start) == (piece.clip, piece.start)]
        if like and len(found) < settings.trials:
            chosen = (same or like)[random.integers(len(same or like))]
            found.append(Trial(chosen, piece, ""))
    if not found:
        raise InputError(
            f"there is no pair of films of {settings.film_seconds:g} s in which model and rat do the same; "
            "give a shorter --film-seconds"
        )
    # the model is as often left as right
    sides = random.permutation([SIDES[i % 2] for i in range(len(found))])
    return [dataclasses.replace(one, side=str(side)) for one, side in zip(found, sides, strict=True)]


def write_blind(folder: Path, trials: Sequence[Trial], scene: Scene, seed: int) -> None:
    """Render the films and write `index.html` and `key.json`.

    Raises:
        InputError: the folder cannot be written.
        WorkError: films cannot be rendered or encoded on this machine.
    """
    import jinja2

    with explain_os_errors(folder):
        folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        films = [
            {side: _film(trial.piece(side), scene, Path(place) / f"{i}-{side}.mp4") for side in SIDES}
            for i, trial in enumerate(trials)
        ]
    game = hashlib.sha256(json.dumps(films).encode()).hexdigest()[:16]
    environment = jinja2.Environment(loader=jinja2.PackageLoader("analysis.game"), autoescape=True)
    page = environment.get_template("blind.html").render(
        game=game, films=films, schema=ANSWERS_SCHEMA, version=VERSION
    )
    with atomic_path(folder / "index.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    rows = [
        {"model": trial.side, "behavior": trial.rat.behavior}
        | {f"{name}_motion": piece.motion for name, piece in (("model", trial.model), ("rat", trial.rat))}
        | {f"{name}_start": piece.start for name, piece in (("model", trial.model), ("rat", trial.rat))}
        for trial in trials
    ]
    key = {"schema": KEY_SCHEMA, "version": VERSION, "game": game, "seed": seed, "trials": rows}
    write_json(key, folder / "key.json")


def _pieces(side: Described, seconds: float) -> list[Piece]:
    motions: MotionSet = side.motions
    frames = max(2, round(seconds * motions.fps))
    return [
        Piece(
            motion.name,
            motion.clip,
            most_common(behavior[start : start + frames]),
            start,
            motion.qpos[start : start + frames],
            motion.fps,
        )
        for motion, behavior in zip(motions.motions, side.behavior, strict=True)
        for start in range(0, len(motion.qpos) - frames + 1, frames)
    ]


def _film(piece: Piece, scene: Scene, out: Path) -> str:
    """A film without a name, as a data URL."""
    n = len(piece.qpos)
    shot = Shot("", n, piece.fps, lambda: piece.qpos, lambda: piece.qpos, lambda: np.ones(n, bool))
    render_shots(scene.config, [shot], out, _OPTIONS)
    return "data:video/mp4;base64," + base64.b64encode(out.read_bytes()).decode()
