"""What the patterns of ``match`` ask of values: their shape, their class, the attributes that have a position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.containers import known_length
from mlsec_lint.dataflow.flow.objects import thing_at, things
from mlsec_lint.dataflow.flow.values import (
    UNKNOWN,
    Cls,
    Ext,
    Obj,
    Reference,
    Sym,
    Test,
    Value,
    constant,
    data,
    ident_of,
    join_all,
)
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.heap import Thing
    from mlsec_lint.dataflow.flow.machine import Machine

_SEQUENCES: Final = ("list", "tuple")
_CONTAINERS: Final = ("list", "tuple", "dict", "set")

_WHOLE: Final = frozenset(
    f"builtins.{name}"
    for name in ("bool", "bytearray", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple")
)
"""Classes whose only positional pattern captures the object itself."""


def shape(machine: Machine, op: ir.Shape) -> None:
    """Whether a value is a sequence of some length, or a mapping."""
    value = machine.get(op.src)
    known = _is_sequence(machine, op, value) if op.kind == "sequence" else _is_mapping(machine, value)
    machine.set(op.dst, constant(known) if known is not None else Value(open=True))


def _is_sequence(machine: Machine, op: ir.Shape, value: Value) -> bool | None:
    if value.known:
        return False  # Text is no sequence for a pattern, and neither is any other literal.
    kinds = _kinds(machine, value)
    if kinds is None:
        return None
    if not any(kind in _SEQUENCES for kind in kinds):
        return False
    length = known_length(machine, value)
    if length is None:
        return None
    return length >= op.count if op.more else length == op.count


def _is_mapping(machine: Machine, value: Value) -> bool | None:
    if value.known:
        return False
    kinds = _kinds(machine, value)
    answers = {kind == "dict" for kind in kinds} if kinds is not None else set[bool]()
    return answers.pop() if len(answers) == 1 else None


def _kinds(machine: Machine, value: Value) -> list[str] | None:
    """The kinds of container that a value may be; none if it may be something else."""
    found = [thing for _, thing in things(machine, value)]
    if value.open or value.consts or len(found) != len(value.refs) or any(t.cls is not None for t in found):
        return None
    kinds = [thing.kind for thing in found]
    return kinds if kinds and all(kind in _CONTAINERS for kind in kinds) else None


def instance_of(machine: Machine, op: ir.InstanceOf) -> None:
    """Whether a value is an instance of a class."""
    machine.set(op.dst, tested(machine, machine.get(op.src), machine.get(op.cls)))


def tested(machine: Machine, value: Value, types: Value) -> Value:
    """The result of ``isinstance``: known for known objects; true only for values of types that cannot hold text."""
    found = things(machine, types)
    refs = [r for _, t in found for v in t.items.values() for r in v.refs] if found else list(types.refs)
    known = _is_instance(machine, value, refs)
    if known is not None:
        return constant(known)
    guards = machine.knowledge.guards
    tags = {g.tag for r in refs if isinstance(r, Ext) for g in guards.find(r.name) if g.acts == "clean"}
    every = bool(refs) and all(isinstance(r, Ext) and any(g.acts == "clean" for g in guards.find(r.name)) for r in refs)
    ident = ident_of(value)
    tests = tuple(Test(tag, ident) for tag in sorted(tags)) if every and ident is not None else ()
    return Value(open=True, tests=tests)


def _is_instance(machine: Machine, value: Value, types: list[Reference]) -> bool | None:
    if value.open or not types or not all(isinstance(r, (Cls, Ext)) for r in types):
        return None
    answers: set[bool | None] = {_is_literal_of(constant, types) for constant in value.consts}
    for target in value.refs:
        thing = thing_at(machine, target) if isinstance(target, Obj) else None
        if isinstance(target, Sym):
            answers.add(_is_symbol_of(machine, target, types))
            continue
        answers.add(_is_thing_of(machine, thing, types) if thing is not None else None)
    return answers.pop() if len(answers) == 1 else None


def _is_symbol_of(machine: Machine, target: Sym, types: list[Reference]) -> bool | None:
    """Whether what a caller passes is an instance of one of some classes: it may be of a derived class."""
    order = machine.solver.classes.order
    asked = [r.code for r in types if isinstance(r, Cls)]
    if target.cls is None or len(asked) < len(types):
        return None
    if any(code in order(target.cls) for code in asked):
        return True
    return None if any(target.cls in order(code) for code in asked) else False


def _is_literal_of(literal: ir.Constant, types: list[Reference]) -> bool | None:
    names = {f"builtins.{cls.__name__}" for cls in type(literal).__mro__}
    if any(isinstance(r, Ext) and r.name in names for r in types):
        return True
    return None if any(isinstance(r, Ext) and not r.name.startswith("builtins.") for r in types) else False


def _is_thing_of(machine: Machine, thing: Thing, types: list[Reference]) -> bool | None:
    if thing.cls is None:
        if thing.kind not in _CONTAINERS:
            return None
        order: tuple[object, ...] = (f"builtins.{thing.kind}", "builtins.object")
    else:
        order = (*machine.solver.classes.order(thing.cls), "builtins.object")
    if any((r.code if isinstance(r, Cls) else r.name if isinstance(r, Ext) else None) in order for r in types):
        return True
    foreign = any(isinstance(each, str) and not each.startswith("builtins.") for each in order)
    asked = any(isinstance(r, Ext) and not r.name.startswith("builtins.") for r in types)
    return None if foreign or asked else False


def positional(machine: Machine, op: ir.Positional) -> None:
    """The attribute that a class lists at a position: ``__match_args__``, or the fields of a record class."""
    obj, cls = machine.get(op.obj), machine.get(op.cls)
    parts: list[Value] = []
    for target in cls.refs:
        if isinstance(target, Ext) and target.name in _WHOLE:
            parts.append(obj)
            continue
        name = _name_at(machine, target, op.index) if isinstance(target, Cls) else None
        parts.append(get_attribute(machine, obj, name) if name is not None else data(obj.labels))
    machine.set(op.dst, machine.current(join_all(parts)) if parts else UNKNOWN)


def _name_at(machine: Machine, cls: Cls, index: int) -> str | None:
    listed = machine.solver.classes.attribute(machine, cls.code, "__match_args__")
    names: list[object] = []
    for _, thing in things(machine, listed) if listed is not None else ():
        names = [value.text for value in thing.sequence()]
    fields = names or list(machine.solver.classes.record_fields(cls.code) or ())
    name = fields[index] if index < len(fields) else None
    return name if isinstance(name, str) else None
