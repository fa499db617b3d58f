"""The sections of a report that compare the network with neurons."""

from collections.abc import Sequence

import numpy as np

from analysis.report.comparison import Encoding, Mean, Origin, Similarity
from analysis.similarity.figures import matrices, similarities
from rodent.pages.drawing import layer_scores
from rodent.pages.page import Drawing, Section, Table

_UNIT = "bits per spike"


def neuron_sections(encoding: Encoding | None, similarity: Similarity | None) -> list[Section]:
    """The sections of the results that there are, and what was left out of them."""
    origins = [result.origin for result in (encoding, similarity) if result is not None]
    return [
        *([encoding_section(encoding)] if encoding else []),
        *([similarity_section(similarity)] if similarity else []),
        *([dropped(origins)] if origins else []),
    ]


def encoding_section(encoding: Encoding) -> Section:
    """How well each layer predicts neurons, with the null beside it."""
    layers = encoding.layers
    best = np.bincount(np.argmax([layer.corrected for layer in layers], axis=0), minlength=len(layers))
    columns = [
        "layer",
        "neurons",
        "score",
        "null",
        "score less null",
        "95 %",
        "best for",
        "p",
        "Holm",
        "q ≤ 0.05",
    ]
    rows = [
        [
            layer.layer,
            len(layer.found),
            *(f"{value:+.4f}" for value in (layer.mean_found, layer.mean_null)),
            *_mean_and_interval(layer.mean),
            times,
            _shown(layer.p),
            _shown(layer.p_holm),
            "-" if np.isnan(layer.share_significant) else f"{layer.share_significant:.0%}",
        ]
        for layer, times in zip(layers, best, strict=True)
    ]
    names = [layer.layer for layer in layers]
    figure = layer_scores(names, [one.found for one in layers], [one.null for one in layers], _UNIT)
    text = (
        "Each neuron's spikes are regressed on each layer, and predicted where the regression was not "
        "fitted: the score is what that gains over the neuron's mean rate, in bits per spike. The null is "
        "what the same regression gains on spikes shifted in time, which are as slow as before and know "
        "nothing of the layer any more. The score less the null is the figure to compare layers by."
    )
    parts: list[Table | Drawing] = [
        Drawing(figure, "A dot is a neuron, a bar a mean; filled the score, empty its null."),
        Table(
            columns,
            rows,
            "Means over neurons, then over sessions; intervals over sessions, or over blocks of time of one "
            "session. A layer is best for so many neurons. p is the rank of the mean score among those of "
            "the shifts, Holm the same for all layers at once; last stands the share of neurons whose false "
            "discovery rate q is 0.05 or less. A score above its null is no finding without its p.",
        ),
    ]
    if unique := [(layer.layer, *layer.unique) for layer in layers if layer.unique is not None]:
        rows = [[name, *_mean_and_interval(mean), _shown(p)] for name, mean, p in unique]
        caption = (
            f"What a layer adds to {encoding.base}. p is the rank of what its residual adds among shifts of "
            "spikes and base together, after Holm's correction over layers."
        )
        parts.append(Table(["layer", "adds", "95 %", "p"], rows, caption))
    return Section("Which layers predict neurons", text, tuple(parts))


def similarity_section(similarity: Similarity) -> Section:
    """Whether activity differs between behaviors in the same way."""
    layers = similarity.layers
    rdms = {"neurons": similarity.rdm} | {layer.layer: layer.rdm for layer in layers}
    keys = (
        "similarity",
        "low",
        "high",
        "null",
        "p",
        "p_holm",
        "cka",
        "null_cka",
        "procrustes",
        "dimensionality",
    )
    rows = [[layer.layer, *(_shown(getattr(layer, key)) for key in keys)] for layer in layers]
    rows.append(["neurons", *["-"] * (len(keys) - 1), _shown(similarity.dimensionality)])
    columns = ["", "similarity", "from", "to", "null", "p", "Holm", "CKA", "null", "Procrustes", "dimensions"]
    lower, upper = similarity.ceiling
    text = (
        f"How much activity differs between {len(similarity.conditions)} behaviors: of the neurons, and of "
        "every layer. Layers whose matrix is like that of the neurons tell behaviors apart as these do. The "
        "null is the similarity where behaviors are exchanged, p how often it is then as high, Holm the same "
        "for all layers at once; the null of CKA is that of activity shifted in time. Dimensions are "
        "participation ratios.\n\n"
        f"The noise of the neurons lets no model be expected above {lower:.3f} to {upper:.3f}."
    )
    if similarity.variability is not None:
        r, p = similarity.variability
        text += (
            "\n\nAcross behaviors the spread of the policy's latent is correlated with that of the neurons: "
            f"r = {r:.3f}, p = {p:.3g}."
        )
    parts = (
        Drawing(
            matrices(similarity.conditions, rdms),
            "Dissimilarity of behaviors, each matrix in shares of its greatest.",
            alt=f"Matrices of dissimilarity between {', '.join(similarity.conditions)}: {', '.join(rdms)}.",
        ),
        Drawing(
            similarities(layers, similarity.ceiling),
            "Similarity to the neurons; a star where p is 0.05 or less after Holm's correction.",
        ),
        Table(columns, rows),
    )
    return Section("Whether structure is alike", text, parts)


def dropped(origins: Sequence[Origin]) -> Section:
    """The neurons and behaviors that were left out, and what else a reader should know."""
    reasons = {(name, reason): [] for origin in origins for name, reason in origin.dropped}
    for origin in origins:
        for key in origin.dropped:
            reasons[key].append(origin.path.name)
    notes = dict.fromkeys(note for origin in origins for note in origin.notes)
    tables = []
    if reasons:
        rows = [[name, reason, ", ".join(files)] for (name, reason), files in reasons.items()]
        tables.append(Table(["", "why", "in"], rows))
    if notes:
        tables.append(Table(["", "note"], [[i + 1, note] for i, note in enumerate(notes)]))
    text = "Neurons and behaviors that were left out of a comparison." if reasons else "Nothing was left out."
    return Section("What was left out", text, tuple(tables))


def _mean_and_interval(mean: Mean) -> tuple[str, str]:
    known = np.isfinite([mean.low, mean.high]).all()
    # no-break spaces keep an interval on one line
    return f"{mean.value:+.4f}", f"{mean.low:+.4f}\u00a0to\u00a0{mean.high:+.4f}" if known else "-"


def _shown(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3g}"
