"""Results of a population as JSON, and as tables on the terminal."""

from typing import Any

import numpy as np

from analysis.population.neurons import PopulationNeurons
from analysis.population.report import PopulationReport
from rodent.configs import to_json as plain
from rodent.pages.output import print_table, say


def to_json(report: PopulationReport) -> dict[str, Any]:
    """All results; matrices are of the compared policies, in order."""
    return {
        "trained": len(report.policies),
        "reached": len(report.policies.reached),
        "criterion": report.policies.criterion,
        "compared": [one.name for one in report.compared],
        "constraints": [plain(one) for one in report.constraints],
        "couplings": [plain(one) for one in report.couplings],
        "frames": report.frames,
        "movement_degrees": report.movement.tolist(),
        "layers": {
            name: {
                "cka": one.alike.cka.tolist(),
                "procrustes": one.alike.procrustes.tolist(),
                "dimensions": one.alike.dimensions.tolist(),
                "with_movement": one.with_movement[0],
                "p": one.with_movement[1],
                "p_holm": one.with_movement_holm,
            }
            for name, one in report.layers.items()
        },
        "lesions": [one._asdict() | {"loss": one.loss.tolist()} for one in report.lesions],
    }


def print_summary(report: PopulationReport) -> None:
    """The main results as tables."""
    reached, trained = len(report.policies.reached), len(report.policies)
    say(f"{reached} of {trained} policies reach the criterion: {report.policies.criterion}")
    rows = [
        [one.setting, f"{one.distance:.2f}", f"{one.p:.3g}", f"{one.p_holm:.3g}"]
        for one in report.constraints
    ]
    print_table(["setting", "distance", "p", "Holm"], rows)
    pairs = np.triu_indices(len(report.compared), 1)
    if report.layers:
        rows = [[name, f"{np.nanmedian(one.alike.cka[pairs]):.2f}"] for name, one in report.layers.items()]
        print_table(["layer", "CKA between policies"], rows)
    if report.lesions:
        rows = [
            [f"{one.site}, {one.dose:g} %", f"{one.mean:.2f}", f"{one.reliability:.2f}"]
            for one in report.lesions
        ]
        print_table(["lesion", "frames lost", "reliability"], rows)


def neurons_to_json(found: PopulationNeurons) -> dict[str, Any]:
    """All results; scores are of the compared policies, in order, and of the neurons, in order."""
    return {
        "policies": [one.name for one in found.policies.member],
        "neurons": list(found.neurons),
        "layers": {
            name: {"scores": one.scores.tolist(), "reliability": one.reliability, "p": one.p}
            for name, one in found.layers.items()
        },
        "predictors": [plain(one) for one in found.predictors],
    }


def print_neurons(found: PopulationNeurons) -> None:
    """The main results as tables."""
    say(f"{len(found.policies)} policies, {len(found.neurons)} neurons; bits per spike above the null")
    rows = [
        [
            name,
            *(f"{x:.3g}" for x in np.quantile(one.means, [0, 0.5, 1])),
            f"{one.reliability:.2f}",
            f"{one.p:.3g}",
        ]
        for name, one in found.layers.items()
    ]
    print_table(["layer", "worst policy", "median", "best", "reliability", "p"], rows)
    rows = [
        [one.setting, one.layer, f"{one.association:.2f}", one.best, f"{one.p:.3g}", f"{one.p_holm:.3g}"]
        for one in found.predictors[:10]
    ]
    if rows:
        print_table(["setting", "layer", "association", "best", "p", "Holm"], rows)
