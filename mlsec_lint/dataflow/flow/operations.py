"""The operations that are neither calls nor operators nor scopes: names, attributes, items, what a body gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.assigning import set_attribute, set_item
from mlsec_lint.dataflow.flow.construct import construct
from mlsec_lint.dataflow.flow.containers import accumulate, build, slice_of, unpack
from mlsec_lint.dataflow.flow.guards import forget
from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.items import element_of, get_item
from mlsec_lint.dataflow.flow.labels import Label
from mlsec_lint.dataflow.flow.names import frame_address, lookup
from mlsec_lint.dataflow.flow.objects import thing_at, things
from mlsec_lint.dataflow.flow.operators import OPERATORS
from mlsec_lint.dataflow.flow.patterns import instance_of, positional, shape
from mlsec_lint.dataflow.flow.reflection import remove
from mlsec_lint.dataflow.flow.summary import Call
from mlsec_lint.dataflow.flow.values import NOTHING, UNKNOWN, Cls, Obj, Sym, Value, constant, data, join, join_all, ref
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


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
    made = [construct(machine, r, Call(), *machine.place) if isinstance(r, Cls) else ref(r) for r in value.refs]
    return join_all([replace(value, refs=()), *made])


def _caught(machine: Machine, op: ir.Caught) -> None:
    machine.set(op.dst, machine.exception)


OPERATIONS: Final[Mapping[type[ir.Op], Callable[[Machine, Any], None]]] = {
    **OPERATORS,
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
    ir.Shape: shape,
    ir.InstanceOf: instance_of,
    ir.Positional: positional,
    ir.Iterate: _iterate,
    ir.Yield: _yield,
    ir.Return: _return,
    ir.Raise: _raise,
    ir.Caught: _caught,
}
