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
    """How well each layer predicts neurons, with the null."""
    layers = encoding.layers
    best = np.bincount(np.argmax([layer.corrected for layer in layers], axis=0), minlength=len(layers))
    columns = [
        "layer",
        "neurons",
        "score",
        "null",
        "score − null",
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
        "The spikes of each neuron are regressed on each layer, and predicted on held-out blocks. The score "
        "is the gain over the neuron's mean rate, in bits per spike. The null is the score on time-shifted "
        "spikes, which keep their autocorrelation but lose their relation to the layer. Compare layers by "
        "the score minus the null."
    )
    parts: list[Table | Drawing] = [
        Drawing(figure, "Dots are neurons, bars are means; filled: score, empty: null."),
        Table(
            columns,
            rows,
            "Means over neurons, then over sessions; intervals over sessions, or over blocks of time of one "
            "session. Best for: number of neurons that the layer predicts best. p: rank of the mean score "
            "among the shifts; Holm: p corrected for all layers. Last column: fraction of neurons with a "
            "false discovery rate q of 0.05 or less. A score above its null is no result without its p.",
        ),
    ]
    if unique := [(layer.layer, *layer.unique) for layer in layers if layer.unique is not None]:
        rows = [[name, *_mean_and_interval(mean), _shown(p)] for name, mean, p in unique]
        caption = (
            f"Unique gain: what a layer adds to {encoding.base}. p: rank among shifts of spikes and base "
            "relative to the layer's residual, after Holm's correction over layers."
        )
        parts.append(Table(["layer", "adds", "95 %", "p"], rows, caption))
    return Section("Which layers predict neurons", text, tuple(parts))


def similarity_section(similarity: Similarity) -> Section:
    """Similarity of the structures of neurons and layers."""
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
        f"Dissimilarity of activity between {len(similarity.conditions)} behaviors, for the neurons and for "
        "every layer. A layer with a similar matrix distinguishes behaviors as the neurons do. The null is "
        "the mean similarity for permuted behaviors; p is the fraction of permutations with an equal or "
        "higher similarity; Holm is p corrected for all layers. The null of CKA is for activity shifted in "
        "time. Dimensions are participation ratios.\n\n"
        f"Noise ceiling: {lower:.3f} to {upper:.3f}."
    )
    if similarity.variability is not None:
        r, p = similarity.variability
        text += (
            "\n\nCorrelation over behaviors of the spread of the policy's latent with that of the neurons: "
            f"r = {r:.3f}, p = {p:.3g}."
        )
    parts = (
        Drawing(
            matrices(similarity.conditions, rdms),
            "Dissimilarity of behaviors, each matrix relative to its maximum.",
            alt=f"Matrices of dissimilarity between {', '.join(similarity.conditions)}: {', '.join(rdms)}.",
        ),
        Drawing(
            similarities(layers, similarity.ceiling),
            "Similarity to the neurons; a star where p is 0.05 or less after Holm's correction.",
        ),
        Table(columns, rows),
    )
    return Section("Representational similarity", text, parts)


def dropped(origins: Sequence[Origin]) -> Section:
    """Excluded neurons and behaviors, and notes."""
    reasons = {(name, reason): [] for origin in origins for name, reason in origin.dropped}
    for origin in origins:
        for key in origin.dropped:
            reasons[key].append(origin.path.name)
    notes = dict.fromkeys(note for origin in origins for note in origin.notes)
    tables = []
    if reasons:
        rows = [[name, reason, ", ".join(files)] for (name, reason), files in reasons.items()]
        tables.append(Table(["", "reason", "file"], rows))
    if notes:
        tables.append(Table(["", "note"], [[i + 1, note] for i, note in enumerate(notes)]))
    text = "Neurons and behaviors that a comparison excludes." if reasons else "Nothing was excluded."
    return Section("Excluded", text, tuple(tables))


def _mean_and_interval(mean: Mean) -> tuple[str, str]:
    known = np.isfinite([mean.low, mean.high]).all()
    # no-break spaces keep an interval on one line
    return f"{mean.value:+.4f}", f"{mean.low:+.4f}\u00a0to\u00a0{mean.high:+.4f}" if known else "-"


def _shown(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3g}"
