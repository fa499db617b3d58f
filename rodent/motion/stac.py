"""The HDF5 files that stac-mjx writes when it registers keypoints.

Datasets `qpos` (N, 74), `names_qpos` (the free joint's name seven times, then the hinges),
`xpos` (N, bodies, 3), `names_xpos`, `kp_data` (N, 3 K), `kp_names`, and `config`, a YAML
text. What is taken from the configuration:

- `model.SCALE_FACTOR`: the body's scale;
- `model.RENDER_FPS`: the frame rate. The file names no other; a caller who knows better
  gives one;
- `model.snips_order`: one file name per clip, all clips being equally long;
- `stac.n_frames_per_clip`: where there are no names, the length of the stretches that were
  fitted one by one. The frames are cut there if they come out even, and are one clip if not.

Whether qpos[:, :7] is the pose of the walker's origin or of the torso differs between
versions of stac-mjx's rodent.xml; the stored position of the torso tells.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rodent.errors import InputError
from rodent.files import open_hdf5, reading
from rodent.motion.raw import RawClip, RawClips, Root, behavior_of, clean_name, number, numbers


def read_stac(path: Path, whole: bool = False) -> RawClips:
    """Read a stac-mjx file, as one clip if `whole`, else cut where the file says."""
    with reading(path), open_hdf5(path) as file:
        if "qpos" not in file:
            raise InputError(
                f"{path} has neither an attribute 'schema' nor a dataset 'qpos': it is no clip file and no "
                f"stac-mjx output; it has: {', '.join(map(str, file)) or 'nothing'}"
            )
        data = {name: file[name][()] for name in _WANTED if hasattr(file.get(name), "shape")}
        texts = {name: _names(data.get(name)) for name in ("names_qpos", "names_xpos", "kp_names")}
    if "qpos" not in data:
        raise InputError(f"{path}: qpos is a group; a dataset is wanted")
    qpos = numbers(data["qpos"], f"{path}: qpos")
    if qpos.ndim != 2:
        raise InputError(f"{path}: qpos has shape {qpos.shape}; (frames, 74) is wanted")
    config = _config(data.get("config"), path)
    keypoint_names = texts["kp_names"]
    keypoints = _keypoints(data.get("kp_data"), len(qpos), keypoint_names, path)
    labels, bounds = _cuts(len(qpos), config, whole, path)
    fps = _setting(config, "model", "RENDER_FPS", path)
    return RawClips(
        clips=tuple(
            RawClip(
                clean_name(label),
                qpos[start:stop],
                fps,
                behavior_of(label) if "snips_order" in config["model"] else "",
                source=path.name,
                keypoints=None if keypoints is None else keypoints[start:stop],
            )
            for label, start, stop in zip(labels, bounds[:-1], bounds[1:], strict=True)
        ),
        scale=_setting(config, "model", "SCALE_FACTOR", path),
        # models attached to an arena have names such as walker/knee_L
        joint_names=tuple(name.rsplit("/", 1)[-1] for name in texts["names_qpos"][7:]) or None,
        root=_root(qpos, data.get("xpos"), texts["names_xpos"]),
        keypoint_names=keypoint_names if keypoints is not None else (),
    )


_WANTED = ("qpos", "names_qpos", "xpos", "names_xpos", "kp_data", "kp_names", "config")


def _config(text: Any, path: Path) -> dict[str, dict[str, Any]]:
    import yaml

    sections: dict[str, dict[str, Any]] = {"model": {}, "stac": {}}
    if text is None:
        return sections
    try:
        config = yaml.safe_load(text.decode() if isinstance(text, bytes) else str(text))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise InputError(f"{path}: its configuration is not valid YAML: {why}") from error
    if not isinstance(config, dict):
        raise InputError(f"{path}: its configuration is a YAML {type(config).__name__}; a mapping is wanted")
    return sections | {k: v for k, v in config.items() if k in sections and isinstance(v, dict)}


def _setting(config: dict[str, dict[str, Any]], section: str, key: str, path: Path) -> float | None:
    value = config[section].get(key)
    return None if value is None else number(value, f"{path}: {section}.{key} of its configuration")


def _names(values: Any) -> tuple[str, ...]:
    if values is None:
        return ()
    return tuple(v.decode() if isinstance(v, bytes) else str(v) for v in np.atleast_1d(values))


def _keypoints(values: Any, frames: int, names: tuple[str, ...], path: Path) -> np.ndarray | None:
    if values is None or not names:
        return None
    array = numbers(values, f"{path}: kp_data")
    if array.size != frames * len(names) * 3:
        raise InputError(
            f"{path}: kp_data has shape {array.shape}; ({frames}, {3 * len(names)}) is wanted for "
            f"{len(names)} keypoints"
        )
    return array.reshape(frames, len(names), 3)


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
