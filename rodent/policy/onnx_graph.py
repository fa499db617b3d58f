"""A function of JAX as a graph of ONNX, from the operations that JAX traces.

    graph = traced(step, {"x": x}, "step")          # step({"x": x}) -> {"y": y}
    graph.output                                    # named as the keys of what step returns

Arrays that the function holds, such as parameters, become initialisers of the graph. What depends on them
alone is computed here. Operations without a use, and sums and products with zeros, are left out.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from onnx import helper, numpy_helper

from rodent.errors import InputError

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

OPSET = 18
"""Version of the operators of ONNX."""

_SAME = {
    "abs": "Abs",
    "add": "Add",
    "concatenate": "Concat",
    "convert_element_type": "Cast",
    "copy": "Identity",
    "div": "Div",
    "eq": "Equal",
    "erf": "Erf",
    "exp": "Exp",
    "ge": "GreaterOrEqual",
    "gt": "Greater",
    "le": "LessOrEqual",
    "log": "Log",
    "logistic": "Sigmoid",
    "lt": "Less",
    "max": "Max",
    "min": "Min",
    "mul": "Mul",
    "neg": "Neg",
    "reduce_max": "ReduceMax",
    "reduce_sum": "ReduceSum",
    "reshape": "Reshape",
    "select_n": "Where",
    "sqrt": "Sqrt",
    "stop_gradient": "Identity",
    "sub": "Sub",
    "tanh": "Tanh",
}
"""Operators of ONNX by the operations of JAX that are one operator each."""


def traced(
    function: Callable[[Any], Mapping[str, jax.Array]], example: Mapping[str, jax.Array], name: str
) -> "GraphProto":
    """The graph of a function of named arrays.

    Args:
        function: from named arrays to named arrays; no name is both an input and an output.
        example: inputs of the shapes and types that the graph is for.
        name: of the graph.

    Returns:
        the graph; inputs on which no output depends are left out.

    Raises:
        InputError: the function has an operation that is not converted.
    """
    closed, shapes = jax.make_jaxpr(function, return_shape=True)(dict(example))
    inputs, outputs = sorted(example), sorted(shapes)  # the order of the leaves of a dictionary
    building = _Building()
    results = building.run(closed.jaxpr, closed.consts, inputs)
    for output, result in zip(outputs, results, strict=True):
        building.add("Identity", [result], output)
    nodes = _needed(building.nodes, outputs)
    used = {operand for node in nodes for operand in node.input}
    return helper.make_graph(
        nodes,
        name,
        [_value(key, example[key]) for key in inputs if key in used],
        [_value(key, shapes[key]) for key in outputs],
        [tensor for tensor in building.tensors if tensor.name in used],
    )


class _Building:
    """A graph in the making. A value is its name in the graph, or an array that is known already."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.tensors: list[Any] = []

    def run(self, jaxpr: Any, consts: Any, arguments: list[Any]) -> list[Any]:
        """Add all operations of a jaxpr; returns its results."""
        values = dict(zip(jaxpr.constvars, map(np.asarray, consts), strict=True))
        values |= dict(zip(jaxpr.invars, arguments, strict=True))

        def value_of(atom: Any) -> Any:
            literal = hasattr(atom, "val")
            return np.asarray(atom.val, atom.aval.dtype) if literal else values[atom]

        for equation in jaxpr.eqns:
            operands = [value_of(atom) for atom in equation.invars]
            results = self._result(equation, operands)
            values |= dict(zip(equation.outvars, results, strict=True))
        return [value_of(atom) for atom in jaxpr.outvars]

    def add(
        self,
        operator: str,
        operands: list[Any],
        name: str = "",
        attributes: Mapping[str, Any] | None = None,
    ) -> str:
        """Add an operator with one result; returns the result's name."""
        name = name or f"value_{len(self.nodes)}"
        names = [self._name(operand) for operand in operands]
        self.nodes.append(helper.make_node(operator, names, [name], **attributes or {}))
        return name

    def _name(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        name = f"constant_{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name))
        return name

    def _result(self, equation: Any, operands: list[Any]) -> list[Any]:
        """The results of one operation."""
        primitive, params = equation.primitive, equation.params
        inner = params.get("jaxpr") or params.get("call_jaxpr")
        if inner is not None and primitive.name in ("jit", "pjit", "custom_jvp_call"):
            return self.run(inner.jaxpr, inner.consts, operands)
        if not any(isinstance(operand, str) for operand in operands):
            found = primitive.bind(*operands, **params)
            return [np.asarray(x) for x in (found if primitive.multiple_results else [found])]
        if primitive.name == "split":
            return self._split(operands[0], params)
        shape = equation.outvars[0].aval.shape
        zeros = [not isinstance(operand, str) and not operand.any() for operand in operands]
        if primitive.name == "mul" and any(zeros):
            return [np.zeros(shape, equation.outvars[0].aval.dtype)]
        for zero, other, atom in zip(zeros, operands[::-1], equation.invars[::-1], strict=False):
            if primitive.name == "add" and zero and atom.aval.shape == shape:
                return [other]
        return [self._one(equation, operands, shape)]

    def _one(self, equation: Any, operands: list[Any], shape: tuple[int, ...]) -> Any:
        """The result of an operation that depends on the inputs and has one result."""
        name, params = equation.primitive.name, equation.params
        if name == "dot_general":
            ranks = tuple(atom.aval.ndim for atom in equation.invars)
            if ranks == (2, 2) and params["dimension_numbers"] == (((1,), (0,)), ((), ())):
                return self.add("MatMul", operands)
        if name == "broadcast_in_dim":
            kept = dict(zip(params["broadcast_dimensions"], equation.invars[0].aval.shape, strict=True))
            aligned = [kept.get(axis, 1) for axis in range(len(shape))]
            return self.add(
                "Expand", [self.add("Reshape", [operands[0], np.array(aligned)]), np.array(shape)]
            )
        if name == "integer_pow":
            return self.add("Pow", [operands[0], np.float32(params["y"])])
        if name == "square":
            return self.add("Mul", [operands[0], operands[0]])
        if name == "rsqrt":
            return self.add("Reciprocal", [self.add("Sqrt", operands)])
        if name not in _SAME:
            raise InputError(
                f"the network computes {name!r} of JAX, which cannot be written as ONNX; networks of dense "
                "layers, LSTMs and motor primitives can"
            )
        attributes: dict[str, Any] = {}
        if name == "concatenate":
            attributes = {"axis": params["dimension"]}
        elif name == "convert_element_type":
            attributes = {"to": helper.np_dtype_to_tensor_dtype(np.dtype(params["new_dtype"]))}
        elif name == "reshape":
            operands = [operands[0], np.array(shape)]
        elif name.startswith("reduce"):
            operands, attributes = [operands[0], np.array(params["axes"])], {"keepdims": 0}
        elif name == "select_n":
            operands = [operands[0], *operands[:0:-1]]  # ONNX has the one for true first
        return self.add(_SAME[name], operands, attributes=attributes)

    def _split(self, operand: Any, params: Mapping[str, Any]) -> list[Any]:
        """The pieces of an array along an axis."""
        ends = np.cumsum([0, *params["sizes"]])
        axis = np.array([params["axis"]])
        return [
            self.add("Slice", [operand, ends[i : i + 1], ends[i + 1 : i + 2], axis])
            for i in range(len(ends) - 1)
        ]


def _needed(nodes: "list[NodeProto]", outputs: list[str]) -> "list[NodeProto]":
    """The operations on which the outputs depend, in their order."""
    names, kept = set(outputs), []
    for node in reversed(nodes):
        if names.intersection(node.output):
            names.update(node.input)
            kept.append(node)
    return kept[::-1]


def _value(name: str, like: Any) -> Any:
    return helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(np.dtype(like.dtype)), like.shape
    )
