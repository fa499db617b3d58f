"""Twins and readouts as files: JSON for what they are, safetensors for their numbers; nothing is unpickled.

    save_twin(twin, Path("twin"), provenance, controls)     # twin.json, core.safetensors, card.md
    twin = load_twin(Path("twin"))
    save_readouts(neurons, Path("rat_9.safetensors"))
    neurons = load_readouts(Path("rat_9.safetensors"))

A twin's folder also has the readouts of its training sessions, in `readouts/`, one file per session. Every
file of readouts has the digest of its core, and is refused with another one.
"""

import dataclasses
import json
import typing
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import flax.traverse_util
import jax.numpy as jnp
import numpy as np

from analysis.twin.adaptation import AdaptedReadouts
from analysis.twin.comparison import twin_name
from analysis.twin.perspective import Perspective
from analysis.twin.settings import LikelihoodName, TwinSettings
from analysis.twin.twin import Twin
from rodent.configs import Format, from_json, to_json
from rodent.errors import InputError, unknown
from rodent.files import atomic_path, existing_file, read_json, reading
from rodent.versions import versions

TWIN = Format("twin", "virtual-rodent/twin", 1)
READOUTS = Format("readouts", "virtual-rodent/readouts", 1)
CONTROLS = "controls"
_NONE: Mapping[str, Twin] = MappingProxyType({})
_KEYS = ("settings", "layout", "bin_seconds", "sessions", "digest")


def save_twin(
    twin: Twin, folder: Path, provenance: Mapping[str, Any], controls: Mapping[str, Twin] = _NONE
) -> None:
    """Write a twin's folder atomically.

    Args:
        twin: fitted.
        folder: to write.
        provenance: sources and licences of the sessions, for the card.
        controls: by name, in folders of `controls/`.
    """
    with atomic_path(folder) as temporary:
        _write_twin(twin, temporary, provenance)
        (temporary / CONTROLS).mkdir()
        for name, control in controls.items():
            _write_twin(control, temporary / CONTROLS / name.replace(" ", "_"), provenance)


def _write_twin(twin: Twin, folder: Path, provenance: Mapping[str, Any]) -> None:
    card = {
        **TWIN.head(),
        "settings": to_json(twin.settings),
        "layout": [list(column) for column in twin.layout_],
        "bin_seconds": twin.bin_seconds_,
        "sessions": {name: list(neurons) for name, neurons in twin.sessions_.items()},
        "losses": [float(loss) for loss in twin.losses_],
        "digest": twin.digest,
        "provenance": dict(provenance),
        "versions": versions(),
    }
    folder.mkdir()
    _write_tensors(folder / "core.safetensors", twin.tensors(), {})
    (folder / "twin.json").write_text(json.dumps(card, indent=1) + "\n")
    (folder / "card.md").write_text(card_text(twin, provenance))
    (folder / "readouts").mkdir()
    for i, (name, found) in enumerate(zip(twin.sessions_, twin.readouts_, strict=True)):
        head = {**READOUTS.head(), "session": name, "twin": twin.digest}
        tensors = {key: np.asarray(value, order="C") for key, value in found.items()}
        _write_tensors(folder / "readouts" / f"session_{i}.safetensors", tensors, head)


def load_controls(folder: Path, twin: Twin) -> dict[str, Twin]:
    """A twin that is loaded already, and the controls in its folder, by their names in tables.

    Raises:
        InputError: as of `load_twin`.
    """
    found = {twin_name(twin.settings): twin}
    for path in sorted((folder / CONTROLS).glob("*")):
        found[path.name.replace("_", " ")] = load_twin(path)
    return found


def load_twin(folder: Path) -> Twin:
    """Read a twin's folder.

    Raises:
        InputError: it is no twin, of an unsupported version, or its files do not match.
    """
    path = folder / "twin.json"
    if not path.is_file():
        raise InputError(f"{folder} is no twin: it has no twin.json; make one with `rodent twin fit`")
    card = TWIN.upgraded(read_json(path), path)
    if missing := [key for key in _KEYS if key not in card]:
        raise InputError(f"{path} lacks {', '.join(missing)}")
    twin = Twin(from_json(TwinSettings, card["settings"], path, "settings"))
    tensors, _ = _read_tensors(folder / "core.safetensors")
    try:
        twin.layout_ = tuple((str(a), str(b), str(c)) for a, b, c in card["layout"])
        twin.bin_seconds_ = float(card["bin_seconds"])
        twin.sessions_ = {str(name): tuple(map(str, one)) for name, one in card["sessions"].items()}
        twin.losses_ = np.array(card.get("losses", []), float)
        names = [field.name for field in dataclasses.fields(Perspective)]
        twin.perspective_ = Perspective(*(tensors.pop(f"perspective/{name}") for name in names))
        twin.basis_, twin.slow_basis_ = tensors.pop("basis"), tensors.pop("slow_basis")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} does not match core.safetensors ({error}); is one of them damaged?"
        ) from error
    tree = flax.traverse_util.unflatten_dict(tensors, sep="/")
    twin.core_ = tree.get("core", {})
    if twin.digest != card["digest"]:
        raise InputError(
            f"{folder / 'core.safetensors'} was changed: its digest is {twin.digest}, {path} has "
            f"{card['digest']}"
        )
    twin.readouts_ = []
    for i in range(len(twin.sessions_)):
        found, _ = _read_tensors(folder / "readouts" / f"session_{i}.safetensors")
        twin.readouts_.append({name: jnp.asarray(value) for name, value in found.items()})
    return twin


def save_readouts(readouts: AdaptedReadouts, path: Path) -> None:
    """Write the readouts of one session atomically."""
    fields = {field.name: getattr(readouts, field.name) for field in dataclasses.fields(readouts)}
    tensors = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
    head = {**READOUTS.head(), **{name: value for name, value in fields.items() if name not in tensors}}
    with atomic_path(path) as temporary:
        _write_tensors(temporary, tensors, head)


def load_readouts(path: Path) -> AdaptedReadouts:
    """Read the readouts of one session.

    Raises:
        InputError: the file is missing, damaged, of an unsupported version, or holds no adapted readouts.
    """
    tensors, head = _read_tensors(path)
    card = READOUTS.upgraded(head, path)
    fields = dataclasses.fields(AdaptedReadouts)
    needed = {field.name for field in fields if field.default_factory is field.default is dataclasses.MISSING}
    if missing := sorted(needed - tensors.keys() - card.keys()):
        raise InputError(
            f"{path} lacks {', '.join(missing)}; readouts of `rodent twin adapt` are expected, not those of "
            "training sessions"
        )
    known = {**card, **tensors}
    given: dict[str, Any] = {field.name: known[field.name] for field in fields if field.name in known}
    if (likelihood := given.get("likelihood", "poisson")) not in typing.get_args(LikelihoodName):
        raise unknown("likelihood", str(likelihood), typing.get_args(LikelihoodName), str(path))
    if not isinstance(given["neurons"], list) or not all(isinstance(one, str) for one in given["neurons"]):
        raise InputError(f"{path}: neurons is {given['neurons']!r}; a list of names is expected")
    given["neurons"] = tuple(given["neurons"])
    return AdaptedReadouts(**given)


def card_text(twin: Twin, provenance: Mapping[str, Any]) -> str:
    """The card of a twin, in Markdown."""
    neurons = sum(len(names) for names in twin.sessions_.values())
    streams = ", ".join(dict.fromkeys(stream for stream, *_ in twin.layout_))
    signal = "spikes are" if twin.settings.likelihood == "poisson" else "calcium is"
    lines = [
        f"# Twin {twin.digest}",
        "",
        f"- Core: {twin.settings.core}, fitted: {twin.settings.training}.",
        f"- Likelihood: {twin.settings.likelihood}.",
        f"- Streams: {streams}; bins of {twin.bin_seconds_:g} s.",
        f"- {neurons} neurons of {len(twin.sessions_)} sessions: {', '.join(twin.sessions_)}.",
        f"- A score says how well {signal} predicted from behavior. No noise ceiling is known.",
        "",
        "## Sources",
        "",
        *(f"- {name}: {value}" for name, value in provenance.items()),
    ]
    return "\n".join(lines) + "\n"


def _write_tensors(path: Path, tensors: Mapping[str, np.ndarray], head: Mapping[str, Any]) -> None:
    from safetensors.numpy import save

    plain = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    path.write_bytes(save(plain, metadata={"head": json.dumps(dict(head))}))


def _read_tensors(path: Path) -> tuple[dict[str, np.ndarray], Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with reading(existing_file(path)), safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            head = json.loads((file.metadata() or {}).get("head", "{}"))
    except (SafetensorError, ValueError) as error:
        raise InputError(f"{path} is truncated or damaged: {error}") from error
    if bad := [name for name, value in tensors.items() if not np.isfinite(value[value != np.inf]).all()]:
        raise InputError(f"{path}: {bad[0]} has values that are not finite")
    return tensors, head
