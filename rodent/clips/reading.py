"""Clips from a file of any known format, or built-in ones by name.

clips = read_clips("walks.h5")     # a clip file, npz, npy, stac-mjx HDF5 or mimic-mjx JSON
clips = read_clips("gaits")        # built in
"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from rodent.assets import path_or_built_in
from rodent.clips.clip import Clip, ClipSet
from rodent.clips.file import is_clip_file, load_clip_file
from rodent.clips.importers import import_clips
from rodent.clips.resampling import resample as at_rate
from rodent.clips.validate import check_clip_set
from rodent.files import existing_file
from rodent.kinematics.poses import velocities
from rodent.reading_config import ImportOptions

if TYPE_CHECKING:
    from rodent.scene import Scene


def read_clips(path: str | Path, body: "Scene | None" = None, resample: float | None = None) -> ClipSet:
    """Clips from a clip file or from any format that can be imported; the content decides.

    A bare name, such as `gaits`, is that of clips that are built in. A clip file is checked
    and taken as it is; velocities it lacks are computed. Other formats are converted as
    `rodent clips import` does with its defaults.

    Args:
        path: of the file, or a name.
        body: that the clips of a clip file are of; None for the rat of their scale.
        resample: frame rate that all clips are brought to, Hz; None for that of the file.

    Raises:
        InputError: the file is missing, damaged, of no known format, or holds motion that
            no rat of this body can have made; the message names clip, frame and joint.
    """
    path = existing_file(clips_path(path))
    if not is_clip_file(path):
        return import_clips(path, ImportOptions(resample=resample))
    clip_set = load_clip_file(path)
    check_clip_set(clip_set, str(path), body)
    clips = (_with_velocities(clip) for clip in clip_set)
    if resample is not None:
        clips = (clip if clip.fps == resample else at_rate(clip, resample) for clip in clips)
    return dataclasses.replace(clip_set, clips=tuple(clips))


def clips_path(path: str | Path) -> Path:
    """Where clips are: the path itself, or that of the built-in clips of this name."""
    return path_or_built_in(path, "motions", ".h5")


def _with_velocities(clip: Clip) -> Clip:
    return clip if clip.qvel is not None else dataclasses.replace(clip, qvel=velocities(clip.qpos, clip.fps))
