"""Names of control layers, to compare layers of the policy with.

    control_layers(["decoder/layer_0"])
    # ("control/random/decoder/layer_0", "control/encoder_input", "control/reference")

`rodent rollout --controls` records them among the layers; see `rodent.policy.controls`.
"""

from collections.abc import Iterable

ENCODER_INPUT = "control/encoder_input"
"""The normalised reference observation."""
REFERENCE = "control/reference"
"""The future poses of the reference, relative to its current root."""


def random_layer(layer: str) -> str:
    """The same layer of the network with random weights."""
    return f"control/random/{layer}"


def is_control(layer: str) -> bool:
    """Whether a layer is itself a control."""
    return layer.startswith("control/")


def control_layers(layers: Iterable[str]) -> tuple[str, ...]:
    """The controls of layers, each once; a control has none of its own."""
    random = [random_layer(layer) for layer in layers if not is_control(layer)]
    return tuple(dict.fromkeys([*random, ENCODER_INPUT, REFERENCE]))
