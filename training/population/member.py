"""Train and measure one member of a population.

figures = member("walks", population.digest, 7)
"""

import shutil
from pathlib import Path

import jax
import numpy as np

from rodent.errors import InputError
from rodent.jax_setup import cache_compilations
from rodent.policy.policy import load_policy, save_policy
from training.callback import Until
from training.evaluate import evaluate
from training.population.draw import member_config
from training.population.folder import Population, open_population
from training.robust import CHANGES, robustness
from training.runs import Run, open_run, read_own_clips
from training.train import new_run, train

ERRORS = ("root_position_error_mm_all_frames", "joint_angle_error_deg_all_frames")
FIGURES = ("success_rate", "mean_frames", *ERRORS)
"""What is measured of every member: fraction of copies tracked to the end, their mean frames before a
failure, and mean errors over all frames of the clips."""


def member(folder: str, digest: str, number: int, *, threads: int = 0) -> dict[str, np.ndarray]:
    """Train a member, keep its policy, and measure it: a pure function of the digest and the number.

    Args:
        folder: of the population.
        digest: of the population.
        number: of the member.
        threads: that step the physics; 0 for one per core.

    Returns:
        `FIGURES`, the control steps, and the digest of the policy.

    Raises:
        InputError: the folder has another population.
        WorkError: a metric of the training is not finite, or the disk is full.
    """
    cache_compilations()
    population = open_population(folder)
    if population.digest != digest:
        raise InputError(f"{folder} has the population {population.digest}; {digest} is expected")
    run = _begun(population, number, threads)
    result = train(run, Until(steps=population.config.steps), threads=threads)
    policy = load_policy(run.folder)
    save_policy(policy, population.policy(number))
    clips = read_own_clips(run)
    copies = robustness(policy, clips, copies=population.config.criterion.copies, changes=CHANGES[:1])
    mean = evaluate(policy, clips)["mean"]
    jax.clear_caches()  # members differ in shapes: what is compiled for one would fill the memory
    found = {**mean, **copies["robust"][0]}
    shutil.rmtree(run.folder / "checkpoints", ignore_errors=True)  # large, and of no more use
    return {
        **{name: np.array(found[name], float) for name in FIGURES},
        "steps": np.array(result["steps"]),
        "digest": np.array(policy.digest()),
    }


def _begun(population: Population, number: int, threads: int) -> Run:
    """The run of a member: new, or as a killed process left it."""
    folder = population.run(number)
    if (folder / "config.json").exists():
        return open_run(folder)
    if Path(folder).exists():
        shutil.rmtree(folder)
    return new_run(folder, member_config(population.config, number), population.clips, threads)
