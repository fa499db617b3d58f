"""Behavior of simulated animals: a built-in policy tracks endless motion made from clips.

    paths = record_rats(RatPlan(rats=10, minutes=20), folder)       # a recording per rat
    session = behavior_of(paths[0], plan)                           # its streams, without spikes

Each rat has motion of its own, made from the same clips: spliced, mirrored, in another pace and posture. What
it does is physics: forces and contacts are those of the simulation. Rollouts in which the policy lost its
motion are left out.
"""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from analysis.encoding.bands import read_bands
from analysis.similarity.conditions import kinematic_labels
from analysis.timeline import Timeline
from analysis.twin.session import Stream, TwinSession
from rodent.clips import read_clips
from rodent.clips.clip import ClipSet
from rodent.errors import InputError, check_setting
from rodent.motion_config import PieceConfig
from rodent.policy.policy import load_policy
from rodent.record_config import RecordConfig
from rodent.recording import open_recording
from rodent.recording.body import recorded_body
from rodent.rollouts import record
from rodent.scene import Scene, make_scene
from rodent.synthesis.pieces import Pieces, piece_clips

_SPARE = 1.4  # of the pieces needed, because some are short and some are lost by the policy


@dataclasses.dataclass(frozen=True)
class RatPlan:
    """What simulated animals do."""

    rats: int = 10
    """Number of animals."""
    minutes: float = 20.0
    """Of behavior of each animal."""
    policy: str = "rat-position"
    """Policy that moves the rats, a folder or a built-in one."""
    clips: str = "gaits"
    """Clips that their motion is made from, a file or built-in ones."""
    piece_seconds: float = 4.0
    """Longest uninterrupted motion, seconds."""
    bin_seconds: float = 0.04
    """Length of a bin, seconds."""
    streams: tuple[str, ...] = ("joints", "velocities")
    """Streams of behavior that the twin sees."""
    seed: int = 0
    """Of the motion."""

    def __post_init__(self) -> None:
        for name in ("minutes", "piece_seconds", "bin_seconds"):
            good = 0 < getattr(self, name) < math.inf
            check_setting("setting of simulated rats", name, good, getattr(self, name), "positive")
        check_setting("setting of simulated rats", "rats", self.rats >= 1, self.rats, "at least 1")


def record_rats(
    plan: RatPlan, folder: Path, advance: Callable[[float], None] = lambda rats: None
) -> list[Path]:
    """Record every animal; `advance` is called with the number of animals done.

    Raises:
        InputError: policy or clips are unknown or do not go together.
    """
    policy, clips = load_policy(plan.policy), read_clips(plan.clips)
    scene = make_scene(policy.body)
    paths = []
    for rat in range(plan.rats):
        path = folder / f"rat_{rat}.h5"
        config = RecordConfig(content="states", seed=plan.seed)
        record(policy, motion_of(plan, clips, scene, rat), path, config)
        paths.append(path)
        advance(1)
    return paths


def motion_of(plan: RatPlan, clips: ClipSet, scene: Scene, rat: int) -> ClipSet:
    """The motion of one animal, a little more than its minutes."""
    config = PieceConfig(seconds=plan.piece_seconds, rough=0.0)
    pieces = Pieces(config, clips, scene, seed=plan.seed * 1000 + rat)
    return piece_clips(pieces, math.ceil(_SPARE * plan.minutes * 60 / plan.piece_seconds))


def behavior_of(path: Path, plan: RatPlan) -> TwinSession:
    """Streams and behaviors of a recording, with one silent neuron in place of those to be planted.

    Raises:
        InputError: too little of the motion was tracked.
    """
    with open_recording(path) as recording:
        tracked = [rollout for rollout in recording.rollouts.values() if rollout["alive"].all()]
        if not tracked:
            raise InputError(f"{path}: the policy {plan.policy} tracked none of its motion; take another one")
        timeline = Timeline.of(tracked, recording.fps, plan.bin_seconds, apart=True)
        bands = read_bands(plan.streams, timeline, recording)
        labels = kinematic_labels(timeline, recording.fps, recorded_body(recording))
    bins = min(timeline.n_bins, round(plan.minutes * 60 / plan.bin_seconds))
    streams = tuple(Stream.named(band.name, band.values[:bins], band.columns) for band in bands)
    silent = np.zeros((bins, 1), np.uint8)
    return TwinSession(
        name=path.stem,
        animal=path.stem,
        streams=streams,
        counts=silent,
        neurons=("silent",),
        bin_seconds=plan.bin_seconds,
        piece=timeline.rollout[:bins],
        behavior=labels[:bins],
    )
