"""Errors for missing data in a recording, with the option that records it."""

from collections.abc import Sequence

from rodent.errors import InputError, unknown
from rodent.record_config import CONTENTS, Content
from rodent.recording.channels import GROUND_FORCE, STANDARD
from rodent.recording.controls import is_control
from rodent.recording.gates import GATES


def absent(name: str, recorded: Sequence[str], content: Content, where: str) -> InputError:
    """The error for a channel that a rollout does not have.

    Args:
        name: of the channel, such as `qpos` or `units/decoder/layer_0`.
        recorded: names of the channels of the rollout.
        content: of the recording.
        where: the rollout.

    >>> print(absent("qpos", (), "outcomes", "rollout 'Walk'"))
    rollout 'Walk' has no qpos: it was recorded with --record outcomes; record it with --record states
    """
    family, _, layer = name.partition("/")
    needed: Content = "units" if family == "units" else "states"
    what = f"layer {layer!r}" if family == "units" else name
    if CONTENTS.index(content) < CONTENTS.index(needed):
        recorded_with = f"it was recorded with --record {content}"
        return InputError(f"{where} has no {what}: {recorded_with}; record it with --record {needed}")
    if name == "reference":
        return InputError(f"{where} has no reference: its task has no motion to imitate")
    if name in STANDARD:
        return InputError(f"{where} has no {name}: its body has no sensors for it")
    if name == GROUND_FORCE:
        return InputError(f"{where} is from before {name} was recorded; record it again with rodent rollout")
    if family == "units":
        layers = [one.removeprefix("units/") for one in recorded if one.startswith("units/")]
        return _with_hint(layer, layers, where)
    return unknown("dataset", name, recorded, where)


def _with_hint(layer: str, layers: Sequence[str], where: str) -> InputError:
    """The error for a missing layer in a recording with layers."""
    if is_control(layer) and not any(map(is_control, layers)):
        return InputError(f"{where} has no control layers, such as {layer!r}; record it with --controls")
    cell, _, gate = layer.rpartition(".")
    if gate in GATES.values() and cell in layers:
        return InputError(f"{where} has no gates, such as {layer!r}; record it with --gates")
    return unknown("layer", layer, layers, where)
