"""Formulas as MathML, which browsers draw without a script: fences of the language `math`."""

from typing import Any

from latex2mathml.converter import convert


def block(source: str, *_: Any, **__: Any) -> str:
    """A formula on a line of its own, from LaTeX; the arguments are those of a SuperFences formatter."""
    return convert(source.strip(), display="block")
