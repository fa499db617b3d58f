"""MJCF files of users: reading, and bodies from them."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import mujoco

from rodent.errors import InputError, unknown
from rodent.scene.roles import BodySpec, derived_roles

if TYPE_CHECKING:
    from rodent.body_config import MjcfBodyConfig


def read_mjcf(path: Path) -> mujoco.MjSpec:
    """The specification of an MJCF file.

    Raises:
        InputError: no such file, or not MJCF.
    """
    if not path.is_file():
        raise InputError(f"no such MJCF file: {path}")
    with _is_mjcf(path):
        return mujoco.MjSpec.from_file(str(path))


@contextlib.contextmanager
def _is_mjcf(path: Path) -> Iterator[None]:
    """Add the file to MuJoCo's errors."""
    try:
        yield
    except ValueError as error:
        raise InputError(f"{path} is not an MJCF model: {str(error).strip().splitlines()[0]}") from error


def mjcf_body(config: "MjcfBodyConfig") -> BodySpec:
    """The body of an MJCF file, with roles from the configuration or derived from its structure.

    Raises:
        InputError: no such file, not MJCF, or names that it does not have.
    """
    path = Path(config.path)
    spec = read_mjcf(path)
    spec.option.timestep = config.timestep
    with _is_mjcf(path):
        model = spec.compile()
    roles = derived_roles(model, str(path))
    named = {name: getattr(config, name) for name in ("tracked", "end_effectors", "feet")}
    roles = dataclasses.replace(roles, **{name: value for name, value in named.items() if value})
    if config.root:
        roles = dataclasses.replace(roles, root=config.root)
    known = {model.body(i).name for i in range(model.nbody)}
    for name in (roles.root, *roles.tracked, *roles.end_effectors, *roles.feet):
        if name not in known:
            raise unknown("body", name, sorted(known - {"world"}), str(path))
    for name in (roles.root, *roles.end_effectors):
        if name not in roles.tracked:
            raise InputError(f"{path}: {name!r} must be among the tracked bodies {', '.join(roles.tracked)}")
    force = config.nominal_force
    forces = None if force is None else {model.actuator(i).name: force for i in range(model.nu)}
    return BodySpec(spec, roles, 1.0, forces)
