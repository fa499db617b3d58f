"""Memory of a large experiment: a million rollouts are joined to a table, and its effects are computed.

    python benchmarks/experiment_memory.py --rollouts 50000     # a trial

The experiment is real: 999 draws of a lesion in 13 clips, with as many seeds as it takes. Its shards are
written with made-up outcomes, since memory does not depend on their values. Joining and reading are a process
each, as they are for users, with the project's own writer, reader and statistics; the figure is the peak of
its resident memory.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from rodent.experiment import (
    ArmConfig,
    Experiment,
    ExperimentConfig,
    Inputs,
    create_experiment,
    open_experiment,
)
from rodent.experiment.measures import ERRORS
from rodent.experiment.table import write_outcomes
from rodent.experiment.tiling import INTACT

BAR, DRAWS, FRAMES = 2.0, 999, 250
NUMBERS = (*ERRORS, "speed", "stride_length", "stance_sliding", "energy")


def main() -> bool:
    """Print every figure; whether all bars were met."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rollouts", type=int, default=1_000_000, help="rollouts at least")
    arguments.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    arguments.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.write is not None:
        return _report(write_outcomes(open_experiment(given.write))[0])
    if given.read is not None:
        return _report(_read(given.read))
    with tempfile.TemporaryDirectory() as place:
        experiment = made_up(Path(place) / "large", given.rollouts)
        return all([_measured("write", experiment), _measured("read", experiment)])


def made_up(folder: Path, rollouts: int) -> Experiment:
    """An experiment of so many rollouts at least, whose shards have random outcomes."""
    arm = ArmConfig("lesion", ("silence decoder/layer_0[20%] to zero",), draws=DRAWS)
    config = ExperimentConfig(("rat-neutral",), "gaits", (arm,), jitter=0.06)
    inputs = Inputs.of(config)
    seeds = -(-rollouts // ((DRAWS + 1) * len(inputs.clips)))
    config = ExperimentConfig(config.policies, config.clips, config.arm, seeds=max(2, seeds), jitter=0.06)
    experiment = create_experiment(folder, config, inputs)
    subject = experiment.subject(0)

    def work(number: int) -> dict[str, np.ndarray]:
        slots = subject.tiling.slots(number)
        condition, treatment = slots.condition[slots.real], slots.treatment[slots.real]
        random, n = np.random.default_rng(number), len(condition)
        intact = treatment == INTACT
        tracked = np.where(intact, FRAMES, random.integers(0, FRAMES + 1, n)).astype(np.int32)
        found = {
            "condition": condition,
            "treatment": treatment,
            "frames": np.full(n, FRAMES, np.int32),
            "frames_tracked": tracked,
            "success": tracked == FRAMES,
            "onset": np.where(intact, -1, 0).astype(np.int32),
            "changed_values": np.where(intact, 0, tracked),
            **{name: np.where(intact, condition, random.random(n)) for name in NUMBERS},
            **{name: np.zeros((n, 0)) for name in ("lowest", "highest")},
        }
        order = np.lexsort((treatment, condition))
        return {name: values[order] for name, values in found.items()}

    for number in range(experiment.shards.count):
        experiment.shards.complete(number, work)
    return experiment


def _read(folder: Path) -> int:
    """Compute all effects from the table; returns the number of its rows."""
    from analysis.effects.config import EffectReportConfig
    from analysis.effects.report import Report

    report = Report.of(folder, EffectReportConfig())
    return len(report.effects.pairs_.table)


def _report(rows: int) -> bool:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"rows": rows, "peak": peak}))
    return True


def _measured(step: str, experiment: Experiment) -> bool:
    """Do one step in a process of its own, and print the peak of its memory."""
    words = [sys.executable, __file__, f"--{step}", str(experiment.folder)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    name = f"peak memory to {step} outcomes of {found['rows']:,} rollouts"
    print(json.dumps({"figure": name, "value": round(found["peak"], 2), "unit": "GB", "bar": BAR}))
    return found["peak"] < BAR and found["rows"] == experiment.rollouts


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
