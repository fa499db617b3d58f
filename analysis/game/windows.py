"""Windows of the two sides of a game, with their groups and behaviors.

    sides = describe([model, rat], groups, labelled=True)
    windows = [side.windows(1.0, 15.0) for side in sides]
    windows[0].features, windows[0].group, windows[0].behavior     # a row per window

A group is what must not be in training and test data at once: a session of the animal if there are several,
else a clip. Windows of a model that imitates a clip are of the group of that clip.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.game.features import in_windows, motion_features
from analysis.game.signals import Signals, signals_of
from analysis.motion import MotionSet
from rodent.clips.behavior import behaviors, most_common
from rodent.errors import InputError


@dataclasses.dataclass(frozen=True, eq=False)
class Windows:
    """Windows of one side; arrays lead with (windows,)."""

    features: np.ndarray
    """Summary statistics, shape (windows, features)."""
    groups_of_features: tuple[str, ...]
    """Name of the group of each feature."""
    sequence: np.ndarray | None
    """Signals, shape (windows, frames, channels); None if there are none to read in order."""
    group: np.ndarray
    """Session or clip, text."""
    behavior: np.ndarray
    """Behavior, text."""
    source: np.ndarray
    """Name of the motion that the window is from, text."""

    def __len__(self) -> int:
        return len(self.features)

    def subset(self, chosen: np.ndarray) -> "Windows":
        """Some of the windows, by index or mask."""
        return dataclasses.replace(
            self,
            features=self.features[chosen],
            sequence=None if self.sequence is None else self.sequence[chosen],
            group=self.group[chosen],
            behavior=self.behavior[chosen],
            source=self.source[chosen],
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Described:
    """A side with its signals, groups and behaviors, before it is cut into windows."""

    motions: MotionSet
    signals: tuple[Signals, ...]
    group: tuple[str, ...]
    """Of each motion."""
    behavior: tuple[np.ndarray, ...]
    """Of each frame of each motion, text."""

    def windows(self, seconds: float, lowpass: float) -> Windows:
        """Cut into windows of a length, seconds, without overlap."""
        fps = self.motions.fps
        frames = max(4, round(seconds * fps))
        tables, sequences, group, behavior, source = [], [], [], [], []
        names = self.motions.scene.joint_names
        for i, (motion, signals) in enumerate(zip(self.motions.motions, self.signals, strict=True)):
            tables.append(motion_features(signals, frames, fps, names, lowpass))
            sequences.append(in_windows(signals.sequence, frames))
            labels = in_windows(self.behavior[i], frames)
            group += [self.group[i]] * len(labels)
            behavior += [most_common(window) for window in labels]
            source += [motion.name] * len(labels)
        return Windows(
            features=np.concatenate([table.values for table in tables]),
            groups_of_features=tables[0].groups,
            sequence=np.concatenate(sequences),
            group=np.array(group, dtype=str),
            behavior=np.array(behavior, dtype=str),
            source=np.array(source, dtype=str),
        )


def describe(sides: Sequence[MotionSet], groups: Mapping[str, str], labelled: bool) -> list[Described]:
    """Signals, groups and behaviors of sides.

    Args:
        sides: of the game, equalised.
        groups: the group of each clip; a clip that is not in it is a group of its own.
        labelled: whether behaviors are those of the files' labels, else they follow from kinematics.
    """
    found = []
    for side in sides:
        long = side.replaced([one for one in side.motions if len(one.qpos) >= 4])
        if not long.motions:
            raise InputError(f"{side.place} has no motion of four frames or more")
        signals = tuple(signals_of(one, side.scene) for one in long.motions)
        labels = tuple(
            np.full(len(one.qpos), one.behavior) if labelled else behaviors(one.qpos, one.fps, side.scene)
            for one in long.motions
        )
        group = tuple(groups.get(one.clip, one.clip) for one in long.motions)
        found.append(Described(long, signals, group, labels))
    return found


def group_of_clips(rat: MotionSet) -> tuple[dict[str, str], str]:
    """The group of each clip, and what a group is: `sessions` or `clips`."""
    several = len(rat.sessions) > 1
    groups = {one.clip: one.session or one.clip if several else one.clip for one in rat.motions}
    return groups, "sessions" if several else "clips"


def are_labelled(sides: Sequence[MotionSet]) -> bool:
    """Whether every motion of all sides has a label, and they share some."""
    labels = [{one.behavior for one in side.motions} for side in sides]
    return all("" not in names for names in labels) and bool(set.intersection(*labels))
