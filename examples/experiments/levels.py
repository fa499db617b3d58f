"""Silence the same fraction of the high level and of the decoder of a policy over motor primitives.

python examples/experiments/levels.py --doses 20 50 100
"""

import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tyro

from rodent.pages.output import print_table
from rodent.policy.policy import Policy, load_policy
from rodent.record_config import RecordConfig
from rodent.recording import open_recording
from rodent.rollouts import record
from rodent.rollouts.interventions import recorded_statistics

LEVELS = {"high level": "decoder/layer_?", "decoder of the primitives": "low/decoder/layer_?"}


@dataclasses.dataclass(frozen=True)
class Options:
    """How much is silenced, and how long is played."""

    doses: tuple[float, ...] = (20, 50, 100)
    """Percent of the units of every hidden layer."""
    episodes: int = 16
    """Episodes per lesion; the same commands in each."""
    seconds: float = 8.0
    """Duration of an episode, s; a new command comes every 4 s."""


def outcomes(path: Path) -> list[str]:
    """Speed and turn error per frame, share of commands that were followed, and falls."""
    with open_recording(path) as recording:
        found, trials = recording.outcomes, recording.trials
        frames = found["lifespan"]
        errors = [float(np.average(found[f"error/{name}"], weights=frames)) for name in ("speed", "turn")]
        followed = float((trials["outcome"] == "followed").mean())
        return [*(f"{error:.3f}" for error in errors), f"{followed:.2f}", str(found["terminated"].sum())]


def rows(policy: Policy, options: Options, folder: Path) -> Iterator[list[str]]:
    """A row of the table per lesion; the intact policy first."""
    intact = folder / "intact.h5"
    record(policy, None, intact, RecordConfig(episodes=options.episodes))
    yield ["none", "", *outcomes(intact)]
    statistics, states = (
        recorded_statistics(intact, policy),
        RecordConfig("states", episodes=options.episodes),
    )
    for dose in options.doses:
        for level, site in LEVELS.items():
            lesion = f"silence {site}[{dose:g}%] to mean"
            out = folder / f"{level}-{dose:g}.h5"
            record(policy, None, out, states, interventions=[lesion], statistics=statistics)
            yield [level, f"{dose:g} %", *outcomes(out)]


def main(options: Options) -> None:
    """Play and print."""
    policy = load_policy("rat-joystick")
    policy = dataclasses.replace(policy, task=dataclasses.replace(policy.task, seconds=options.seconds))
    columns = ["silenced", "units", "speed error m/s", "turn error rad/s", "followed", "falls"]
    with tempfile.TemporaryDirectory() as folder:
        print_table(columns, list(rows(policy, options, Path(folder))))


if __name__ == "__main__":
    main(tyro.cli(Options))
