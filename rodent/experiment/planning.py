"""What an experiment takes, before it runs; and how far it is.

summary(subjects)["minutes"]
status(open_experiment("lesions"))["done"]
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from rodent.experiment.folder import Experiment
from rodent.experiment.subject import Subject

_TIMED = 15  # steps of a trial


def arm_rows(subject: Subject) -> list[dict[str, Any]]:
    """A row per arm and control of a policy: doses, draws, sites, and number of rollouts."""
    found: dict[tuple[str, str], list[int]] = {}
    for i, one in enumerate(subject.treatments):
        found.setdefault((one.arm, one.control), []).append(i)
    rows = []
    for (arm, control), members in found.items():
        given = [subject.treatments[i] for i in members]
        doses = list(dict.fromkeys(one.dose for one in given))
        acts = given[0].acts
        places = (subject.prepared.sites.concerned(act) or (act.site,) for act in acts)
        sites = dict.fromkeys(site for sites in places for site in sites)
        rows.append(
            {
                "policy": subject.label,
                "arm": arm,
                "control": control,
                "doses": ", ".join(f"{dose:g}" for dose in doses),
                "draws": len(given) // len(doses),
                "sites": ", ".join(sites),
                "rollouts": len(given) * len(subject.conditions),
            }
        )
    return rows


def summary(subjects: Sequence[Subject], rate: float | None = None) -> dict[str, Any]:
    """Rollouts, control steps, shards and minutes.

    Args:
        subjects: all policies.
        rate: control steps per second; None to time some steps of the first shard of each policy.
    """
    rates = [steps_per_second(one) if rate is None else rate for one in subjects]
    steps = [one.steps for one in subjects]
    seconds = sum(count / pace for count, pace in zip(steps, rates, strict=True))
    return {
        "rollouts": sum(one.rollouts for one in subjects),
        "steps": sum(steps),
        "shards": sum(one.tiling.shards for one in subjects),
        "rats_per_shard": [one.tiling.num_envs for one in subjects],
        "rate": sum(steps) / seconds,
        "minutes": seconds / 60,
    }


def steps_per_second(subject: Subject) -> float:
    """Control steps per second of all rats together, timed in the first shard without compiling."""
    times, frames = [time.perf_counter()], [0]

    def advance(alive: int) -> None:
        times.append(time.perf_counter())
        frames.append(alive)

    subject.play(0, advance=advance, steps=_TIMED)
    # the first step compiles
    half = len(times) // 2
    return float(np.sum(frames[half:]) / (times[-1] - times[half - 1]))


def status(experiment: Experiment) -> dict[str, Any]:
    """Shards done and missing, shards per minute, minutes left at this rate, and failures.

    The rate is that of the last tenth of the shards, 2 at least; None before there are as many.
    """
    shards = experiment.shards
    times = np.sort(list(shards.done().values()))
    last = times[-max(2, len(times) // 10) :]
    rate = None
    if len(times) > 1 and last[-1] > last[0]:
        rate = float(60 * (len(last) - 1) / (last[-1] - last[0]))
    missing = shards.count - len(times)
    return {
        "shards": shards.count,
        "done": len(times),
        "missing": missing,
        "shards_per_minute": rate,
        "minutes_left": None if rate is None else missing / rate,
        "failures": shards.failures(),
        "outcomes": (experiment.folder / "outcomes.parquet").exists(),
    }
