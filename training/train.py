"""The training loop: iterate, log, evaluate and checkpoint until a limit of time or steps is reached.

    run = new_run("runs/walk", TrainConfig(), "clips.h5")
    result = train(run, Until(minutes=25), callbacks=[my_callback])

It installs no signal handler and prints nothing, so it can run in a thread or a notebook. Use a `Callback` to
show progress, to log elsewhere or to stop early.
"""

import dataclasses
import json
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from rodent.clips.reading import clips_path, read_clips
from rodent.clips.validate import require_body
from rodent.errors import InputError, WorkError
from rodent.files import atomic_path
from rodent.lock import held
from rodent.physics.device import warp_devices
from rodent.physics.host import require_threads
from rodent.physics.substeps import count_substeps
from rodent.policy.policy import Policy, load_policy, save_policy
from rodent.rollouts import clip_episodes, task_episodes
from rodent.scene import make_scene
from training.callback import Callback, Progress, Until
from training.checkpoint import Checkpoints
from training.config import TrainConfig
from training.distillation import teacher_of, teaching_policy
from training.motion import Motion
from training.optimizer import require_parts
from training.primitives import primitives_of, with_primitives
from training.runs import MetricsLog, Run, begin_run, open_run, read_own_clips
from training.split import split_clips
from training.start import starting_policy, with_policy_settings
from training.trained import Trained
from training.trainer import Trainer

_RATE_SECONDS = 60.0


def new_run(out: Path | str, config: TrainConfig, clips: Path | str | None = None, threads: int = 0) -> Run:
    """Create a run folder, after checking the configuration and the clips.

    Args:
        out: the folder.
        config: of the run.
        clips: file of reference motion, or the name of built-in clips; None for a task without clips.
        threads: number of threads that will step the physics.

    Raises:
        InputError: the configuration is invalid, or does not match the clips.
    """
    scene = make_scene(config.scene)
    path, clip_set, split = None, None, {"train": [], "test": []}
    if clips is not None:
        if not config.task.needs_clips:
            raise InputError("this task does not use clips; omit --clips")
        path = clips_path(clips)
        clip_set = read_clips(path, scene, config.resample)
        require_body(clip_set, scene)
        split = split_clips(
            clip_set, config.test_fraction, config.seed, config.test_clips, config.validation_clips
        )
    task = config.task.build(scene, clip_set)
    count_substeps(task.timestep, scene.model.opt.timestep)
    require_threads(threads)
    if config.device == "gpu":
        warp_devices(config.ppo.num_envs)
    held_out = [*split["test"], *split.get("validation", ())]
    if start := starting_policy(config, held_out):
        config = with_policy_settings(config, start)
    primitives, teacher = primitives_of(config), teaching_policy(config, held_out)
    config = with_primitives(config, primitives)
    network = dataclasses.replace(config.network, image=task.image)
    config = dataclasses.replace(config, network=network)
    require_parts(config.ppo.optimizer, config.network.agent(task.action_size), task.image)
    others = {"start": start, "teacher": teacher, "primitives": primitives}
    given = {role: policy for role, policy in others.items() if policy is not None}
    return begin_run(Path(out), config, path, split, given)


def train(
    run: Run | Path | str, until: Until, *, callbacks: Sequence[Callback] = (), threads: int = 0
) -> Trained:
    """Train until a limit is reached, from the run's last checkpoint if it has one.

    Args:
        run: an open run, or its folder.
        until: limits.
        callbacks: called during the training.
        threads: number of threads that step the physics on the host; 0 for one per core.

    Returns:
        steps, seconds, and metrics of the saved policy.

    Raises:
        InputError: another process works on the run.
        WorkError: a metric is not finite.
    """
    run = run if isinstance(run, Run) else open_run(Path(run))
    with held(run.folder, "rodent train"):
        return _train(run, until, callbacks, threads)


def _train(run: Run, until: Until, callbacks: Sequence[Callback], threads: int) -> Trained:
    """The training of `train`, in a run folder that no other process works on."""
    trainer = trainer_of(run, threads)
    others = run.other_policies()
    checkpoints = Checkpoints(run.folder / "checkpoints")
    iteration, clock, rate, stopped = 0, _Clock(), _Rate(), False
    if checkpoints.any():
        iteration, state = checkpoints.restore(trainer.state())
        trainer.set_state(state)
    elif "start" in others:
        trainer.start_from(others["start"])
    elif "primitives" in others:
        trainer.act_through(others["primitives"])

    def save() -> None:
        checkpoints.save(iteration, trainer.state())
        save_policy(trainer.policy(_provenance(run, trainer, others)), run.folder / "policy")

    def keep() -> None:
        run.keep(trainer.latest_policy(_provenance(run, trainer, others)), trainer.steps)

    keep_every = run.config.keep_every
    if keep_every and iteration == 0:
        keep()
    log = MetricsLog(run, iteration)
    progress = Progress(iteration, trainer.steps, 0.0, 0.0, trainer.phase, {}, {})
    try:
        for callback in callbacks:
            callback.on_start(run, progress, until)
        while not until.reached(clock.seconds, trainer.steps):
            if stopped := any(callback.should_stop() for callback in callbacks):
                break
            before = trainer.steps
            metrics = trainer.iterate()
            iteration += 1
            _require_finite(run, trainer, iteration, metrics)
            _report_divergences(run, trainer, iteration)
            every = run.config.evaluate_every
            due = iteration == 1 or trainer.steps // every > before // every
            if keep_every and trainer.steps // keep_every > before // keep_every:
                keep()
            found = trainer.evaluate() if due else {}
            place = (iteration, trainer.steps, clock.seconds, rate(trainer.steps), trainer.phase)
            progress = Progress(*place, metrics, found)
            log.write(progress)
            for callback in callbacks:
                callback.on_iteration(run, progress)
            if clock.checkpoint_due(run.config.checkpoint_seconds):
                save()
                for callback in callbacks:
                    callback.on_checkpoint(run, progress)
        trainer.evaluate()
        save()
        best = trainer.evaluate_best()
    finally:
        log.close()
        checkpoints.close()
    figures = {"run": str(run.folder), "steps": trainer.steps, "seconds": clock.seconds, **best}
    return Trained(run, figures, stopped=stopped)


def trainer_of(run: Run, threads: int = 0) -> Trainer:
    """The trainer of a run before the first iteration."""
    config, scene = run.config, make_scene(run.config.scene)
    if run.clips is None:
        task = config.task.build(scene, None)
        return Trainer(config, task, task_episodes(task), threads=threads)
    clips = read_own_clips(run)
    train = clips.subset(run.split["train"])
    names = run.split.get("validation")
    validation = clips.subset(names) if names else None
    task = config.task.build(scene, train)
    return Trainer(
        config,
        task,
        clip_episodes(validation or train),
        judged=None if validation is None else config.task.build(scene, validation),
        motion=Motion(config.motion, task, train, config.seed) if config.motion.pieces else None,
        teacher=teacher_of(load_policy(run.teacher)) if config.teacher else None,
        threads=threads,
    )


class _Rate:
    """Control steps per second over the last minute, without the first iteration, which compiles."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def __call__(self, steps: int) -> float:
        """The rate at the end of an iteration; 0 after the first."""
        now = time.monotonic()
        self._seen.append((now, steps))
        while now - self._seen[0][0] > _RATE_SECONDS and len(self._seen) > 2:
            self._seen.popleft()
        begun, first = self._seen[0]
        return (steps - first) / max(now - begun, 1e-9)


class _Clock:
    """Times one call of `train`."""

    def __init__(self) -> None:
        self._begun = self._last_checkpoint = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def checkpoint_due(self, every: float) -> bool:
        now = time.monotonic()
        if now - self._last_checkpoint < every:
            return False
        self._last_checkpoint = now
        return True


def _provenance(run: Run, trainer: Trainer, others: dict[str, Policy]) -> dict[str, Any]:
    provenance: dict[str, Any] = {"steps": trainer.steps, "seed": run.config.seed}
    if run.clips is not None:
        provenance |= {
            "clips": run.clips.name,
            "clips_digest": run.clips_digest,
            "trained_on": run.split["train"],
        }
    return provenance | {
        role: {"digest": policy.digest(), **policy.provenance} for role, policy in others.items()
    }


def _report_divergences(run: Run, trainer: Trainer, iteration: int) -> None:
    """Append the states before divergences of physics to diverged.jsonl."""
    rows = [
        {"iteration": iteration} | {k: np.asarray(v).tolist() for k, v in diverged._asdict().items()}
        for diverged in trainer.take_divergences()
    ]
    if rows:
        with (run.folder / "diverged.jsonl").open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


def _require_finite(run: Run, trainer: Trainer, iteration: int, metrics: dict[str, float]) -> None:
    """Stop before a checkpoint is written if a metric is not finite: name it and dump the state."""
    wrong = [name for name, value in metrics.items() if not np.isfinite(value)]
    if not wrong:
        return
    dump = run.folder / f"not-finite-{iteration}.npz"
    leaves = jax.tree_util.tree_leaves_with_path(trainer.state())
    with atomic_path(dump) as temporary:
        arrays: dict[str, Any] = {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}
        np.savez_compressed(temporary, allow_pickle=False, **arrays)
    raise WorkError(
        f"{', '.join(wrong)} not finite in iteration {iteration}; the state is in {dump}, and the last "
        "checkpoint is intact: lower ppo.learning-rate and continue with --resume"
    )
