"""The operations that are neither calls nor scopes: names, attributes, containers, operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.assigning import set_attribute, set_item
from mlsec_lint.dataflow.flow.containers import accumulate, build, slice_of, spread, unpack
from mlsec_lint.dataflow.flow.guards import compared, forget, negated
from mlsec_lint.dataflow.flow.heap import MOST_ITEMS, Thing, item_key
from mlsec_lint.dataflow.flow.items import element_of, get_item
from mlsec_lint.dataflow.flow.names import bind, frame_address, local, lookup
from mlsec_lint.dataflow.flow.objects import allocate, thing_at, things
from mlsec_lint.dataflow.flow.patterns import instance_of, positional, shape
from mlsec_lint.dataflow.flow.reflection import remove
from mlsec_lint.dataflow.flow.values import (
    NOTHING,
    UNKNOWN,
    Cls,
    Ext,
    Label,
    Obj,
    Sym,
    Value,
    bounded,
    constant,
    data,
    has_constant,
    ident_of,
    join,
    join_all,
    ref,
    truth,
)
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

_LONGEST_STRING: Final = 400


def _const(machine: Machine, op: ir.Const) -> None:
    machine.set(op.dst, constant(op.value))


def _opaque(machine: Machine, op: ir.Opaque) -> None:
    labels = frozenset[Label]().union(*(machine.get(s).labels for s in op.sources))
    machine.set(op.dst, data(labels))


def _load(machine: Machine, op: ir.Load) -> None:
    machine.set(op.dst, machine.current(lookup(machine, op.name)))


def _store(machine: Machine, op: ir.Store) -> None:
    machine.bind(op.name, _named(machine, machine.get(op.src), op.at))


def _named(machine: Machine, value: Value, at: int) -> Value:
    """A value without identity gets one where it is given a name: what is learnt of the name holds for the value."""
    if value.ident is not None or not (value.labels or value.open):
        return value
    ident = ("n", machine.path, at)
    if machine.state.guards:
        forget(machine.state, ident)
    machine.state.contents.pop(ident, None)
    return replace(value, ident=ident)


def _attribute(machine: Machine, op: ir.Attribute) -> None:
    machine.place = (op.at, op.end)
    machine.set(op.dst, machine.current(get_attribute(machine, machine.get(op.obj), op.name, op.at, op.end)))


def _set_attribute(machine: Machine, op: ir.SetAttribute) -> None:
    machine.place = (op.at, op.end)
    set_attribute(machine, machine.get(op.obj), op.name, machine.get(op.src))


def _item(machine: Machine, op: ir.Item) -> None:
    machine.set(op.dst, machine.current(get_item(machine, machine.get(op.obj), machine.get(op.key))))


def _set_item(machine: Machine, op: ir.SetItem) -> None:
    machine.place = (op.at, op.end)
    set_item(machine, machine.get(op.obj), machine.get(op.key), machine.get(op.src))


def _delete(machine: Machine, op: ir.Delete) -> None:
    state = machine.state
    if op.obj == ir.NONE:
        if op.name in machine.captured:
            address = frame_address(machine)
            if address in state.heap:
                state.heap[address] = state.heap[address].without(f"={op.name}")
        else:
            state.names.pop(op.name, None)
        return
    obj = machine.get(op.obj)
    if op.name:
        remove(machine, obj, op.name)
        return
    key = machine.get(op.key)
    for target in obj.refs:
        if not key.known:
            continue
        if isinstance(target, Obj):
            thing = thing_at(machine, target)
            if thing is not None and len(obj.refs) == 1 and not obj.open:
                state.heap[target.address] = _without(thing, key)
        elif isinstance(target, Sym):
            set_item(machine, obj, key, UNKNOWN)


def _without(thing: Thing, key: Value) -> Thing:
    index = key.consts[0]
    if thing.kind == "list" and thing.exact and isinstance(index, int):
        items = thing.sequence()
        if -len(items) <= index < len(items):
            del items[index]
            return replace(thing, items={("int", i): v for i, v in enumerate(items)})
    return thing.without(item_key(index))


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
    from mlsec_lint.dataflow.flow.references import deep_labels

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
            from mlsec_lint.dataflow.flow.access import get_attribute
            from mlsec_lint.dataflow.flow.calls import call_value
            from mlsec_lint.dataflow.flow.summary import Argument, Call
            from mlsec_lint.dataflow.flow.values import Bound

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


def _compare(machine: Machine, op: ir.Compare) -> None:
    left, right = machine.get(op.left), machine.get(op.right)
    known = _answer(machine, op.op, left, right)
    if known is not None:
        machine.set(op.dst, constant(known))
        return
    tests = compared(machine, op.op, left, right)
    machine.set(op.dst, Value(open=True, tests=tests))


def _answer(machine: Machine, op: str, left: Value, right: Value) -> bool | None:
    if op in ("in", "not in"):
        return _member(machine, op, left, right)
    if left.known and right.known:
        one, other = left.consts[0], right.consts[0]
        if op in ("==", "!="):
            return (one == other) is (op == "==")
        if op in ("is", "is not"):
            return has_constant((one,), other) is (op == "is")
        if isinstance(one, (int, float)) and isinstance(other, (int, float)):
            return {"<": one < other, ">": one > other, "<=": one <= other, ">=": one >= other}.get(op)
        return None
    objects = left.refs and not left.open and not left.consts and all(not isinstance(r, Sym) for r in left.refs)
    if objects and right.known and right.consts[0] is None and op in ("is", "is not", "==", "!="):
        return op in ("is not", "!=")
    return None


def _member(machine: Machine, op: str, left: Value, right: Value) -> bool | None:
    found = things(machine, right)
    if not left.known or len(found) != 1 or len(right.refs) != 1 or right.open:
        return None
    thing = found[0][1]
    if not thing.exact or thing.rest is not None or thing.own or thing.maybe or thing.cls is not None:
        return None
    wanted = left.consts[0]
    if thing.kind == "dict":
        return (item_key(wanted) in thing.items) is (op == "in")
    values = list(thing.items.values())
    if all(v.known for v in values):
        return any(has_constant(v.consts, wanted) for v in values) is (op == "in")
    return None


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
    from mlsec_lint.dataflow.flow.texts import as_text

    shown = as_text(machine, "__format__", value, *machine.place)
    return shown if shown is not None else value


def _iterate(machine: Machine, op: ir.Iterate) -> None:
    value = element_of(machine, machine.get(op.src))
    if value.ident is None and value.labels:
        value = replace(value, ident=("e", machine.path, machine.body.at, op.dst))
    machine.set(op.dst, value)


def _yield(machine: Machine, op: ir.Yield) -> None:
    value, result = machine.get(op.src), UNKNOWN
    if op.delegate:
        ends = [thing.items[".return"] for _, thing in things(machine, value) if ".return" in thing.items]
        result = join_all(ends) if ends else UNKNOWN
        value = element_of(machine, value)
    machine.yielded = value if machine.yielded is None else join(machine.yielded, value)
    machine.set(op.dst, result)


def _return(machine: Machine, op: ir.Return) -> None:
    machine.returned.append((machine.get(op.src), machine.state.copy()))
    machine.state.alive = False


def _raise(machine: Machine, op: ir.Raise) -> None:
    value = machine.get(op.src) if op.src != ir.NONE else machine.exception
    if any(isinstance(r, Cls) for r in value.refs):
        value = _instances(machine, value)
    machine.raise_value(value if value is not NOTHING else None)
    machine.state.alive = False


def _instances(machine: Machine, value: Value) -> Value:
    """``raise C`` makes an instance of ``C``."""
    from mlsec_lint.dataflow.flow.construct import construct
    from mlsec_lint.dataflow.flow.summary import Call

    made = [construct(machine, r, Call(), *machine.place) if isinstance(r, Cls) else ref(r) for r in value.refs]
    return join_all([replace(value, refs=()), *made])


def _caught(machine: Machine, op: ir.Caught) -> None:
    machine.set(op.dst, machine.exception)


OPERATIONS: Final[Mapping[type[ir.Op], Callable[[Machine, Any], None]]] = {
    ir.Const: _const,
    ir.Opaque: _opaque,
    ir.Load: _load,
    ir.Store: _store,
    ir.Attribute: _attribute,
    ir.SetAttribute: _set_attribute,
    ir.Item: _item,
    ir.SetItem: _set_item,
    ir.Slice: slice_of,
    ir.Delete: _delete,
    ir.Unpack: unpack,
    ir.Build: build,
    ir.Accumulate: accumulate,
    ir.Binary: _binary,
    ir.Unary: _unary,
    ir.Compare: _compare,
    ir.Format: _format,
    ir.Shape: shape,
    ir.InstanceOf: instance_of,
    ir.Positional: positional,
    ir.Iterate: _iterate,
    ir.Yield: _yield,
    ir.Return: _return,
    ir.Raise: _raise,
    ir.Caught: _caught,
}

__all__ = ["OPERATIONS", "bind", "combined", "ident_of", "local"]
