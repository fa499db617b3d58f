"""`rodent dynamics`: latent variables of a population, and how they go on in time."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from analysis.dynamics.config import CompareConfig, FitConfig


@dataclasses.dataclass(frozen=True)
class DynamicsFit(FitConfig):
    """Fit a model of latent dynamics to spikes of a session, or to units of a recording.

    The model sees three quarters of the channels in four fifths of the time. Two scores are from time that it
    was not fitted to: co-smoothing (channels that it does not see) and forward prediction (the last 0.2 s of
    a window from what is before). Spikes are scored in bits per spike, 0 for constant rates; units in R²,
    with `bits_per_spike` null. Also: number of dimensions, rotation with a null, time constants, fixed
    points, and with --perturbed whether a lesion or pulse is foreseen.

    Start with the default, a linear dynamical system; `--model pca` takes seconds, `--model lfads` minutes.

    Example: rodent dynamics fit spikes.npz --model lds --dimensions 4 --out dynamics.html
    """

    _: dataclasses.KW_ONLY
    out: Path | None = None
    """HTML page to write."""
    save: Path | None = None
    """File of the fitted model to write, safetensors; `analysis.dynamics.files.load_model` reads it."""
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Read, fit, score and print."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from analysis.dynamics.files import save_model
        from analysis.dynamics.fit import fit_dynamics, fit_steps
        from analysis.dynamics.page import fit_sections
        from analysis.dynamics.reading import read_activity, without_constant
        from analysis.dynamics.results import print_fit, to_json
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page
        from rodent.progress import progress

        require_room_for_files(self.out, self.save)
        activity = read_activity(self, self.source)
        others = () if self.perturbed is None else (read_activity(self, self.perturbed, activity.channels),)
        activity, *others = without_constant(activity, others)
        with progress("fitting", fit_steps(self.settings), "steps") as advance:
            found = fit_dynamics(activity, self.settings, next(iter(others), None), advance)
        if self.save is not None:
            save_model(found, self.save)
            say(f"wrote {self.save}")
        if self.out is not None:
            write_page(self.out, "Latent dynamics", fit_sections(found))
            say(f"wrote {self.out}; open it in a browser")
        if self.json:
            print_json(to_json(found))
        else:
            print_fit(found)


@dataclasses.dataclass(frozen=True)
class DynamicsCompare(CompareConfig):
    """Compare latent variables of neurons with those of a policy's layers, in the same session.

    The model of --model is fitted to the neurons, and principal components to every layer. Compared are their
    courses (canonical correlation, with a null shifted in time), shapes (Procrustes) and dynamics (DSA).

    Example: rodent dynamics compare day.h5 spikes.npz --layer decoder/layer_0 --dimensions 4
    """

    _: dataclasses.KW_ONLY
    out: Path | None = None
    """HTML page to write."""
    json: bool = False
    """Print one JSON object instead of a table."""

    def run(self) -> None:
        """Read, fit, compare and print."""
        from rodent.jax_setup import cache_compilations

        cache_compilations()
        from analysis.dynamics.compare import (
            chosen_layers,
            compare_layers,
            compared_section,
            compared_to_json,
            print_compared,
        )
        from analysis.session import open_session
        from rodent.errors import InputError
        from rodent.files import require_room_for_files
        from rodent.pages.output import print_json, say
        from rodent.pages.page import write_page
        from rodent.progress import progress

        require_room_for_files(self.out)
        if self.session:
            raise InputError("--session: latent dynamics are compared one session at a time; leave it out")
        with open_session(self) as opened:
            layers = chosen_layers(opened, self.layer)
            with progress("comparing", len(layers), "layers") as advance:
                found = compare_layers(opened, layers, self, advance)
        for note in found.notes:
            say(note)
        if self.out is not None:
            write_page(self.out, "Latent dynamics of neurons and layers", [compared_section(found)])
            say(f"wrote {self.out}; open it in a browser")
        if self.json:
            print_json(compared_to_json(found))
        else:
            print_compared(found)


@dataclasses.dataclass(frozen=True)
class DynamicsCommand:
    """Latent dynamics: what few variables a population's activity consists of, and how they go on in time.

    Example: rodent dynamics fit spikes.npz --model pca
    """

    action: Annotated[
        Annotated[DynamicsFit, tyro.conf.subcommand("fit")]
        | Annotated[DynamicsCompare, tyro.conf.subcommand("compare")],
        tyro.conf.arg(name=""),
    ]

    def run(self) -> None:
        """Run the chosen command."""
        self.action.run()
