"""A film of every clip, rendered in several processes.

render_each("walk.h5", "films/{clip}.mp4", RenderOptions(ghost=True), workers=2)
"""

import dataclasses
import multiprocessing
import os
import time
from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path

from rodent.clips.reading import clips_path
from rodent.errors import InputError
from rodent.progress import STDERR, progress
from rodent.render.film import render
from rodent.render.options import Rendered, RenderOptions
from rodent.render.shots import open_shots
from rodent.render.video import check_target

CLIP = "{clip}"
"""Stands for the name of a clip in the name of a file."""


def render_each(
    source: Path | str, out: Path | str, options: RenderOptions | None = None, workers: int = 0
) -> Rendered:
    """Render every rollout of a recording, or every clip, to a file of its own.

    Args:
        source: a recording or any file that `rodent.clips.read_clips` reads.
        out: the files, with `{clip}` in the name; their folder is created if its parent exists.
        options: of all of them.
        workers: processes; 0 for one per core.

    Raises:
        InputError: as `rodent.render.render`, the name lacks `{clip}`, or workers is negative.
        WorkError: rendering is not possible on this machine, or the disk is full.
    """
    options, began = options or RenderOptions(), time.monotonic()
    source, pattern = clips_path(source), Path(out)
    if CLIP not in pattern.name:
        raise InputError(f"{out} has no {CLIP} in its name; one file cannot be that of every clip")
    if workers < 0:
        raise InputError(f"workers is {workers}; it must not be negative (0: one per core)")
    check_target(pattern, options.size)
    with open_shots(source, options.clips, options.channels) as (_, shots):
        frames = {shot.name: shot.n_frames for shot in shots}
    files = {name: pattern.with_name(pattern.name.replace(CLIP, name)) for name in frames}
    if not pattern.parent.exists() and pattern.parent.parent.is_dir():
        pattern.parent.mkdir()
    count = min(workers or os.cpu_count() or 1, len(files))
    # a forked process would share this one's threads and its OpenGL
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=spawn, initializer=_hush) as pool:
        work = {
            pool.submit(render, source, file, dataclasses.replace(options, clips=(name,))): name
            for name, file in files.items()
        }
        try:
            done = _collect(work, frames)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return Rendered(
        frames=sum(one.frames for one in done),
        seconds=time.monotonic() - began,
        duration=sum(one.duration for one in done),
        files=tuple(str(file) for file in files.values()),
    )


def _collect(work: Mapping[Future[Rendered], str], frames: Mapping[str, int]) -> list[Rendered]:
    """What all processes rendered; the bar counts frames of finished clips."""
    done = []
    with progress("rendering", sum(frames.values()), "frames") as advance:
        for one in as_completed(work):
            done.append(one.result())
            advance(frames[work[one]], note=work[one])
    return done


def _hush() -> None:
    """A worker shows no bar of its own."""
    STDERR.quiet = True
