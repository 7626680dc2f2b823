"""Attributes by other means: ``vars(x)``, ``x.__dict__``, ``globals()``, ``setattr`` with any name, ``delattr``.

The namespace of an object is a dictionary that knows whose it is (``.of``): reading a key reads the attribute, and what
is written to the dictionary is written to the object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.labels import Label
from mlsec_lint.dataflow.flow.objects import allocate, thing_at
from mlsec_lint.dataflow.flow.summary import Call
from mlsec_lint.dataflow.flow.values import NONE, NOTHING, Cls, Mod, Obj, Sym, Value, data, join_all, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

OWNER: Final = ".of"
NAMESPACE: Final = "__dict__"


def namespace(machine: Machine, obj: Value) -> Value | None:
    """The dictionary of the attributes of a value; none if some of it has no attributes that are known."""
    if obj.open or not obj.refs or not all(isinstance(r, (Obj, Sym, Mod, Cls)) for r in obj.refs):
        return None
    parts: list[Value] = []
    for index, target in enumerate(obj.refs):
        thing = _content(machine, target)
        if thing is None:
            return None
        owner = replace(obj, refs=(target,), labels=obj.labels if isinstance(target, Sym) else frozenset())
        thing = replace(thing, items={**thing.items, OWNER: owner})
        parts.append(allocate(machine, machine.place[0], thing, variant=f"namespace{index}"))
    return join_all(parts)


def _content(machine: Machine, target: object) -> Thing | None:
    """The attributes of one object as a dictionary of its own."""
    if isinstance(target, Sym):
        return Thing("dict", {}, data(frozenset((Label(target.path),))), False)
    if isinstance(target, Mod):
        functions = machine.solver.statics.functions(target.path)
        return Thing("dict", {}, join_all(functions) if functions else None, False)
    if isinstance(target, Cls):
        return Thing("dict", {}, None, False)
    thing = thing_at(machine, target) if isinstance(target, Obj) else None
    if thing is None or thing.kind in ("list", "dict", "set"):
        return None
    named = {item_key(key[1:]): value for key, value in thing.items.items() if key[0] == "." and key[1:2] != "_"}
    return Thing("dict", named, None, thing.exact and not thing.own, thing.own)


def read(machine: Machine, thing: Thing, key: Value) -> Value | None:
    """The attribute that a key of a namespace stands for; none for other dictionaries and unknown keys."""
    from mlsec_lint.dataflow.flow.access import get_attribute

    owner = thing.items.get(OWNER)
    return get_attribute(machine, owner, key.text) if owner is not None and key.text is not None else None


def write_through(machine: Machine, before: Thing, after: Thing) -> None:
    """What changed in a namespace changes in its object."""
    from mlsec_lint.dataflow.flow.assigning import set_attribute

    owner = before.items.get(OWNER)
    if owner is None or before is after:
        return
    for key, value in after.items.items():
        if key[0] == "str" and before.items.get(key) != value:
            set_attribute(machine, owner, key[1], value)
    for key in before.items:
        if key not in after.items and key[0] == "str":
            remove(machine, owner, key[1])
    rest = after.rest if after.rest is not None and after.rest != before.rest else NOTHING
    if rest.labels or after.own - before.own:
        set_any(machine, owner, replace(rest, labels=rest.labels | (after.own - before.own)))


def update(machine: Machine, obj: Value, mapping: Value) -> bool:
    """``obj.__dict__.update(mapping)``: every item becomes an attribute; returns whether anything is known of them.

    What a caller passes on is left to the caller, who may know the keys.
    """
    from mlsec_lint.dataflow.flow.names import write_overlay

    before = Thing("dict", {OWNER: obj})
    found = [t for r in mapping.refs if isinstance(r, Obj) and (t := thing_at(machine, r)) and t.kind == "dict"]
    for thing in found:
        write_through(machine, before, thing)
    symbols = any(isinstance(r, Sym) for r in mapping.refs)
    holders = [r for r in obj.refs if isinstance(r, Sym)]
    for target in holders if symbols else ():
        write_overlay(machine, target.path, f".{NAMESPACE}", mapping, strong=len(obj.refs) == 1)
    if mapping.labels and not (symbols and len(holders) == len(obj.refs)):
        set_any(machine, obj, mapping)
    return bool(found or symbols or mapping.labels)


def set_any(machine: Machine, obj: Value, value: Value) -> None:
    """Some attribute gets a value, and nobody knows which."""
    from mlsec_lint.dataflow.flow.references import deep_labels

    labels = deep_labels(value, machine.state.heap)
    heap = machine.state.heap
    for target in obj.refs:
        if isinstance(target, Sym) and target.cls is not None:
            address = ("s", *target.path)
            thing = heap.get(address) or Thing("overlay", {}, exact=False)
            heap[address] = replace(thing, own=thing.own | labels, maybe=thing.maybe | frozenset(thing.items))
        elif isinstance(target, Obj) and (found := thing_at(machine, target)) is not None:
            fields = frozenset(key for key in found.items if key[0] == "." and key != OWNER)
            heap[target.address] = replace(found, own=found.own | labels, maybe=found.maybe | fields)


def remove(machine: Machine, obj: Value, name: str) -> None:
    """``del obj.name``: what the class says is seen again."""
    from mlsec_lint.dataflow.flow.assigning import set_attribute
    from mlsec_lint.dataflow.flow.values import UNKNOWN

    target = obj.refs[0] if len(obj.refs) == 1 and not obj.open else None
    thing = thing_at(machine, target) if isinstance(target, Obj) else None
    if thing is not None and isinstance(target, Obj) and thing.cls is not None:
        machine.state.heap[target.address] = thing.without(f".{name}")
    else:
        set_attribute(machine, obj, name, UNKNOWN)


def vars_of(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``vars(x)``."""
    return namespace(machine, call.positional[0].value) if call.positional else None


def globals_of(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``globals()``."""
    return namespace(machine, ref(Mod(machine.path)))


def delete(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``delattr(x, name)``."""
    if len(call.positional) > 1 and (attribute := call.positional[1].value.text) is not None:
        remove(machine, call.positional[0].value, attribute)
    return NONE
