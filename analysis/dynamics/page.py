"""The page of a fit: scores, latents, dimensions, dynamics, and whether perturbations are foreseen.

write_page(out, "Latent dynamics", fit_sections(found))
"""

import math

import numpy as np

from analysis.dynamics.figures import (
    dimension_figure,
    first_stretch,
    latent_courses,
    mode_figure,
    predicted_rates,
    trajectories,
)
from analysis.dynamics.fit import FittedDynamics
from analysis.dynamics.results import foresight_text, rows
from rodent.pages.page import Drawing, Section, Table

_PATHS = 60  # windows that are drawn
_CHANNELS = 6  # held-out channels that are drawn
_UNITS = {"spikes": "bits/spike", "units": "R²"}


def fit_sections(found: FittedDynamics) -> list[Section]:
    """The sections of the page; those without content are left out."""
    sections = [_overview(found), _held_out(found), _latents(found)]
    if found.curve:
        sections.append(_dimensions(found))
    sections.append(_dynamics(found))
    if found.foresight is not None:
        sections.append(_foresight(found))
    return sections


def _overview(found: FittedDynamics) -> Section:
    text = (
        "A model infers a few latent variables from some channels of a population, and predicts all of them. "
        "It is scored in time that it was not fitted to: on channels that it does not see (co-smoothing), "
        "and on the end of each window from its beginning (forward prediction). Bits per spike are against "
        "the mean of each neuron in the scored bins, as the Neural Latents Benchmark defines them (Pei et "
        "al. 2021); 0 is no better than constant rates."
    )
    parts: list[Table | Drawing] = [Table(["", found.activity.name], rows(found))]
    if len(found.folds) > 1:
        each = [[i + 1, f.co_smoothing.value, f.forward.value] for i, f in enumerate(found.folds)]
        columns = ["fit", f"co-smoothing, {_UNITS[found.activity.kind]}", "forward prediction"]
        parts.append(Table(columns, each))
    if found.activity.notes:
        parts.append(Table(["", "note"], [[i + 1, note] for i, note in enumerate(found.activity.notes)]))
    return Section("Scores", text, tuple(parts))


def _held_out(found: FittedDynamics) -> Section:
    activity, windows = found.activity, found.windows
    out = np.flatnonzero(~found.model.held_in_)
    values = activity.values[:, out]
    busiest = np.sort(out[np.argsort(-values.std(0), kind="stable")[:_CHANNELS]])
    rates = windows.joined(found.model.readout_.predict(found.latents)[..., busiest])
    shown = first_stretch(np.isfinite(rates[:, 0]), activity.bin_seconds)
    seconds = np.arange(activity.n_bins)[shown] * activity.bin_seconds
    names = [activity.channels[i] for i in busiest]
    spikes = activity.kind == "spikes"
    figure = predicted_rates(seconds, activity.values[shown][:, busiest], rates[shown], names, spikes)
    what = "Ticks: spikes. Lines: predicted rates" if spikes else "Black: units. Orange: predicted"
    caption = f"{what}, each between its least and largest."
    text = "The held-out channels that vary most. The model does not see them; some of this time was fitted."
    return Section("Held-out channels", text, (Drawing(figure, caption),))


def _latents(found: FittedDynamics) -> Section:
    activity = found.activity
    joined = found.windows.joined(found.latents)
    shown = first_stretch(np.isfinite(joined[:, 0]), activity.bin_seconds)
    seconds = np.arange(activity.n_bins)[shown] * activity.bin_seconds
    parts = [Drawing(latent_courses(seconds, joined[shown]), "In standard deviations; gaps are not used.")]
    if found.dimensions > 1:
        some = found.latents[
            np.linspace(0, len(found.latents) - 1, min(_PATHS, len(found.latents))).astype(int)
        ]
        parts.append(Drawing(trajectories(some, _points(found)), "Each line is a window."))
    return Section("Latent variables", "", tuple(parts))


def _points(found: FittedDynamics) -> np.ndarray | None:
    """Fixed points in the space of factors."""
    from analysis.dynamics.lfads import Lfads

    if not found.points or not isinstance(found.model, Lfads):
        return None
    return np.stack([point.state for point in found.points]) @ np.asarray(found.model.params_["factors"])


def _dimensions(found: FittedDynamics) -> Section:
    unit = f"co-smoothing, {_UNITS[found.activity.kind]}"
    text = (
        f"{found.dimensions} latent variables are the fewest whose co-smoothing by factor analysis is within "
        "2 % of the best, within the fitted time. The participation ratio of the activity, without the noise "
        f"of single neurons, is {found.participation_ratio:.2f}."
        if not math.isnan(found.participation_ratio)
        else f"{found.dimensions} latent variables are the fewest whose co-smoothing by factor analysis is "
        "within 2 % of the best, within the fitted time. The channels vary no more than their noise."
    )
    figure = dimension_figure(found.curve, found.dimensions, unit)
    return Section("Number of dimensions", text, (Drawing(figure, "Dashed: the number that was taken."),))


def _dynamics(found: FittedDynamics) -> Section:
    texts, parts = [], []
    if (turns := found.rotations) is not None:
        hertz = ", ".join(f"{one:.2f}" for one in turns.hertz)
        texts.append(
            f"A rotation explains {turns.r2:.3f} of the changes from bin to bin, and any linear map "
            f"{turns.r2_free:.3f}. Where each latent variable is shifted in time by itself, which keeps it "
            f"as smooth, a rotation explains {turns.null:.3f} (p = {turns.p:.3g}). Frequencies of its "
            f"planes: {hertz} Hz (jPCA; Churchland et al. 2012)."
        )
    if found.modes is not None:
        texts.append(
            "The modes of the linear map from bin to bin have the time constants and frequencies of the "
            f"figure. The map is {'stable' if found.modes.stable else 'not stable: some modes grow'}."
        )
        parts.append(Drawing(mode_figure(found.modes.seconds, found.modes.hertz), "A dot is a mode."))
    if found.settings.model == "lfads":
        texts.append(
            "Fixed points of the generator without inputs, searched from its own states (Sussillo and Barak "
            "2013): descents that ended in each, and the slowest modes around it."
            if found.points
            else "No descent from the generator's own states ended in a fixed point."
        )
    if found.points:
        table = [
            [
                i + 1,
                p.starts,
                "yes" if p.modes.stable else "no",
                f"{p.modes.seconds[0]:.3g}",
                f"{p.modes.hertz[0]:.2f}",
            ]
            for i, p in enumerate(found.points)
        ]
        columns = ["fixed point", "descents", "stable", "slowest time constant, s", "its frequency, Hz"]
        parts.append(Table(columns, table))
    return Section("Dynamics", "\n\n".join(texts), tuple(parts))


def _foresight(found: FittedDynamics) -> Section:
    one = found.foresight
    assert one is not None
    unit = _UNITS[found.activity.kind]
    table = [
        [f"forward prediction of intact activity, {unit}", one.intact.value],
        [f"forward prediction under the perturbation, {unit}", one.perturbed.value],
        [f"co-smoothing under the perturbation, {unit}", one.co_smoothing.value],
        ["units that stay as they were, under the perturbation, R²", one.persistence],
        ["response (perturbed minus intact), R² about zero", one.response_r2],
    ]
    table = [row for row in table if not math.isnan(float(row[1]))]
    text = (
        f"{foresight_text(found)}\n\nA perturbation counts as foreseen if forward prediction keeps half of "
        "its intact score, is better than constant values, and explains some of the response where both "
        "recordings have the same frames. Forward prediction begins inside the perturbation, so it may know "
        "its beginning."
    )
    return Section("Under a perturbation", text, (Table(["", "score"], table),))
