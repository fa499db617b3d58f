"""The page about a population and the neurons of a session.

write_page(out, title, neuron_sections(found))
"""

import numpy as np

from analysis.encoding.inference import LEVEL
from analysis.population.figures import neuron_scores
from analysis.population.neurons import PopulationNeurons
from rodent.pages.page import Drawing, Section, Table


def neuron_sections(found: PopulationNeurons) -> list[Section]:
    """The sections of the page about the neurons of a session."""
    return [_layers(found), _predictors(found), _policies(found)]


def _layers(found: PopulationNeurons) -> Section:
    text = (
        f"{len(found.policies)} policies imitated the motion of the session, and layers of each encode the "
        f"same {len(found.neurons)} neurons. Scores are held-out bits per spike above those of time-shifted "
        "spikes.\n\n"
        "Reliability tells whether policies differ in their scores by more than the choice of neurons "
        "explains: it is the agreement of two halves of the neurons, and 0 where policies are equally good."
    )
    rows = [
        [name, *(float(x) for x in np.quantile(one.means, [0, 0.5, 1])), one.reliability, one.p]
        for name, one in found.layers.items()
    ]
    columns = ["layer", "worst policy", "median", "best", "reliability", "p"]
    means = {name: one.means for name, one in found.layers.items()}
    drawing = Drawing(neuron_scores(means), "A dot for each policy; the line is the mean.")
    return Section("Neurons", text, (drawing, Table(columns, rows, "Means over neurons.")))


def _predictors(found: PopulationNeurons) -> Section:
    related = [f"{one.setting} ({one.layer})" for one in found.predictors if one.p_holm <= LEVEL]
    named = ", ".join(related) if related else "none"
    text = (
        "Which kinds of policies predict neurons best? Association is the correlation of ranks of a setting "
        "with the score; of settings that are not numbers, the correlation ratio, from 0 to 1. p is of "
        f"permuted policies.\n\nRelated: {named}. No relation was found for the others."
    )
    rows = [
        [one.setting, one.layer, one.association, one.best, one.p, one.p_holm]
        for one in found.predictors[:20]
    ]
    columns = ["setting", "layer", "association", "best", "p", "Holm"]
    caption = f"The first {len(rows)} of {len(found.predictors)} tests."
    return Section("Settings", text, (Table(columns, rows, caption),))


def _policies(found: PopulationNeurons) -> Section:
    best = np.mean([one.means for one in found.layers.values()], axis=0)
    rows = [
        [found.policies.member[i].name, *(float(one.means[i]) for one in found.layers.values())]
        for i in np.argsort(-best)
    ]
    return Section("Policies", "From the best to the worst.", (Table(["policy", *found.layers], rows),))
