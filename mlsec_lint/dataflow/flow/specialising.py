"""What a call tells of its arguments that is worth evaluating the callee for: constants that decide, and shapes.

A function that is called with ``strict=True`` is evaluated for that; so is one whose object has the flag in a field, or
that closes over it. Functions that collect their arguments are evaluated for the number and the names of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.labels import Key, Path
from mlsec_lint.dataflow.flow.names import read_path
from mlsec_lint.dataflow.flow.objects import thing_at
from mlsec_lint.dataflow.flow.values import UNKNOWN, CodeKey, Fun, Obj, Sym, Value, constant, ref, symbolic

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.machine import Machine

Spec = tuple[tuple[int, Any, Any], ...]
"""What is known at entry: parameter, type and constant; ``class`` and the class of what is passed; ``*`` and how many,
``**`` and the names; or (with the type) the key of a field of a parameter and its constant. Enclosing functions count
from -1 downwards."""

_CLASS: Final = "class"
_MOST_CONSTANTS: Final = 4
_MOST_FIELDS: Final = 3
_LONGEST_CONSTANT: Final = 40
_FLAGS: Final = (bool, str, type(None))
_MOST_COLLECTED: Final = 6
_LARGEST: Final = 3_000
"""Bytes of a function beyond which it is not evaluated for the shape of what it collects."""


def specialisation(machine: Machine, code: Code, fun: Fun, values: list[Value]) -> Spec:
    """What is known of the arguments of a call, as far as conditions of the callee depend on it."""
    found: list[tuple[int, Any, Any]] = []
    for index in code.classed:
        cls = class_of(machine, values[index]) if index < len(values) else None
        if cls is not None:
            found.append((index, _CLASS, cls))
    for index in code.decisive:
        value = values[index] if index < len(values) else UNKNOWN
        if _tells(value) and not isinstance(value.consts[0], float):
            found.append((index, type(value.consts[0]).__name__, value.consts[0]))
    found = found[:_MOST_CONSTANTS]
    if code.body.end - code.body.at <= _LARGEST:
        found += _collected(machine, code, values)
    return (*found, *list(_fields(machine, code, fun, values))[:_MOST_FIELDS])


def class_of(machine: Machine, value: Value) -> CodeKey | None:
    """The class of the project of which a value is an instance, if it is nothing else."""
    target = value.refs[0] if len(value.refs) == 1 and not value.open and not value.consts else None
    thing = thing_at(machine, target) if isinstance(target, Obj) else None
    return target.cls if isinstance(target, Sym) else thing.cls if thing is not None else None


def _tells(value: Value) -> bool:
    """Whether a value is a constant that is short enough to tell apart."""
    if not value.known or value.labels:
        return False
    known = value.consts[0]
    return not isinstance(known, (str, bytes)) or len(known) <= _LONGEST_CONSTANT


def _collected(machine: Machine, code: Code, values: list[Value]) -> Iterator[tuple[int, str, Any]]:
    """The shapes of ``*args`` and ``**kwargs``."""
    for index, param in enumerate(code.params):
        thing = _exact(machine, values[index]) if param.kind and index < len(values) else None
        if thing is None or len(thing.items) > _MOST_COLLECTED:
            continue
        if param.kind == "*" and thing.kind == "tuple":
            yield index, "*", len(thing.items)
        elif param.kind == "**" and thing.kind == "dict":
            yield index, "**", tuple(key[1] for key in thing.items)


def _exact(machine: Machine, value: Value) -> Thing | None:
    """The object that a value is, if everything in it is known."""
    target = value.refs[0] if len(value.refs) == 1 and not value.open else None
    thing = thing_at(machine, target) if isinstance(target, Obj) else None
    if thing is None or not thing.exact or thing.rest is not None or thing.own or thing.maybe:
        return None
    return thing


def _fields(machine: Machine, code: Code, fun: Fun, values: list[Value]) -> Iterator[tuple[int, Any, Any]]:
    """The flags in fields of the arguments, and among the variables that a function closes over."""
    for index, key in code.decisive_fields:
        value = _at(machine, values[index], key) if index < len(values) else None
        if value is not None and _tells(value) and isinstance(value.consts[0], _FLAGS):
            yield index, (key, type(value.consts[0]).__name__), value.consts[0]
    for level, key in code.decisive_captured:
        address = fun.frames[level] if level < len(fun.frames) else None
        if address is None:
            continue
        target = Sym(address[1:]) if address[0] == "s" else Obj(address)
        value = _at(machine, ref(target), key)
        if value is not None and _tells(value) and not isinstance(value.consts[0], float):
            yield -1 - level, (key, type(value.consts[0]).__name__), value.consts[0]


def _at(machine: Machine, holder: Value, key: Key) -> Value | None:
    """What is under a key of the one object that a value is."""
    target = holder.refs[0] if len(holder.refs) == 1 and not holder.open else None
    if isinstance(target, Sym):
        return read_path(machine, target.path, key)
    thing = thing_at(machine, target) if isinstance(target, Obj) else None
    return thing.items.get(key) if thing is not None and key not in thing.maybe else None


def given(spec: Spec) -> dict[Path, Value]:
    """The values of fields and captured variables that a specialisation knows, by path."""
    found: dict[Path, Value] = {}
    for index, kind, value in spec:
        if isinstance(kind, tuple):
            root: Path = (("p", index),) if index >= 0 else (("e", -1 - index),)
            found[(*root, kind[0])] = constant(value)
    return found


def parameter(machine: Machine, index: int, spec: Spec) -> Value | None:
    """The value of a parameter that a specialisation knows."""
    for position, kind, value in spec:
        if position != index or isinstance(kind, tuple):
            continue
        if kind == _CLASS:
            return symbolic((("p", index),), value)
        if kind not in ("*", "**"):
            return constant(value)
        keys = [("int", each) for each in range(value)] if kind == "*" else [item_key(name) for name in value]
        items = {key: machine.given.get((("p", index), key)) or symbolic((("p", index), key)) for key in keys}
        address = ("a", machine.path, machine.body.at, f"collected{index}")
        machine.state.heap[address] = Thing("tuple" if kind == "*" else "dict", dict(items))
        return ref(Obj(address))
    return None
