"""Assignments to attributes and items, and data that is written into what a value stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.descriptors import DEEPEST_PROPERTY, dunder
from mlsec_lint.dataflow.flow.guards import forget
from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.names import write_global, write_overlay
from mlsec_lint.dataflow.flow.objects import thing_at
from mlsec_lint.dataflow.flow.reflection import NAMESPACE, update, write_through
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import Cls, Ext, Fun, Inst, Mod, Obj, Sym, Value, Wrapped, data, join, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def set_attribute(machine: Machine, obj: Value, name: str, value: Value) -> None:
    """``obj.name = value``: strong if there is one target."""
    key = f".{name}"
    if machine.state.guards:
        paths = ((*target.path, key) for target in obj.refs if isinstance(target, Sym))
        forget(machine.state, ("a", obj.ident, name), *paths)
    strong = len(obj.refs) == 1 and not obj.open
    if name == NAMESPACE and update(machine, obj, value):
        return
    for target in obj.refs:
        if isinstance(target, Sym):
            if target.cls is not None and _set_property(machine, target.cls, obj, name, value):
                continue
            write_overlay(machine, target.path, key, value, strong=strong)
        elif isinstance(target, Obj):
            _set_on_object(machine, target, name, value, strong)
        elif isinstance(target, (Cls, Fun)):
            address = ("c", *target.code)
            thing = machine.state.heap.get(address) or Thing("overlay", {}, exact=False)
            machine.state.heap[address] = thing.with_item(key, value) if strong else thing.with_weak(key, value)
        elif isinstance(target, Mod):
            write_global(machine, target.path, name, value, strong=strong)
        elif isinstance(target, (Inst, Ext)):
            from mlsec_lint.dataflow.flow.handing import hand_over_attribute

            hand_over_attribute(machine, target.name, name, value)
            if obj.ident is not None:
                taint_content(machine, obj.ident, value)


def _set_on_object(machine: Machine, target: Obj, name: str, value: Value, strong: bool) -> None:
    thing = thing_at(machine, target)
    if thing is None or (thing.cls is not None and _set_property(machine, thing.cls, ref(target), name, value)):
        return
    key = f".{name}"
    machine.state.heap[target.address] = thing.with_item(key, value) if strong else thing.with_weak(key, value)


def _set_property(machine: Machine, cls: tuple[str, int], receiver: Value, name: str, value: Value) -> bool:
    found = machine.solver.classes.attribute(machine, cls, name)
    for target in found.refs if found is not None else ():
        thing = thing_at(machine, target) if isinstance(target, Obj) else None
        if thing is not None and thing.cls is not None:
            return dunder(machine, ref(target), thing.cls, "__set__", receiver, value) is not None
    setters = [r.setter for r in found.refs if isinstance(r, Wrapped) and r.setter is not None] if found else []
    if not setters or machine.nesting > DEEPEST_PROPERTY:
        return False
    from mlsec_lint.dataflow.flow.calls import call_value

    machine.nesting += 1
    try:
        for setter in setters:
            call_value(machine, setter, Call((Argument(receiver), Argument(value))), *machine.place)
    finally:
        machine.nesting -= 1
    return True


def taint_content(machine: Machine, ident: object, value: Value) -> None:
    """Note that data was written into what a value stands for."""
    if value.labels and ident is not None:
        if machine.state.guards:
            forget(machine.state, ident)
        contents = machine.state.contents
        old = contents.get(ident)
        new = data(value.labels)
        contents[ident] = new if old is None else join(old, new)


def set_item(machine: Machine, obj: Value, key: Value, value: Value) -> None:
    """``obj[key] = value``: strong if the object and the key are known."""
    if machine.state.guards and key.known:
        paths = ((*target.path, item_key(key.consts[0])) for target in obj.refs if isinstance(target, Sym))
        forget(machine.state, ("i", obj.ident, key.consts[0]), *paths)
    strong = len(obj.refs) == 1 and not obj.open
    for target in obj.refs:
        if isinstance(target, Sym):
            if target.cls is not None and dunder(machine, obj, target.cls, "__setitem__", key, value) is not None:
                continue
            if key.known:
                write_overlay(machine, target.path, item_key(key.consts[0]), value, strong=strong)
            else:
                write_overlay_rest(machine, target, value)
        elif isinstance(target, Obj):
            _set_item_of(machine, target, key, value, strong)
        elif obj.ident is not None:
            taint_content(machine, obj.ident, value)
    if not obj.refs and obj.ident is not None:
        taint_content(machine, obj.ident, value)


def _set_item_of(machine: Machine, target: Obj, key: Value, value: Value, strong: bool) -> None:
    thing = thing_at(machine, target)
    if thing is None:
        return
    if thing.cls is not None:
        dunder(machine, ref(target), thing.cls, "__setitem__", key, value)
        return
    if not key.known:
        new = thing.with_unknown_key(value)
        if key.labels:
            new = replace(new, keys=data(key.labels) if new.keys is None else join(new.keys, data(key.labels)))
    else:
        constant = key.consts[0]
        if isinstance(constant, int) and not isinstance(constant, bool) and constant < 0 and thing.exact:
            constant += len(thing.sequence())
        new = thing.with_item(item_key(constant), value) if strong else thing.with_weak(item_key(constant), value)
    machine.state.heap[target.address] = new
    write_through(machine, thing, new)


def write_overlay_rest(machine: Machine, target: Sym, value: Value) -> None:
    """Note a write under an unknown key of an object of the callers."""
    heap, address = machine.state.heap, ("s", *target.path)
    thing = heap.get(address) or Thing("overlay", {}, exact=False)
    heap[address] = thing.with_rest(value)
