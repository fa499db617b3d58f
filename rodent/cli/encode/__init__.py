"""`rodent encode`: regress neurons on the units of a network, or on any features of what it did."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from analysis.encoding.settings import EncodingSettings
from analysis.neural.settings import QualitySettings
from rodent.cli.session import SessionArguments, open_sessions
from rodent.errors import InputError, unknown

if TYPE_CHECKING:
    from rodent.cli.encode.sessions import Models
    from rodent.cli.session import OpenSession


@dataclasses.dataclass(frozen=True)
class Encode(SessionArguments):
    """Score how well the units of a layer, or other features, predict the spikes of neurons.

    The score is in Poisson bits per spike on held-out blocks of the session; what slow drift
    alone would earn, found by shifting the spikes in time, is taken off.

    Example: rodent encode walk.h5 spikes.npz --layer decoder/layer_0 --layer latent/mean
    """

    layer: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Layer to regress on; may be given several times."""
    features: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Bands to regress on at once, with commas between them: joints, velocities, keypoints, forces,
    contacts, position, heading, speed, history (each neuron's own past spikes), or a layer; may
    be given several times. `all` is each of them by itself."""
    unique: bool = False
    """Score as well what each layer adds to --kinematics and the neuron's own past."""
    kinematics: str = "joints,velocities"
    """The bands that --unique starts from, at the lags of --base-lags."""
    animal: tuple[str, ...] = ()
    """Animal of each session, in the order in which they are given: intervals are then over sessions within
    animals. Each session counts as an animal of its own if not given."""
    settings: tyro.conf.OmitArgPrefixes[EncodingSettings] = dataclasses.field(
        default_factory=EncodingSettings
    )
    quality: tyro.conf.OmitArgPrefixes[QualitySettings] = dataclasses.field(default_factory=QualitySettings)
    neurons: bool = False
    """Print a table of all neurons, too."""
    json: bool = False
    """Print one JSON object instead of tables."""
    out: Path | None = None
    """Folder for encoding.json and the figures, SVG and PNG; made if it is not there."""

    def run(self) -> None:
        """Read, regress and print."""
        from rodent.cli.encode.results import Found, to_json, write
        from rodent.cli.encode.sessions import regress
        from rodent.cli.encode.tables import print_neurons, print_summary
        from rodent.cli.output import print_json, say
        from rodent.files import require_room_for_folder
        from rodent.progress import progress

        if self.out is not None:
            require_room_for_folder(self.out)
        with open_sessions(self) as opened:
            models = self._models(opened)
            total = len(opened) * models.n_fits(self.settings)
            with progress("regressing", total=total, unit="fits") as advance:
                results = [
                    regress(one, models, self.settings, self.quality, animal, advance)
                    for one, animal in zip(opened, self._animals(len(opened)), strict=True)
                ]
        found = Found(self, models, tuple(results))
        for name, reason in found.dropped:
            say(f"neuron {name} is left out: {reason}")
        for note in found.notes:
            say(note)
        page = to_json(found)
        if self.out is not None:
            write(self.out, page, found)
            say(f"wrote {self.out / 'encoding.json'} and the figures beside it")
        if self.json:
            print_json(page)
            return
        print_summary(found)
        if self.neurons:
            print_neurons(found)

    def _animals(self, n: int) -> tuple[str, ...]:
        """Whose sessions they are; each of its own if nobody says."""
        if self.animal and len(self.animal) != n:
            raise InputError(
                f"--animal names {len(self.animal)} animals, and there are {n} sessions; name one each"
            )
        return self.animal or tuple(f"animal of session {i}" for i in range(n))

    def _models(self, opened: "Sequence[OpenSession]") -> "Models":
        """What neurons are regressed on, checked against what was recorded.

        Raises:
            InputError: nothing is asked for, or a layer or band is unknown.
        """
        from analysis.encoding.bands import BANDS, HISTORY
        from rodent.cli.encode.sessions import Models

        if not (self.layer or self.features):
            raise InputError(
                "no --layer is given, and no --features; name at least one layer of the recording"
            )
        if self.unique and not self.layer:
            raise InputError("--unique is what layers add; name at least one --layer")
        for session in opened:
            session.require_layers(self.layer)
            for rollout in session.rollouts:
                place = session.place(rollout)
                known = (*BANDS, HISTORY, *rollout.layers)
                for band in (*_split(self.features), *(_split((self.kinematics,)) if self.unique else ())):
                    if band not in (*known, "all"):
                        raise unknown("band", band, known, place)
        sets: list[tuple[str, ...]] = [(layer,) for layer in self.layer]
        for text in self.features:
            sets += [(name,) for name in (*BANDS, HISTORY)] if text == "all" else [_split((text,))]
        base = tuple(dict.fromkeys((*_split((self.kinematics,)), HISTORY)))
        return Models(
            tuple(dict.fromkeys(sets)), tuple(dict.fromkeys(self.layer)) if self.unique else (), base
        )


def _split(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for text in texts for name in text.split(","))
