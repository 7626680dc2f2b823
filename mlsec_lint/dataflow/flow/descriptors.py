"""What a class defines as its instances see it: functions get a receiver, properties and descriptors are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.binders import is_bindable
from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.objects import thing_at
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import UNKNOWN, Bound, Cls, Ext, Fun, Obj, Reference, Value, Wrapped, join, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

DEEPEST_PROPERTY: Final = 6
"""Properties and hooks that are followed inside each other."""


def framed(found: Value, thing: Thing) -> Value:
    """The functions of a class that was made in a function, with the frames of that call."""
    made_of = thing.items.get(".__class__")
    return in_frames(found, made_of.refs[0]) if made_of is not None and made_of.refs else found


def in_frames(found: Value, cls: Reference) -> Value:
    """What a class defines, with the frames in which the class itself was made."""
    if not isinstance(cls, Cls) or not cls.frames:
        return found
    refs: list[Reference] = []
    for target in found.refs:
        if isinstance(target, Fun) and target.frames:
            refs.append(Fun(target.code, cls.frames, target.defaults, target.owner))
        elif isinstance(target, Wrapped):
            setter = in_frames(target.setter, cls) if target.setter is not None else None
            refs.append(Wrapped(target.kind, in_frames(target.func, cls), setter))
        else:
            refs.append(target)
    return replace(found, refs=tuple(refs))


def bound(machine: Machine, found: Value, receiver: Value, cls: tuple[str, int]) -> Value:
    """An attribute of a class as an instance sees it: functions get their receiver, properties are called."""
    result = Value(found.labels, (), found.consts, found.open) if found.consts or found.open else None
    for target in found.refs:
        if isinstance(target, (Fun, Ext)):
            one = Value(found.labels, (Bound(target, receiver),))
        elif isinstance(target, Wrapped):
            one = _unwrapped(machine, target, receiver, cls)
        elif isinstance(target, Obj) and (got := _described(machine, target, receiver)) is not None:
            one = replace(got, labels=got.labels | found.labels) if found.labels else got
        else:
            one = Value(found.labels, (target,), (), False, found.ident)
        result = one if result is None else join(result, one)
    return result if result is not None else found


def _described(machine: Machine, target: Obj, receiver: Value) -> Value | None:
    """What a descriptor of the project gives for a receiver."""
    from mlsec_lint.dataflow.flow.shapes import is_factory

    if is_factory(machine, target):
        return UNKNOWN
    if is_bindable(machine, target):
        return ref(Bound(target, receiver))
    thing = thing_at(machine, target)
    if thing is None or thing.cls is None:
        return None
    return dunder(machine, ref(target), thing.cls, "__get__", receiver, UNKNOWN)


def _unwrapped(machine: Machine, target: Wrapped, receiver: Value, cls: tuple[str, int]) -> Value:
    if target.kind == "static":
        return target.func
    if target.kind == "class":
        refs = tuple(Bound(f, ref(Cls(cls))) for f in target.func.refs if isinstance(f, (Fun, Ext)))
        return Value(refs=refs)
    from mlsec_lint.dataflow.flow.calls import call_value

    if machine.nesting > DEEPEST_PROPERTY:
        return UNKNOWN
    machine.nesting += 1
    try:
        return call_value(machine, target.func, Call((Argument(receiver),)), *machine.place)
    finally:
        machine.nesting -= 1


def dunder(machine: Machine, obj: Value, cls: tuple[str, int], name: str, *args: Value) -> Value | None:
    """Call a special method that a class of the project defines."""
    found = machine.solver.classes.attribute(machine, cls, name)
    if found is None or not any(isinstance(r, Fun) for r in found.refs):
        return None
    from mlsec_lint.dataflow.flow.calls import call_value

    return call_value(machine, bound(machine, found, obj, cls), Call(tuple(Argument(a) for a in args)), *machine.place)
