"""The training loop: iterate, log, evaluate, checkpoint, until the time, the steps or Ctrl-C."""

import json
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np

from rodent.clips.clip import ClipSet
from rodent.clips.reading import clips_path, read_clips
from rodent.clips.validate import require_body
from rodent.errors import InputError, WorkError
from rodent.files import atomic_path
from rodent.physics.device import warp_devices
from rodent.physics.host import count_substeps, require_threads
from rodent.policy.intention import IntentionAgent
from rodent.policy.policy import Policy, load_policy, save_policy
from rodent.progress import progress
from rodent.scene import make_scene
from rodent.tasks.reference import control_timestep
from training.checkpoint import Checkpoints
from training.config import TrainConfig
from training.evaluate import clip_episodes
from training.optimizer import require_parts
from training.runs import MetricsLog, Run, begin_run, open_run, read_own_clips
from training.split import split_clips
from training.start import fitted, starting_policy
from training.trainer import Trainer

_RATE_SECONDS = 60.0


def start(
    clips: Path, out: Path, config: TrainConfig, minutes: float | None, steps: int | None, threads: int = 0
) -> dict[str, Any]:
    """Begin a run and train; see `train`."""
    clips = clips_path(clips)
    body = make_scene(config.scene)
    clip_set = read_clips(clips, body)
    require_body(clip_set, body)
    # no run folder for what cannot run
    count_substeps(control_timestep(clip_set), body.model.opt.timestep)
    require_threads(threads)
    if config.device == "gpu":
        warp_devices(config.ppo.num_envs)
    split = split_clips(clip_set, config.test_fraction, config.seed, config.test_clips)
    if policy := starting_policy(config, split["test"]):
        config = fitted(config, policy)
    require_parts(config.ppo.optimizer, IntentionAgent(config.network, body.model.nu))
    run = begin_run(out, config, clips, split, policy)
    return train(run, clip_set, minutes, steps, threads)


def resume(out: Path, minutes: float | None, steps: int | None, threads: int = 0) -> dict[str, Any]:
    """Continue a run from its last checkpoint, with the configuration it was begun with."""
    run = open_run(out)
    return train(run, read_own_clips(run), minutes, steps, threads)


def train(
    run: Run, clips: ClipSet, minutes: float | None, steps: int | None, threads: int = 0
) -> dict[str, Any]:
    """Train until a bound is met, from the run's last checkpoint if it has one.

    Args:
        run: an open run folder.
        clips: what its file of clips holds.
        minutes: bound on the time of this call; None for none.
        steps: bound on the control steps of the whole run; None for none.
        threads: that step the physics on the host; 0 for one per core.

    Returns:
        what came of it: steps, seconds and how the saved policy tracks.

    Raises:
        WorkError: a figure is not finite any more.
        KeyboardInterrupt: Ctrl-C, after everything was saved.
    """
    if minutes is None and steps is None:
        raise InputError("say how long to train: --minutes or --steps")
    config = run.config
    clock = _Clock()
    clips = clips.subset(run.split["train"])
    task = config.task.build(make_scene(config.scene), clips)
    trainer = Trainer(config, task, clip_episodes(clips), threads=threads)
    start = load_policy(run.start) if config.start_from else None
    checkpoints = Checkpoints(run.folder / "checkpoints")
    iteration = 0
    if checkpoints.any():
        iteration, state = checkpoints.restore(trainer.state())
        trainer.set_state(state)
    elif start is not None:
        trainer.start_from(start)
    log = MetricsLog(run.folder, iteration)
    rate = _Rate()
    tracking: dict[str, float] = {}
    total = float(steps) if steps is not None else 60.0 * (minutes or 0.0)
    try:
        with _interruptible() as interrupted, progress("training", total, "steps" if steps else "") as bar:
            bar(trainer.steps if steps else clock.lap())
            while not interrupted and not clock.over(minutes, steps, trainer.steps):
                before = trainer.steps
                figures = trainer.iterate()
                iteration += 1
                _require_finite(run, trainer, iteration, figures)
                _report_divergences(run, trainer, iteration)
                row = {"iteration": iteration, "steps": trainer.steps, "seconds": clock.seconds}
                due = trainer.steps // config.evaluate_every > before // config.evaluate_every
                found = trainer.evaluate() if due or iteration == 1 else {}
                tracking = found or tracking
                pace = rate(trainer.steps)
                log.write(row | {"steps_per_second": pace} | figures | found)
                passed = trainer.steps - before if steps else clock.lap()
                bar(passed, _note(trainer, pace, tracking))
                if clock.checkpoint_due(config.checkpoint_seconds):
                    _save(run, trainer, checkpoints, iteration, start)
        trainer.evaluate()
        _save(run, trainer, checkpoints, iteration, start)
        best = trainer.evaluate_best()
    finally:
        log.close()
        checkpoints.close()
    if interrupted:
        raise KeyboardInterrupt
    return {"run": str(run.folder), "steps": trainer.steps, "seconds": clock.seconds, **best}


class _Rate:
    """Control steps per second over the last minute, but for the first iteration, which compiles."""

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
        self._begun = self._last_lap = self._last_checkpoint = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def lap(self) -> float:
        """Seconds since the last lap."""
        now = time.monotonic()
        passed, self._last_lap = now - self._last_lap, now
        return passed

    def checkpoint_due(self, every: float) -> bool:
        now = time.monotonic()
        if now - self._last_checkpoint < every:
            return False
        self._last_checkpoint = now
        return True

    def over(self, minutes: float | None, steps: int | None, done: int) -> bool:
        return (minutes is not None and self.seconds >= 60 * minutes) or (steps is not None and done >= steps)


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Collect Ctrl-C and SIGTERM in a list, so that the iteration under way can end; twice kills."""
    received: list[int] = []
    previous: dict[int, Any] = {}

    def handle(number: int, frame: Any) -> None:
        received.append(number)
        signal.signal(number, previous[number])

    for number in (signal.SIGINT, signal.SIGTERM):
        previous[number] = signal.signal(number, handle)
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _save(run: Run, trainer: Trainer, checkpoints: Checkpoints, iteration: int, start: Policy | None) -> None:
    checkpoints.save(iteration, trainer.state())
    provenance = {
        "clips": run.clips.name,
        "clips_digest": run.clips_digest,
        "trained_on": run.split["train"],
        "steps": trainer.steps,
        "seed": run.config.seed,
    }
    if start is not None:
        provenance["start"] = {"digest": start.digest(), **start.provenance}
    save_policy(trainer.policy(provenance), run.folder / "policy")


def _report_divergences(run: Run, trainer: Trainer, iteration: int) -> None:
    """Append the states from which rats' physics broke to diverged.jsonl."""
    rows = [
        {"iteration": iteration} | {k: np.asarray(v).tolist() for k, v in broken._asdict().items()}
        for broken in trainer.take_divergences()
    ]
    if rows:
        with (run.folder / "diverged.jsonl").open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


def _require_finite(run: Run, trainer: Trainer, iteration: int, figures: dict[str, float]) -> None:
    """Stop before a checkpoint is written if a figure is not finite, naming it and dumping the state."""
    wrong = [name for name, value in figures.items() if not np.isfinite(value)]
    if not wrong:
        return
    dump = run.folder / f"not-finite-{iteration}.npz"
    leaves = jax.tree_util.tree_leaves_with_path(trainer.state())
    with atomic_path(dump) as temporary:
        arrays: dict[str, Any] = {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}
        np.savez_compressed(temporary, allow_pickle=False, **arrays)
    raise WorkError(
        f"{', '.join(wrong)} not finite at iteration {iteration}; the state is in {dump}, and the last "
        "checkpoint is whole: lower ppo.learning-rate and continue with --resume"
    )


def _note(trainer: Trainer, pace: float, tracking: dict[str, float]) -> str:
    now = f"{trainer.phase}: {trainer.steps / 1e6:.2f} M steps, {pace:,.0f} steps/s"
    if not tracking:
        return now
    error = tracking["tracking/root_position_error_mm"]
    return f"{now}, success {tracking['success_rate']:.0%}, root error {error:.1f} mm"
