"""The motion that benchmarks train on: the real clips where they are, else a swaying rat."""

import os
from pathlib import Path

from rodent.clips.clip import ClipSet
from rodent.clips.reading import read_clips
from rodent.scene import Scene


def benchmark_clips(scene: Scene) -> ClipSet:
    """The nine real clips of RODENT_DATA, or synthetic ones."""
    folder = os.environ.get("RODENT_DATA")
    if folder:
        return read_clips(Path(folder, "mocap", "rat_clips_9.npz"))
    from rodent.synthesis.stance import stance_clips

    return stance_clips(scene, frames=250, n=9)
