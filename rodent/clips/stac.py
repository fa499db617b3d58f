"""Clips from the HDF5 files that stac-mjx writes when it registers keypoints.

What is taken from the configuration:

- `model.SCALE_FACTOR`: the body's scale;
- `model.RENDER_FPS`: the frame rate. The file names no other; a caller who knows better
  gives one;
- `model.snips_order`: one file name per clip, all clips being equally long;
- `stac.n_frames_per_clip`: where there are no names, the length of the pieces that were
  fitted one by one. The frames are cut there if they divide evenly, and are one clip otherwise.

Whether qpos[:, :7] is the pose of the walker's origin or of the torso differs between
versions of stac-mjx's rodent.xml; it is detected from the stored position of the torso.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rodent.clips.raw import RawClip, RawClips, behavior_of, clean_name
from rodent.errors import InputError
from rodent.keypoints.stac import read_stac_file
from rodent.reader import Reader
from rodent.reading_config import ImportOptions, Root


def read(path: Path, options: ImportOptions) -> RawClips:
    """Read a stac-mjx file, cut where it says; in one piece if clips of another length are asked for.

    Raises:
        InputError: it is no file of stac-mjx, or cannot be cut as it says.
    """
    file = read_stac_file(path)
    whole = options.frames_per_clip is not None
    keypoints = file.keypoints
    labels, bounds = _cuts(len(file.qpos), file.config, whole, path)
    fps = file.setting("model", "RENDER_FPS")
    return RawClips(
        clips=tuple(
            RawClip(
                clean_name(label),
                file.qpos[start:stop],
                fps,
                behavior_of(label) if "snips_order" in file.config["model"] else "",
                source=path.name,
                keypoints=None if keypoints is None else keypoints[start:stop],
            )
            for label, start, stop in zip(labels, bounds[:-1], bounds[1:], strict=True)
        ),
        scale=file.setting("model", "SCALE_FACTOR"),
        # models attached to an arena have names such as walker/knee_L
        joint_names=tuple(name.rsplit("/", 1)[-1] for name in file.names_qpos[7:]) or None,
        root=_root(file.qpos, file.xpos, file.names_xpos),
        keypoint_names=file.keypoint_names,
    )


def _cuts(
    frames: int, config: dict[str, dict[str, Any]], whole: bool, path: Path
) -> tuple[list[str], list[int]]:
    """Labels of the clips, and the frames at which they begin and end."""
    stem = path.name.split(".")[0] or "clip"
    if whole:
        return [stem], [0, frames]
    if config["stac"].get("continuous"):
        raise InputError(
            f"{path}: it was fitted in overlapping stretches (stac.continuous); fit it again without, or cut "
            "it with --frames-per-clip"
        )
    snips = config["model"].get("snips_order")
    if isinstance(snips, list) and snips:
        if frames % len(snips):
            raise InputError(
                f"{path}: {frames} frames do not divide into {len(snips)} clips (model.snips_order)"
            )
        labels = [str(snip).replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".p") for snip in snips]
    else:
        length = config["stac"].get("n_frames_per_clip")
        even = isinstance(length, int) and 1 < length < frames and frames % length == 0
        labels = [f"{stem}_{i}" for i in range(frames // length)] if even else [stem]
    return labels, np.linspace(0, frames, len(labels) + 1).astype(int).tolist()


def _root(qpos: np.ndarray, xpos: Any, names: tuple[str, ...]) -> Root:
    """The body with the free joint: the torso if that is where the first frame has it.

    Only the first frame is used, because stac-mjx mixes up the order of the others in xpos.
    """
    bodies = [name.rsplit("/", 1)[-1] for name in names]
    if xpos is None or "torso" not in bodies or np.ndim(xpos) != 3 or np.shape(xpos)[1] != len(bodies):
        return "walker"
    distance = np.linalg.norm(xpos[0, bodies.index("torso")] - qpos[0, :3])
    # in the walker's frame the torso is 70 mm x scale away
    return "torso" if distance < 1e-3 else "walker"


READER = Reader("HDF5 of stac-mjx", lambda file: file.is_hdf5, read)
