"""The contents of HDF5 files that stac-mjx writes when it registers keypoints.

    file = read_stac_file(path)
    file.keypoints, file.keypoint_names      # metres, (N, K, 3)
    file.setting("model", "RENDER_FPS")      # from its configuration

Datasets `qpos` (N, 74), `names_qpos` (the free joint's name seven times, then the hinges),
`xpos` (N, bodies, 3), `names_xpos`, `kp_data` (N, 3 K), `kp_names`, and `config`, a YAML text.
"""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from rodent.arrays import number, numbers
from rodent.errors import InputError
from rodent.files import open_hdf5, reading

_WANTED = ("qpos", "names_qpos", "xpos", "names_xpos", "kp_data", "kp_names", "config")


@dataclasses.dataclass(frozen=True, eq=False)
class StacFile:
    """The contents of a file of N frames; None where an entry is missing."""

    path: Path
    qpos: np.ndarray
    """Poses, shape (N, 74) if the file is right."""
    names_qpos: tuple[str, ...]
    xpos: np.ndarray | None
    """Positions of bodies, as stored."""
    names_xpos: tuple[str, ...]
    keypoints: np.ndarray | None
    """Metres, shape (N, K, 3)."""
    keypoint_names: tuple[str, ...]
    config: dict[str, dict[str, Any]]
    """Its sections `model` and `stac`."""

    def setting(self, section: str, key: str) -> float | None:
        """A number of the configuration; None if it is missing.

        Raises:
            InputError: it is no number.
        """
        value = self.config[section].get(key)
        return None if value is None else number(value, f"{self.path}: {section}.{key} of its configuration")


def read_stac_file(path: Path) -> StacFile:
    """Read a stac-mjx file.

    Raises:
        InputError: it is none, or its arrays or its configuration are not what they must be.
    """
    with reading(path), open_hdf5(path) as file:
        if "qpos" not in file:
            raise InputError(
                f"{path} has neither an attribute 'schema' nor a dataset 'qpos': it is no clip file and no "
                f"stac-mjx output; it has: {', '.join(map(str, file)) or 'nothing'}"
            )
        data = {name: file[name][()] for name in _WANTED if hasattr(file.get(name), "shape")}
        texts = {name: _names(data.get(name)) for name in ("names_qpos", "names_xpos", "kp_names")}
    if "qpos" not in data:
        raise InputError(f"{path}: qpos is a group; a dataset is expected")
    qpos = numbers(data["qpos"], f"{path}: qpos")
    if qpos.ndim != 2:
        raise InputError(f"{path}: qpos has shape {qpos.shape}; (frames, 74) is expected")
    config = _config(data.get("config"), path)
    keypoints = _keypoints(data.get("kp_data"), len(qpos), texts["kp_names"], path)
    return StacFile(
        path=path,
        qpos=qpos,
        names_qpos=texts["names_qpos"],
        xpos=data.get("xpos"),
        names_xpos=texts["names_xpos"],
        keypoints=keypoints,
        keypoint_names=texts["kp_names"] if keypoints is not None else (),
        config=config,
    )


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
        raise InputError(
            f"{path}: its configuration is a YAML {type(config).__name__}; a mapping is expected"
        )
    return sections | {k: v for k, v in config.items() if k in sections and isinstance(v, dict)}


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
            f"{path}: kp_data has shape {array.shape}; ({frames}, {3 * len(names)}) is expected for "
            f"{len(names)} keypoints"
        )
    return array.reshape(frames, len(names), 3)
