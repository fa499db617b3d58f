"""Fitted models as files: safetensors, with what they are in the header. Nothing is pickled.

save_model(found, Path("rat1.safetensors"))
model, channels = load_model(Path("rat1.safetensors"))
model.latents(windows)                              # (windows, bins, dimensions)
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from analysis.dynamics.fit import FittedDynamics
from analysis.dynamics.model import LatentModel
from analysis.dynamics.models import make_model
from analysis.dynamics.readout import Readout
from analysis.dynamics.settings import DynamicsSettings
from rodent.configs import Format, from_json, to_json
from rodent.errors import InputError
from rodent.files import atomic_path, existing_file, reading

MODEL = Format("latent dynamics", "virtual-rodent/dynamics", 1)
_KEYS = ("settings", "kind", "dimensions", "bin_seconds", "channels")
_READOUT = ("weights", "bias", "low", "high")


def save_model(found: FittedDynamics, path: Path) -> None:
    """Write the model of the first fit atomically."""
    from safetensors.numpy import save

    model = found.model
    head = {
        **MODEL.head(),
        "settings": to_json(model.settings),
        "kind": model.kind,
        "dimensions": model.dimensions,
        "bin_seconds": model.bin_seconds,
        "channels": list(found.activity.channels),
        "source": found.activity.name,
    }
    tensors = {f"model/{name}": value for name, value in model.tensors().items()}
    tensors |= {f"readout/{name}": getattr(model.readout_, name) for name in _READOUT}
    tensors["held_in"] = model.held_in_
    plain = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(plain, metadata={"head": json.dumps(head)}))


def load_model(path: Path) -> tuple[LatentModel, tuple[str, ...]]:
    """Read a model, and the names of its channels.

    Raises:
        InputError: the file is missing, damaged, no model, or of an unsupported version.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with reading(existing_file(path)), safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            head: Any = json.loads((file.metadata() or {}).get("head", "{}"))
    except (SafetensorError, ValueError) as error:
        raise InputError(f"{path} is truncated or damaged: {error}") from error
    card = MODEL.upgraded(head, path)
    if missing := [key for key in _KEYS if key not in card]:
        raise InputError(
            f"{path} lacks {', '.join(missing)}; write it anew with `rodent dynamics fit --save`"
        )
    settings = from_json(DynamicsSettings, card["settings"], path, "settings")
    model = make_model(settings, card["kind"], int(card["dimensions"]), float(card["bin_seconds"]))
    try:
        model.held_in_ = tensors["held_in"]
        model.readout_ = Readout(card["kind"], *(tensors[f"readout/{name}"] for name in _READOUT))
        own = {n.removeprefix("model/"): value for n, value in tensors.items() if n.startswith("model/")}
        model.restore(own)
    except KeyError as error:
        raise InputError(
            f"{path} lacks the array {error}; write it anew with `rodent dynamics fit --save`"
        ) from error
    return model, tuple(map(str, card["channels"]))
