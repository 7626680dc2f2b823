"""Operators, and strings that are formatted: what the result holds of the operands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.comparing import compare
from mlsec_lint.dataflow.flow.containers import spread
from mlsec_lint.dataflow.flow.guards import negated
from mlsec_lint.dataflow.flow.heap import MOST_ITEMS, Thing
from mlsec_lint.dataflow.flow.labels import Label, bounded
from mlsec_lint.dataflow.flow.objects import allocate, things
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.texts import as_text
from mlsec_lint.dataflow.flow.values import Bound, Ext, Obj, Sym, Value, constant, data, ident_of, truth
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

_LONGEST_STRING: Final = 400


def _binary(machine: Machine, op: ir.Binary) -> None:
    left, right = machine.get(op.left), machine.get(op.right)
    if op.inplace and _extended(machine, op.op, left, right):
        machine.set(op.dst, left)
        return
    machine.set(op.dst, combined(machine, op.op, left, right, op.at))


def _extended(machine: Machine, operator: str, left: Value, right: Value) -> bool:
    """``x += y`` of a container changes the object that ``x`` is, and all who share it see that."""
    found = [(a, t) for a, t in things(machine, left) if t.cls is None and t.kind in ("list", "dict", "set")]
    if operator not in ("+", "|") or not found:
        return False
    for address, thing in found:
        machine.state.heap[address] = spread(machine, thing, right)
    return True


def combined(machine: Machine, operator: str, left: Value, right: Value, at: int) -> Value:
    """The result of a binary operator: lists and constants are added exactly, all else unites the labels."""
    one, other = left.text, right.text
    if operator == "+" and one is not None and other is not None and len(one) + len(other) < _LONGEST_STRING:
        return constant(one + other)
    if operator in ("+", "|", "*", "-", "&"):
        found = things(machine, left)
        if found and len(left.refs) == 1 and found[0][1].cls is None and found[0][1].kind in ("list", "tuple", "dict"):
            thing = found[0][1]
            if operator == "*":
                items = thing.sequence() if thing.exact and thing.rest is None else []
                times = right.consts[0] if right.known else None
                if isinstance(times, int) and 0 < times * len(items) <= MOST_ITEMS:
                    repeated = {("int", i): v for i, v in enumerate(items * times)}
                    return allocate(machine, at, Thing(thing.kind, repeated), variant="op")
                return allocate(machine, at, Thing(thing.kind, {}, thing.any_item(), False, thing.own), variant="op")
            return allocate(machine, at, spread(machine, thing, right), variant="op")
    called = _operator_method(machine, operator, left, right)
    if called is not None:
        return called
    labels = bounded(left.labels | right.labels | content(machine, left) | content(machine, right))
    ident = _joined_ident(operator, left, right)
    refs = tuple(r for r in left.refs if not isinstance(r, (Obj, Sym, Ext))) if operator == "/" else ()
    return Value(labels, refs, (), True, ident)


def content(machine: Machine, value: Value) -> frozenset[Label]:
    """The labels of what is in a container that takes part in a computation."""
    if not any(isinstance(r, Obj) for r in value.refs):
        return frozenset()
    return deep_labels(value, machine.state.heap)


METHOD_OF: Final = {
    "+": "__add__", "-": "__sub__", "*": "__mul__", "/": "__truediv__", "|": "__or__", "&": "__and__",
    "@": "__matmul__", "%": "__mod__", "<<": "__lshift__", ">>": "__rshift__", "//": "__floordiv__",
}  # fmt: skip


def _operator_method(machine: Machine, operator: str, left: Value, right: Value) -> Value | None:
    name = METHOD_OF.get(operator)
    if name is None:
        return None
    for value, argument, method in ((left, right, name), (right, left, name.replace("__", "__r", 1))):
        if any(t.cls is not None for _, t in things(machine, value)):
            from mlsec_lint.dataflow.flow.calls import call_value

            found = get_attribute(machine, value, method)
            if any(isinstance(r, Bound) for r in found.refs):
                return call_value(machine, found, Call((Argument(argument),)), -1, -1)
    return None


def _joined_ident(operator: str, left: Value, right: Value) -> object:
    one, other = ident_of(left), ident_of(right)
    return ("op", operator, one, other) if one is not None and other is not None else None


def _unary(machine: Machine, op: ir.Unary) -> None:
    value = machine.get(op.src)
    if op.op == "not":
        known = truth(value)
        result = constant(not known) if known is not None else Value(open=True, tests=negated(value))
        machine.set(op.dst, result)
        return
    number = value.consts[0] if value.known else None
    if op.op == "-" and isinstance(number, (int, float)) and not isinstance(number, bool):
        machine.set(op.dst, constant(-number))
        return
    machine.set(op.dst, data(value.labels))


def _format(machine: Machine, op: ir.Format) -> None:
    values = [_shown(machine, machine.get(part)) for part in op.parts]
    texts = [v.consts[0] if v.known else None for v in values]
    if all(isinstance(t, (str, int)) for t in texts) and sum(len(str(t)) for t in texts) < _LONGEST_STRING:
        machine.set(op.dst, constant("".join(str(t) for t in texts)))
        return
    labels = frozenset[Label]().union(*(v.labels | content(machine, v) for v in values))
    idents = [ident_of(v) for v in values]
    ident = ("fmt", *idents) if all(i is not None for i in idents) else None
    machine.set(op.dst, data(bounded(labels), ident))


def _shown(machine: Machine, value: Value) -> Value:
    """A part of a formatted string: what the instance of a project class says of itself."""
    if not any(isinstance(r, Obj) for r in value.refs):
        return value
    shown = as_text(machine, "__format__", value, *machine.place)
    return shown if shown is not None else value


OPERATORS: Final[Mapping[type[ir.Op], Callable[[Machine, Any], None]]] = {
    ir.Binary: _binary,
    ir.Unary: _unary,
    ir.Compare: compare,
    ir.Format: _format,
}
