"""Attributes of the project's classes, and of objects: what they hold themselves, then what their class defines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.descriptors import DEEPEST_PROPERTY, bound, framed, in_frames
from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.labels import Labels
from mlsec_lint.dataflow.flow.members import member
from mlsec_lint.dataflow.flow.names import read_path
from mlsec_lint.dataflow.flow.objects import thing_at
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import (
    NOTHING,
    UNKNOWN,
    Bound,
    Cls,
    CodeKey,
    Ext,
    Fun,
    Obj,
    Value,
    Wrapped,
    data,
    join,
    ref,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def of_object(machine: Machine, target: Obj, labels: Labels, name: str) -> Value:
    """``obj.name`` of an object of the heap."""
    thing = thing_at(machine, target)
    if thing is None:
        return data(labels)
    key = f".{name}"
    found = thing.items.get(key)
    if found is not None and key not in thing.maybe:
        return found
    if thing.cls is not None:
        return _of_instance(machine, target, thing, found, name)
    if thing.kind in ("list", "dict", "tuple", "set", "generic"):
        owner = "generic" if thing.kind == "generic" else f"builtins.{thing.kind}"
        return ref(Bound(Ext(f"{owner}.{name}"), ref(target)))
    own = data(thing.own) if thing.own else NOTHING
    return join(found, own) if found is not None else (own if thing.own else UNKNOWN)


def _of_instance(machine: Machine, target: Obj, thing: Thing, found: Value | None, name: str) -> Value:
    if thing.cls is None:
        return UNKNOWN
    classes = machine.solver.classes
    if target.address[0] == "self":
        stored = machine.solver.fields.stored(machine, thing.cls, name)
        if stored is not None:
            found = stored if found is None else join(found, stored)
    if name == "__class__":
        return found if found is not None else ref(Cls(thing.cls))
    defined = class_value(machine, thing.cls, name)
    if defined is not None and thing.own and all(isinstance(r, Ext) for r in defined.refs):
        # A library class may define anything: what is in the instance is told by who filled it.
        return (
            found if found is not None else replace(bound(machine, defined, ref(target), thing.cls), labels=thing.own)
        )
    if defined is not None:
        value = bound(machine, framed(defined, thing), ref(target), thing.cls)
        if found is None:
            opaque = thing.own and not any(isinstance(r, (Fun, Wrapped)) for r in defined.refs)
            return join(value, data(thing.own)) if opaque else value
        is_property = any(isinstance(r, Wrapped) for r in defined.refs)
        return value if is_property and not thing.own else join(found, value)
    if found is None and not name.startswith("__") and machine.nesting <= DEEPEST_PROPERTY:
        hook = classes.attribute(machine, thing.cls, "__getattr__")
        if hook is not None and any(isinstance(r, Fun) for r in hook.refs):
            from mlsec_lint.dataflow.flow.calls import call_value

            call = Call((Argument(Value(consts=(name,))),))
            machine.nesting += 3
            try:
                return call_value(machine, bound(machine, hook, ref(target), thing.cls), call, *machine.place)
            finally:
                machine.nesting -= 3
    if thing.own:
        own = data(thing.own)
        return join(found, own) if found is not None else own
    return found if found is not None else UNKNOWN


def class_value(machine: Machine, key: tuple[str, int], name: str) -> Value | None:
    """An attribute of a class: what was assigned to it since, or what its body and its bases define."""
    return machine.solver.classes.attribute(machine, key, name)


def of_class(machine: Machine, target: Cls, name: str) -> Value:
    """``C.name``: functions and constants as they are, class methods with their class."""
    found = class_value(machine, target.code, name)
    if found is None:
        return _of_metaclass(machine, target, name)
    of_enumeration = member(machine, target, name, found)
    if of_enumeration is not None:
        return of_enumeration
    if machine.early and machine.body.kind != "module" and _is_unseen(machine, found):
        path = machine.solver.classes.global_path(target.code)
        if path is not None:
            return read_path(machine, path, f".{name}")
    found = in_frames(found, target)
    result: Value | None = None
    for one in found.refs:
        if isinstance(one, Wrapped) and one.kind == "static":
            part = one.func
        elif isinstance(one, Wrapped) and one.kind == "class":
            part = bound(machine, Value(refs=(one,)), ref(target), target.code)
        else:
            part = Value(found.labels, (one,))
        result = part if result is None else join(result, part)
    if result is None:
        return found
    if found.consts or found.open:
        result = join(result, Value(found.labels, (), found.consts, found.open))
    return result


def _is_unseen(machine: Machine, value: Value) -> bool:
    """Whether a value is an object that the module which makes it has not handed out yet."""
    return any(isinstance(r, Obj) and thing_at(machine, r) is None for r in value.refs)


def _of_metaclass(machine: Machine, target: Cls, name: str) -> Value:
    """What a class has as an instance of its metaclass."""
    meta = machine.solver.classes.metaclass(target.code)
    found = class_value(machine, meta, name) if meta is not None else None
    return bound(machine, found, ref(target), meta) if found is not None and meta is not None else UNKNOWN


def methods(machine: Machine, key: CodeKey, receiver: Value) -> list[Value]:
    """All methods of a class, with their receiver."""
    classes = machine.solver.classes
    found: list[Value] = []
    for owner in classes.order(key):
        info = classes.info(owner) if not isinstance(owner, str) else None
        for name, value in info.attributes.items() if info is not None else ():
            wrapped = any(isinstance(r, Wrapped) and r.kind == "property" for r in value.refs)
            if any(isinstance(r, (Fun, Wrapped)) for r in value.refs) and not wrapped and name[:2] != "__":
                found.append(bound(machine, value, receiver, key))
    return found[:6]
