"""Which registers an operation reads as data, and which it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mlsec_lint.source import ir

Registers = tuple[ir.Register, ...]


def operands_of(op: ir.Op) -> Registers:
    """The registers whose data an operation passes on; tests, and objects that it only writes to, are none of them."""
    read = _READ.get(type(op))
    return tuple(register for register in read(op) if register >= 0) if read is not None else ()


def results_of(op: ir.Op) -> Registers:
    """The registers that an operation sets."""
    if isinstance(op, ir.Unpack):
        return op.dsts
    if isinstance(op, ir.Accumulate):
        return ()
    return (op.dst,) if hasattr(op, "dst") else ()  # type: ignore[attr-defined]


def span_of(op: ir.Op | None) -> tuple[int, int]:
    """The bytes that an operation comes from; -1 where the lowering keeps none."""
    return (getattr(op, "at", -1), getattr(op, "end", -1))


def _build(op: ir.Build) -> Registers:
    return tuple(register for element in op.elements for register in (element.value, element.key))


_READ: Final[Mapping[type[ir.Op], Callable[[Any], Registers]]] = {
    ir.Opaque: lambda op: op.sources,
    ir.Store: lambda op: (op.src,),
    ir.Attribute: lambda op: (op.obj,),
    ir.SetAttribute: lambda op: (op.src,),
    ir.Item: lambda op: (op.obj,),
    ir.SetItem: lambda op: (op.src, op.key),
    ir.Slice: lambda op: (op.obj,),
    ir.Unpack: lambda op: (op.src,),
    ir.Build: _build,
    ir.Binary: lambda op: (op.left, op.right),
    ir.Delete: lambda op: (op.obj,),
    ir.Unary: lambda op: (op.src,),
    ir.Format: lambda op: op.parts,
    ir.Call: lambda op: (*(arg.src for arg in op.args), op.func),
    ir.Method: lambda op: (*(arg.src for arg in op.args), op.obj),
    ir.Iterate: lambda op: (op.src,),
    ir.Enter: lambda op: (op.src,),
    ir.Accumulate: lambda op: (op.src, op.key),
    ir.Return: lambda op: (op.src,),
    ir.Yield: lambda op: (op.src,),
    ir.Raise: lambda op: (op.src,),
    ir.Choose: lambda op: (op.then_value, op.else_value),
    ir.Shortcut: lambda op: (op.left, op.right),
    ir.Function: lambda op: (*(p.default for p in op.params), *op.decorators),
}
