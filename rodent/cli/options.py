"""How the help shows options: `--clips PATH` without its default None, and the basic options first.

`rodent COMMAND --help` shows the command's own options, and of its settings those in `BASIC`;
`rodent COMMAND --help-all` shows all of them.
"""

import dataclasses
import types
import typing
from collections.abc import Collection, Sequence
from typing import Annotated, Any

import tyro
from tyro.constructors import (
    ConstructorRegistry,
    PrimitiveConstructorSpec,
    PrimitiveTypeInfo,
    StructConstructorSpec,
    StructFieldSpec,
    StructTypeInfo,
    UnsupportedTypeAnnotationError,
)

BASIC = {
    "TrainConfig": ("start_from", "seed", "resample", "test_fraction", "device"),
    "EncodingSettings": ("model", "lags", "folds", "shifts", "seed"),
    "SimilaritySettings": ("conditions", "window_seconds", "similarity", "seed"),
    "EventSettings": ("window", "baseline", "response", "seed"),
    "RatEventSettings": (),
    "QualitySettings": ("min_rate",),
    "DynamicsSettings": ("model", "dimensions", "folds", "held_out", "seed"),
    "TwinSettings": ("core", "training", "steps", "hold_out", "seed"),
    "AdaptSettings": (),
    "ExciteSettings": ("seconds", "real_movements", "rounds", "seed"),
}
"""Settings that `--help` shows, by class; those of other classes are all shown."""
HELP, HELP_ALL = ("-h", "--help"), "--help-all"


def parse(command: Any, words: Sequence[str], shown: Collection[str] = (), **settings: Any) -> Any:
    """The command of a command line, as `tyro.cli` makes it.

    Args:
        command: the type of the command.
        words: the command line.
        shown: settings that `--help` shows in addition.
        settings: others of `tyro.cli`.
    """
    everything = HELP_ALL in words
    words = [HELP[1] if word == HELP_ALL else word for word in words]
    hidden = not everything and any(word in HELP for word in words)
    return tyro.cli(command, args=words, registry=_rules(hidden, shown), **settings)


def _rules(hidden: bool, shown: Collection[str]) -> ConstructorRegistry:
    """Rules that make options of types.

    Args:
        hidden: whether settings that are not basic are left out, which is for the help only.
        shown: settings that are not left out.
    """
    rules = ConstructorRegistry()
    rules.primitive_rule(_optional)
    inside: list[StructTypeInfo] = []

    @rules.struct_rule
    def _struct(info: StructTypeInfo) -> Any:
        if not dataclasses.is_dataclass(info.type) or info in inside:
            return None
        inside.append(info)  # the usual rule is asked
        spec = ConstructorRegistry.get_struct_spec(info)
        inside.pop()
        if not isinstance(spec, StructConstructorSpec):
            return spec
        basic = BASIC.get(info.type.__name__) if hidden else None
        fields = (_field(field, basic is None or field.name in (*basic, *shown)) for field in spec.fields)
        return dataclasses.replace(spec, fields=tuple(fields))

    return rules


def _field(field: StructFieldSpec, is_shown: bool) -> StructFieldSpec:
    """A field as the help has it: without a default that says nothing, or not at all."""
    kind: Any = field.type
    if not is_shown:
        kind = tyro.conf.Suppress[kind]
    elif field.default is None or field.default == "":
        kind = Annotated[kind, tyro.conf.arg(help_behavior_hint=lambda default: "")]
    return dataclasses.replace(field, type=kind)


def _optional(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec | UnsupportedTypeAnnotationError | None:
    """Options of type `X | None` are shown as X. They accept the word None."""
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
