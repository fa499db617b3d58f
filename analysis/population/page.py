"""The page of a population: who shows the behaviour, what decides it, and how policies differ.

write_page(out, title, population_sections(report))
"""

import numpy as np

from analysis.encoding.inference import LEVEL
from analysis.population.config import LEAST
from analysis.population.figures import losses, shares, similarity_maps
from analysis.population.report import PopulationReport
from rodent.pages.page import Drawing, Section, Table


def population_sections(report: PopulationReport) -> list[Section]:
    """The sections of the page; those without content are left out."""
    sections = [_overview(report), _settings(report)]
    if report.couplings:
        sections.append(_couplings(report))
    if report.compared:
        sections += [_activity(report), _lesions(report)]
    return sections


def _overview(report: PopulationReport) -> Section:
    policies = report.policies
    text = (
        f"{len(policies.reached)} of {len(policies)} policies reach the criterion: a policy "
        f"{policies.criterion}. Those that do not are counted, and not compared below."
    )
    if not report.compared:
        text += f"\n\nFewer than {LEAST} policies reach it, so their activity and lesions are not compared."
    figures = list(policies.member[0].figures)
    known = [[m.figures[name] for m in policies.member if m.figures[name] is not None] for name in figures]
    rows = [
        [name.replace("_", " "), *(float(x) for x in np.quantile(np.array(of, float), [0, 0.5, 1]))]
        for name, of in zip(figures, known, strict=True)
        if of
    ]
    return Section("Population", text, (Table(["figure", "smallest", "median", "largest"], rows),))


def _settings(report: PopulationReport) -> Section:
    clear = [one.setting for one in report.constraints if one.p_holm <= LEVEL]
    text = (
        "Settings are drawn independently of one another. One that does not matter has the same values in "
        "policies that reach the criterion and in those that do not; p is of permuted policies."
    )
    text += (
        f"\n\nConstrained: {', '.join(clear) if clear else 'none'}. No difference was found for the others."
    )
    rows = [
        [
            one.setting,
            ", ".join(f"{v}: {a}/{b}" for v, a, b in zip(one.values, one.reached, one.trained, strict=True)),
            one.distance,
            one.p,
            one.p_holm,
        ]
        for one in report.constraints
    ]
    columns = ["setting", "reached / trained", "distance", "p", "Holm"]
    drawing = Drawing(shares(report.constraints), "Numbers in bars: policies with this value.")
    return Section("Settings", text, (drawing, Table(columns, rows)))


def _couplings(report: PopulationReport) -> Section:
    text = (
        "Two settings that depend on one another among policies that reach the criterion, although they were "
        "drawn independently, make up for one another, or need one another."
    )
    rows = [[one.first, one.second, one.correlation, one.p, one.p_holm] for one in report.couplings[:15]]
    columns = ["setting", "setting", "correlation of ranks", "p", "Holm"]
    caption = f"The first {len(rows)} of {len(report.couplings)} pairs."
    return Section("Pairs of settings", text, (Table(columns, rows, caption),))


def _activity(report: PopulationReport) -> Section:
    n = len(report.compared)
    pairs = np.triu_indices(n, 1)
    apart = report.movement[pairs]
    text = (
        f"{n} policies in {report.frames} frames that all of them track. Their joint angles differ by "
        f"{np.median(apart):.2g} degrees (median of pairs; largest {apart.max():.2g}).\n\n"
        "CKA is 1 where the activity of one policy is a rotation of that of another. The last columns ask "
        "whether policies with similar activity also move alike: the correlation of ranks over pairs, and "
        "its p of permuted policies."
    )
    rows = []
    for name, one in report.layers.items():
        cka, shape, size = one.alike.cka[pairs], one.alike.procrustes[pairs], one.alike.dimensions
        rows.append(
            [
                name,
                *(float(np.nanmedian(x)) for x in (cka, shape)),
                f"{np.nanmin(size):.1f} to {np.nanmax(size):.1f}",
                *one.with_movement,
                one.with_movement_holm,
            ]
        )
    columns = ["layer", "CKA", "Procrustes, rad", "dimensions", "with movement", "p", "Holm"]
    maps = {name: one.alike.cka for name, one in report.layers.items()}
    drawing = Drawing(similarity_maps(maps, [one.name for one in report.compared]))
    return Section("Activity", text, (drawing, Table(columns, rows, "CKA and Procrustes: medians of pairs.")))


def _lesions(report: PopulationReport) -> Section:
    text = (
        "The same lesions in all policies. Reliability tells whether policies differ in what they lose by "
        "more than the random draws of units explain: it is 0 where they break alike."
    )
    rows = [
        [f"{one.site}, {one.dose:g} %", one.mean, one.spread, one.reliability, one.p]
        for one in report.lesions
    ]
    columns = ["lesion", "frames lost, mean", "standard deviation", "reliability", "p"]
    drawing = Drawing(losses(report.lesions), "A dot for each policy; the line is the mean.")
    return Section("Lesions", text, (drawing, Table(columns, rows)))
