"""The classifier of `rodent twin map` on cells whose type is known, without a twin.

    RODENT_DATA=FOLDER python benchmarks/cell_types.py
    python benchmarks/cell_types.py cellexplorer_ground_truth.csv

The table is the ground truth of github.com/petersenpeter/CellExplorer (BSD-3): cells of mice whose type is
known from a marker that they carry. Each is described by the shape of its spike and of its autocorrelogram.
Nobody recorded the movement of these mice, so that only the classifier is tested, and not what readouts of a
twin tell. A mouse has cells of one type only: classes of whole mice are permuted.

The claim: in mice that were left out, interneurons with parvalbumin, somatostatin and VIP are told apart by
the shapes, better than by permuted classes, after the rate was taken off.
"""

import csv
import os
import sys
from pathlib import Path

import numpy as np
from _figures import report

from analysis.twin.mapping import RATE, Sample, map_labels

FILE = "neural/cell-types/cellexplorer_ground_truth.csv"
"""In RODENT_DATA."""
SPIKE = ("troughToPeak", "ab_ratio")
AUTOCORRELOGRAM = (
    *("acg_tau_rise", "acg_tau_decay", "acg_tau_burst", "cv2"),
    *("burstIndex_Royer2012", "burstIndex_Mizuseki2012"),
)
SHAPES = "shapes"
INTERNEURONS = ("PV", "SST", "VIP")
ALL = (*INTERNEURONS, "Axo_Axonic", "Pyramidal", "VGAT")
PERMUTATIONS = 199


def main() -> bool:
    """Print accuracies; whether the claim holds."""
    words = sys.argv[1:]
    if not words and "RODENT_DATA" not in os.environ:
        print("not measured: name the table, or set RODENT_DATA", file=sys.stderr)
        return True
    path = Path(words[0]) if words else Path(os.environ["RODENT_DATA"]) / FILE
    good = True
    for kinds in (INTERNEURONS, ALL):
        found = map_labels(cells(path, kinds), "type", PERMUTATIONS, seed=0)
        print(f"{', '.join(kinds)}: {found.counts} in {found.animals} mice")
        for model in (RATE, SHAPES):
            one = found.decodings[model]
            print(
                f"  {model}: balanced accuracy {one.accuracy:.3f}, of permuted classes "
                f"{np.mean(one.null):.3f}, p {one.p:.3f}"
            )
        if kinds == INTERNEURONS:
            p = found.decodings[SHAPES].p
            good = report("interneurons told apart by shapes, p", p, "1", 0.05, "most")
    return good


def cells(path: Path, kinds: tuple[str, ...]) -> list[Sample]:
    """The cells of some types, by mouse."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] in kinds]
    found = []
    for mouse in sorted({row["animal"] for row in rows}):
        own = [row for row in rows if row["animal"] == mouse]
        blocks = tuple(
            np.array([[float(row[name]) for name in names] for row in own])
            for names in (SPIKE, AUTOCORRELOGRAM)
        )
        rate = np.log([float(row["firingRate"]) for row in own])
        found.append(Sample(mouse, {SHAPES: blocks}, rate, {"type": np.array([row["label"] for row in own])}))
    return found


if __name__ == "__main__":
    sys.exit(not main())
