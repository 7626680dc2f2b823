"""Builtins that ask what an object, a class or a module is and has, or change it: ``getattr``, ``type``, ``super``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.acts import Special, labels_of, value_of
from mlsec_lint.dataflow.flow.assigning import set_attribute
from mlsec_lint.dataflow.flow.class_attributes import methods
from mlsec_lint.dataflow.flow.construct import instance
from mlsec_lint.dataflow.flow.idents import TYPE
from mlsec_lint.dataflow.flow.names import local, lookup
from mlsec_lint.dataflow.flow.objects import things
from mlsec_lint.dataflow.flow.patterns import tested
from mlsec_lint.dataflow.flow.reflection import set_any
from mlsec_lint.dataflow.flow.shapes import class_of_parts
from mlsec_lint.dataflow.flow.summary import Call
from mlsec_lint.dataflow.flow.values import (
    NONE,
    Cls,
    Ext,
    Mod,
    Obj,
    Super,
    Sym,
    Value,
    Wrapped,
    data,
    ident_of,
    join_all,
    ref,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def _getattr(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    obj, attribute = value_of(call, 0), value_of(call, 1)
    if obj is None or attribute is None:
        return None
    parts = [get_attribute(machine, obj, c, at, end) for c in attribute.consts if isinstance(c, str)]
    if not parts or attribute.open:
        parts.append(_any_attribute(machine, obj))
    default = value_of(call, 2)
    if default is not None and all(p.open or not (p.refs or p.consts) or _is_of_caller(p) for p in parts):
        parts.append(default)
    return join_all(parts)


def _is_of_caller(value: Value) -> bool:
    return bool(value.refs) and isinstance(value.refs[0], Sym)


def _any_attribute(machine: Machine, obj: Value) -> Value:
    """Any attribute of an object: what its fields hold, and the methods of its class."""
    parts = [data(labels_of(machine, [obj]))]
    for address, thing in things(machine, obj):
        parts += list(thing.items.values())
        if thing.cls is not None:
            parts += methods(machine, thing.cls, ref(Obj(address)))
    for target in obj.refs:
        if isinstance(target, Sym) and target.cls is not None:
            parts += methods(machine, target.cls, Value(refs=(target,), labels=obj.labels))
        elif isinstance(target, Mod):
            parts += machine.solver.statics.functions(target.path)
    return join_all(parts)


def _setattr(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    obj, attribute, value = value_of(call, 0), value_of(call, 1), value_of(call, 2)
    if obj is None or attribute is None or value is None:
        return None
    if attribute.text is not None:
        set_attribute(machine, obj, attribute.text, value)
        return NONE
    set_any(machine, obj, value)
    return NONE


def _import(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    module = call.get(("name",), "name")
    dotted = module.value.text if module is not None else None
    if dotted is None or dotted.startswith("."):
        return None
    path = machine.solver.project.find(machine.path, dotted, 0)
    if path is not None:
        return ref(Mod(path))
    return ref(Ext(machine.knowledge.canonical(dotted)))


def _type(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``type(x)``: the class of an instance; ``type(name, bases, attributes)``: a new class."""
    value = value_of(call, 0)
    if len(call.positional) == 3:
        return class_of_parts(machine, call, at)
    if value is None or len(call.positional) != 1:
        return None
    found = [ref(Cls(t.cls)) if ".__class__" not in t.items else t.items[".__class__"]
             for _, t in things(machine, value) if t.cls is not None]  # fmt: skip
    found += [ref(Cls(r.cls)) for r in value.refs if isinstance(r, Sym) and r.cls is not None]
    if found:
        return join_all(found)
    ident = ident_of(value)
    return Value(open=True, ident=(TYPE, ident)) if ident is not None else None


def _super(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    cls = machine.owner
    first = value_of(call, 0)
    if first is not None:
        cls = next((r.code for r in first.refs if isinstance(r, Cls)), cls)
    if cls is None or not machine.code.params:
        return None
    obj = value_of(call, 1)
    if obj is None:
        parameter = machine.code.params[0].name
        obj = local(machine, parameter) or lookup(machine, parameter)
    return ref(Super(cls, obj))


def _isinstance(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    value, types = value_of(call, 0), value_of(call, 1)
    return tested(machine, value, types) if value is not None and types is not None else None


def _wrapper(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``property(f)``, ``staticmethod(f)`` and ``classmethod(f)`` called as functions."""
    value = value_of(call, 0)
    kind = machine.knowledge.special(name)
    if value is None:
        return None
    setter = value_of(call, 1) if kind == "property" else None
    return ref(Wrapped(kind, value, setter))


def _new_object(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``object.__new__(cls)``: an empty instance, of the class in which this stands if only callers know better."""
    values = call.values()[:1]
    classes = [r for v in values for r in v.refs if isinstance(r, Cls)]
    classes += [Cls(r.cls) for v in values for r in v.refs if isinstance(r, Sym) and r.cls is not None]
    return join_all(instance(machine, c, at) for c in classes) if classes else None


INTROSPECTION: Final[dict[str, Special]] = {
    "getattr": _getattr,
    "setattr": _setattr,
    "import": _import,
    "type": _type,
    "super": _super,
    "isinstance": _isinstance,
    "property": _wrapper,
    "static": _wrapper,
    "class": _wrapper,
    "new": _new_object,
}
