"""What is in something: its items by their keys, and the elements that iterating it yields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.annotations import ANNOTATED
from mlsec_lint.dataflow.flow.descriptors import bound, dunder
from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.names import further, read_path
from mlsec_lint.dataflow.flow.objects import thing_at, things
from mlsec_lint.dataflow.flow.parts import as_guarded, of_whole
from mlsec_lint.dataflow.flow.reflection import read
from mlsec_lint.dataflow.flow.sourcing import source_label
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import (
    NOTHING,
    UNKNOWN,
    Address,
    Cls,
    Ext,
    Fun,
    Inst,
    Obj,
    Reference,
    Sym,
    Value,
    data,
    join,
    join_all,
    ref,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

MOST_KEYS: Final = 4
"""Keys of a mapping that are told apart where it is iterated."""

_ITERATION: Final = tuple((name, Call()) for name in ("__iter__", "__aiter__", "__next__", "__anext__"))


def get_item(machine: Machine, obj: Value, key: Value) -> Value:
    """``obj[key]``."""
    result: Value | None = None
    whole = of_whole(obj)
    for target in obj.refs:
        one = _item(machine, target, whole, key)
        if isinstance(target, Sym):
            one = as_guarded(obj, target, one)
        result = one if result is None else join(result, one)
    ident = ("i", obj.ident, key.consts[0]) if obj.ident is not None and key.known else None
    if result is None:
        return data(obj.labels, ident)
    if obj.open and whole.labels:
        result = join(result, data(whole.labels))
    return result if result.ident is not None or ident is None else replace(result, ident=ident)


def _item(machine: Machine, target: Reference, obj: Value, key: Value) -> Value:
    if isinstance(target, Sym):
        if target.cls is not None and not target.ext:
            called = dunder(machine, obj, target.cls, "__getitem__", key)
            if called is not None:
                return called
        if key.known:
            return read_path(machine, target.path, item_key(key.consts[0]))
        overlay = machine.state.heap.get(("s", *target.path))
        value = further(target.path, "*")
        return join(value, overlay.any_item()) if overlay is not None else value
    if isinstance(target, Obj):
        return _item_of_object(machine, target, obj, key)
    if isinstance(target, Cls):
        return ref(target)
    if isinstance(target, (Ext, Inst)):
        if target.name in ANNOTATED:
            return Value(refs=(Inst(target.name), *key.refs))
        source = machine.knowledge.attributes.first(target.name)
        if source is not None and not obj.labels:
            return data(frozenset((source_label(machine, source.origin, -1, -1, target.name),)))
        return data(obj.labels)
    return data(obj.labels)


def _item_of_object(machine: Machine, target: Obj, obj: Value, key: Value) -> Value:
    thing = thing_at(machine, target)
    if thing is None:
        return data(obj.labels)
    if thing.cls is not None:
        called = dunder(machine, ref(target), thing.cls, "__getitem__", key)
        if called is None and thing.kind == "tuple":
            return item_of(thing, key)
        return called if called is not None else data(thing.own)
    attribute = read(machine, thing, key)
    return attribute if attribute is not None else _default_item(machine, target, thing, key)


def _default_item(machine: Machine, target: Obj, thing: Thing, key: Value) -> Value:
    """An item; a mapping with a factory makes one where it has none."""
    from mlsec_lint.dataflow.flow.calls import call_value

    factory = thing.items.get(".default")
    if factory is None or (key.known and item_key(key.consts[0]) in thing.items):
        return item_of(thing, key)
    if thing.rest is not None:
        return thing.rest
    made = call_value(machine, factory, Call(), *machine.place)
    machine.state.heap[target.address] = (
        thing.with_item(item_key(key.consts[0]), made) if key.known else thing.with_unknown_key(made)
    )
    return made


def item_of(thing: Thing, key: Value) -> Value:
    """An item of a container."""
    if not key.consts or key.open:
        return thing.any_item()
    result: Value | None = None
    for constant in key.consts:
        index = constant
        if isinstance(index, int) and not isinstance(index, bool) and index < 0 and thing.exact:
            index += len(thing.sequence())
        found = thing.items.get(item_key(index))
        if found is None:
            found = thing.rest
        elif thing.rest is not None and item_key(index) in thing.maybe:
            found = join(found, thing.rest)
        if found is None:
            found = data(thing.own) if thing.own else NOTHING if thing.exact else UNKNOWN
        elif thing.own:
            found = replace(found, labels=found.labels | thing.own)
        result = found if result is None else join(result, found)
    return result if result is not None else UNKNOWN


def any_of(machine: Machine, value: Value) -> Value:
    """Any item of a container."""
    parts = [thing.any_item() for _, thing in things(machine, value)]
    parts += [further(r.path, "*") for r in value.refs if isinstance(r, Sym)]
    if value.labels or not parts:
        parts.append(data(value.labels))
    return join_all(parts)


def element_of(machine: Machine, value: Value) -> Value:
    """An element of an iterable; iterating a dict yields its keys."""
    parts: list[Value] = []
    for address, thing in things(machine, value):
        if thing.cls is not None and thing.kind != "tuple":
            parts.append(_iterated(machine, address, thing))
        elif thing.kind == "dict":
            parts.append(keys_of(thing))
        else:
            parts.append(thing.any_item())
    parts += [further(r.path, "iter") for r in value.refs if isinstance(r, Sym)]
    parts += [_element_of_other(machine, r, value) for r in value.refs if not isinstance(r, (Obj, Sym))]
    if not parts or (value.open and value.labels):
        parts.append(data(value.labels))
    return join_all(parts)


def _element_of_other(machine: Machine, target: object, value: Value) -> Value:
    """An element of what is no object of the heap: a member of an enumeration class, or part of opaque data."""
    if isinstance(target, Cls):
        return ref(target)
    typed = machine.knowledge.types.first(f"{target.name}.__iter__") if isinstance(target, Inst) else None
    if typed is not None:
        return Value(value.labels, (Inst(typed),))
    return data(value.labels) if value.labels else NOTHING


def _iterated(machine: Machine, address: Address, thing: Thing) -> Value:
    """What iterating an instance of a project class yields: ``__iter__`` and ``__next__``, or ``__getitem__``."""
    from mlsec_lint.dataflow.flow.calls import call_value

    if thing.cls is None or machine.nesting > 6:
        return data(thing.own)
    receiver = ref(Obj(address))
    machine.nesting += 1
    try:
        for name, call in (*_ITERATION, ("__getitem__", Call((Argument(UNKNOWN),)))):
            found = machine.solver.classes.attribute(machine, thing.cls, name)
            if found is None or not any(isinstance(r, Fun) for r in found.refs):
                continue
            result = call_value(machine, bound(machine, found, receiver, thing.cls), call, -1, -1)
            if name not in ("__iter__", "__aiter__"):
                return result
            if any(isinstance(r, Obj) and r.address == address for r in result.refs):
                continue
            return element_of(machine, result)
    finally:
        machine.nesting -= 1
    return data(thing.own)


def keys_of(thing: Thing) -> Value:
    """What iterating a mapping yields."""
    constants = tuple(key[1] for key in thing.items if key[0] != ".")
    labels = thing.own
    if thing.exact and thing.keys is None and 0 < len(constants) <= MOST_KEYS:
        return Value(labels, (), constants)
    keys = thing.keys if thing.keys is not None else NOTHING
    return Value(keys.labels | labels, keys.refs, (), True)
