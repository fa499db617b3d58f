"""Names of an LSTM's gates in a recording: `rodent rollout --gates` records them as layers.

gate_layer("decoder/lstm", "forget_gate")      # 'decoder/lstm.forget_gate'
"""

GATES = {"i": "input_gate", "f": "forget_gate", "g": "candidate", "o": "output_gate"}
"""By the letters of the equations: c' = f c + i g and h' = o tanh(c')."""


def gate_layer(cell: str, gate: str) -> str:
    """The layer that holds a gate of a layer of cells."""
    return f"{cell}.{gate}"


def is_gate(layer: str) -> bool:
    """Whether a layer holds a gate of cells."""
    return layer.rpartition(".")[2] in GATES.values()
