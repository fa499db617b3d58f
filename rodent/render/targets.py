"""Targets of a task, where they are shown: in films and in the viewer."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from rodent.recording import Channel

TARGET_COLOUR = (0.9, 0.25, 0.15, 1.0)
TARGET_RADIUS = 0.012  # metres
_NAMES = ("target", "targets")


class Played(Protocol):
    """A rollout of a recording, or one in memory."""

    @property
    def name(self) -> str:
        """Of the clip, or of the episode."""
        ...

    @property
    def n_frames(self) -> int:
        """Control steps."""
        ...

    @property
    def channels(self) -> Mapping[str, Channel]:
        """Units and columns of the channels."""
        ...

    def has(self, name: str) -> bool:
        """Whether there is a channel of this name."""
        ...

    def read(self, name: str, frames: slice = slice(None)) -> np.ndarray:
        """Some frames of a channel."""
        ...


def target_channel(channels: Mapping[str, Channel]) -> str | None:
    """The name of the channel that has a task's targets; None if none has."""
    return next((name for name in _NAMES if name in channels), None)


def target_places(values: np.ndarray, channel: Channel) -> np.ndarray:
    """Where the targets are, m, shape (frames, n, 3); those given by their places on the floor lie on it.

    Args:
        values: of the channel, shape (frames, columns).
        channel: that of `target_channel`.
    """
    axes = 3 if any(column.startswith("z") for column in channel.columns or ()) else 2
    places = values.reshape(len(values), -1, axes)
    if axes == 3:
        return places
    return np.concatenate([places, np.full_like(places[..., :1], TARGET_RADIUS)], axis=-1)


def recorded_targets(rollout: Played, frames: slice = slice(None)) -> Callable[[], np.ndarray] | None:
    """How to read where the targets of a task are, m, shape (frames, n, 3); None if none were recorded."""
    name = target_channel(rollout.channels)
    if name is None:
        return None
    return lambda: target_places(rollout.read(name, frames), rollout.channels[name])
