"""How options that may be left out are shown: `--clips PATH`, not `--clips {None}|PATH`."""

import dataclasses
import types
import typing
from typing import Any

from tyro.constructors import (
    ConstructorRegistry,
    PrimitiveConstructorSpec,
    PrimitiveTypeInfo,
    UnsupportedTypeAnnotationError,
)

OPTIONAL = ConstructorRegistry()
"""Rules of every command line: the help shows X for options of type `X | None`. They accept the word None."""


@OPTIONAL.primitive_rule
def _optional(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec | UnsupportedTypeAnnotationError | None:
    kinds = typing.get_args(info.type)
    if info.type_origin not in (typing.Union, types.UnionType) or types.NoneType not in kinds:
        return None
    given: Any = typing.Union[tuple(kind for kind in kinds if kind is not types.NoneType)]  # noqa: UP007
    spec = ConstructorRegistry.get_primitive_spec(PrimitiveTypeInfo.make(given, info.markers))
    if isinstance(spec, UnsupportedTypeAnnotationError):
        return spec
    return dataclasses.replace(
        spec,
        nargs=spec.nargs if spec.nargs in (1, "*") else (1, spec.nargs),
        instance_from_str=lambda words: None if words == ["None"] else spec.instance_from_str(words),
        is_instance=lambda value: value is None or spec.is_instance(value),
        str_from_instance=lambda value: ["None"] if value is None else spec.str_from_instance(value),
        choices=None if spec.choices is None else (*spec.choices, "None"),
    )
