"""`rodent twin`: predict neurons from behavior with one core for all animals."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from analysis.twin.config import AdaptConfig, FitConfig, ScoreConfig
from rodent.cli.twin_excite import TwinExcite
from rodent.cli.twin_experiment import TwinExperiment
from rodent.cli.twin_map import TwinMap
from rodent.cli.twin_truth import TwinTruth
from rodent.cli.twin_wiring import TwinWiring


@dataclasses.dataclass(frozen=True)
class TwinFit(FitConfig):
    """Fit a core that several animals share, and a readout for each of their neurons.

    Two controls are fitted likewise and kept in the same folder: a core with random weights, and a core of
    animals whose spikes are shifted in time.

    Example: rodent twin fit rat1.h5 rat1.npz --session rat2.h5 rat2.npz --out twin
    """

    _: dataclasses.KW_ONLY
    out: Path
    """Folder of the twin to write: twin.json, core.safetensors, card.md, readouts, controls."""
    source: str = "not stated"
    """Source of the data, for the card."""
    licence: str = "not stated"
    """Licence of the data, for the card."""
    json: bool = False
    """Print a summary as one JSON object."""

    def run(self) -> None:
        """Read, fit and write."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from analysis.twin.comparison import fit_with_controls, steps_of, twin_name
        from analysis.twin.files import save_twin
        from analysis.twin.reading import read_sessions
        from rodent.files import require_room_for_folder
        from rodent.pages.output import print_json, say
        from rodent.progress import progress

        require_room_for_folder(self.out)
        sessions = read_sessions(self, self.animal, self.stream, hold_out=self.settings.hold_out)
        with progress("fitting", steps_of(self.settings), "steps") as advance:
            twins = fit_with_controls(sessions, self.settings, advance)
        twin = twins.pop(twin_name(self.settings))
        provenance = {"source": self.source, "licence": self.licence}
        save_twin(twin, self.out, provenance, twins)
        say(f"wrote {self.out}: core {twin.digest}, {len(sessions)} sessions")
        if self.json:
            summary = {"out": str(self.out), "digest": twin.digest, "sessions": list(twin.sessions_)}
            print_json({**summary, "losses": twin.losses_})


@dataclasses.dataclass(frozen=True)
class TwinAdapt(AdaptConfig):
    """Fit the readouts of a new animal; the core stays as it is.

    Example: rodent twin adapt rat9.h5 rat9.npz --twin twin --minutes 4 --out rat9.safetensors
    """

    _: dataclasses.KW_ONLY
    twin: Path
    """Folder of a twin, made by `rodent twin fit`."""
    out: Path
    """File of readouts to write."""
    minutes: float | None = None
    """Minutes at the beginning of the session to fit to; by default all of it."""
    json: bool = False
    """Print a summary as one JSON object."""

    def run(self) -> None:
        """Read, fit and write."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from analysis.twin.adaptation import adapt
        from analysis.twin.files import save_readouts
        from analysis.twin.reading import read_for_twin
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say

        require_room_for_files(self.out)
        twin, (session,) = read_for_twin(self.twin, self, (self.animal,))
        found = adapt(twin, twin.known(session), self.settings, self.minutes)
        save_readouts(found, self.out)
        say(f"wrote {self.out}: {len(found.neurons)} neurons, fitted to {found.minutes:.2f} minutes")
        if self.json:
            summary = {"neurons": len(found.neurons), "minutes": found.minutes, "twin": found.twin}
            print_json({"out": str(self.out), **summary})


@dataclasses.dataclass(frozen=True)
class TwinScore(ScoreConfig):
    """Score a twin on new animals, beside its controls and a lagged GLM.

    Every model is fitted to the first minutes of a session and scored on its last ones.

    Example: rodent twin score rat9.h5 rat9.npz --twin twin --minutes 1 4 --out score.html
    """

    _: dataclasses.KW_ONLY
    twin: Path
    """Folder of a twin, made by `rodent twin fit`."""
    readouts: Path | None = None
    """Readouts of `rodent twin adapt` to score, instead of fitting any: on all minutes after those that they
    were fitted to."""
    out: Path | None = None
    """HTML page to write."""
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Read, fit, score and print."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from analysis.twin.comparison import compare, score_readouts
        from analysis.twin.files import load_controls, load_readouts
        from analysis.twin.reading import read_for_twin
        from analysis.twin.results import (
            curves_section,
            print_curves,
            print_unseen,
            scores_to_json,
            unseen_section,
        )
        from analysis.twin.unseen import require_held_out, score_unseen
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page
        from rodent.progress import progress

        require_room_for_files(self.out)
        twin, whole = read_for_twin(self.twin, self, self.animal)
        require_held_out(twin, self.hold_out)
        sessions, twins = [twin.known(one) for one in whole], load_controls(self.twin, twin)
        if self.readouts is not None:
            points = score_readouts(twin, load_readouts(self.readouts), sessions, self.seed)
        else:
            total = (1 + len(twins)) * len(self.minutes) * len(sessions)
            with progress("scoring", total, "fits") as advance:
                points = compare(
                    twins, sessions, self.minutes, self.settings, self.test_minutes, self.seed, advance
                )
        unseen, sections = None, [curves_section(points)]
        if self.hold_out is not None:
            unseen = score_unseen(
                twins, whole, max(self.minutes), self.settings, self.test_minutes, self.seed
            )
            sections.append(unseen_section(unseen))
        if self.out is not None:
            write_page(self.out, "A twin on new animals", sections)
            say(f"wrote {self.out}; open it in a browser")
        if self.json:
            print_json(scores_to_json(points, unseen))
            return
        print_curves(points)
        if unseen is not None:
            print_unseen(unseen)


@dataclasses.dataclass(frozen=True)
class TwinCommand:
    """Predict neurons from behavior: one core for all animals, a readout for each neuron.

    Example: rodent twin truth --out truth.html
    """

    action: Annotated[
        Annotated[TwinFit, tyro.conf.subcommand("fit")]
        | Annotated[TwinAdapt, tyro.conf.subcommand("adapt")]
        | Annotated[TwinScore, tyro.conf.subcommand("score")]
        | Annotated[TwinMap, tyro.conf.subcommand("map")]
        | Annotated[TwinWiring, tyro.conf.subcommand("wiring")]
        | Annotated[TwinExcite, tyro.conf.subcommand("excite")]
        | Annotated[TwinExperiment, tyro.conf.subcommand("experiment")]
        | Annotated[TwinTruth, tyro.conf.subcommand("truth")],
        tyro.conf.arg(name=""),
    ]

    def run(self) -> None:
        """Run the chosen command."""
        self.action.run()
