"""What callers outside the project put into parameters: data of an origin, an instance, or what a framework makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from mlsec_lint.dataflow.flow.annotations import is_fixed
from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.labels import Label, Labels, Source
from mlsec_lint.dataflow.flow.objects import allocate
from mlsec_lint.dataflow.flow.values import Address, Bound, Cls, CodeKey, Ext, Fun, Inst, Obj, Value, data

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.knowledge.schema_flow import Entry

ENTRY: Final = "entry"
"""The first part of the identity of what a caller passes; the last part names attributes that do not carry."""

_DEEPEST_RECORD: Final = 2


def supplied(machine: Machine, code: Code, entry: Entry, index: int, position: int) -> Value | None:
    """The value of one parameter if somebody calls the function as ``entry`` says; none if it carries nothing."""
    from mlsec_lint.dataflow.flow.injection import injected

    made = injected(machine, code, entry, index)
    if made is not None:
        return made
    param = code.params[index]
    keys = (param.name, str(position))
    if entry.carries and not any(key in entry.carries for key in keys):
        return None
    if any(key in entry.spares for key in keys):
        return None
    if is_fixed(machine, annotation_of(machine, code, index), entry.typed):
        return None
    spared = [s.partition(".") for s in entry.spares if "." in s]
    return carried(
        machine, code, index, entry.origin, tuple(sorted(rest for first, _, rest in spared if first in keys)), entry
    )


def annotation_of(machine: Machine, code: Code, index: int) -> Value | None:
    """The class that the annotation of a parameter names."""
    annotations = machine.solver.annotations.of(code)
    return annotations[index] if index < len(annotations) else None


def carried(
    machine: Machine, code: Code, index: int, origin: str, spared: tuple[str, ...] = (), entry: Entry | None = None
) -> Value:
    """A parameter that carries data of an origin; ``spared`` are attributes of it that do not.

    A class or function that is its default is what it most often is: nobody sends one from outside.
    """
    param = code.params[index]
    source = Source(origin, code.module.path, code.body.at, head_end(code), param.name)
    labels = frozenset((Label(source),))
    ident = (ENTRY, code.module.path, code.body.at, index, spared)
    if param.kind:
        thing = Thing("dict" if param.kind == "**" else "tuple", {}, data(labels, ident), False, labels)
        return allocate(machine, code.body.at, thing, variant=f"entry{index}")
    default = machine.solver.modules.default(code, index)
    found: list[Inst | Obj | Fun | Cls] = [r for r in default.refs if isinstance(r, (Fun, Cls))] if default else []
    annotation = annotation_of(machine, code, index)
    typed = entry.typed if entry is not None else ()
    for target in annotation.refs if annotation is not None else ():
        if isinstance(target, Cls):
            address: Address = ("self", *target.code, f"{code.body.at}.{index}")
            found.append(Obj(record(machine, target.code, address, labels, typed)))
        elif isinstance(target, Ext) and not target.name.startswith(("builtins.", "typing.")):
            found.append(Inst(target.name))
    # A framework that converts to types passes nothing but an instance: each field tells what it carries.
    checked = bool(typed and found) and all(isinstance(each, Obj) for each in found)
    return Value(labels, tuple(found), (), not checked, ident)


def record(
    machine: Machine, key: CodeKey, address: Address, labels: Labels, typed: tuple[str, ...], depth: int = 0
) -> Address:
    """An instance that somebody filled with data: every field carries it unless its type cannot."""
    classes = machine.solver.classes
    items: dict[str, Value] = {}
    for owner in reversed(classes.order(key)) if typed else ():
        info = classes.info(owner) if not isinstance(owner, str) else None
        for name, annotation in info.types.items() if info is not None else ():
            inner = [r.code for r in annotation.refs if isinstance(r, Cls)]
            if is_fixed(machine, annotation, typed):
                items[f".{name}"] = Value(open=True)
            elif inner and depth < _DEEPEST_RECORD:
                made = record(machine, inner[0], (*address, name), labels, typed, depth + 1)
                items[f".{name}"] = Value(labels, (Obj(made),))
    machine.state.heap[address] = Thing("object", dict(items), None, False, labels, key)
    return address


def attribute_value(code: Code, entry: Entry, name: str) -> Value:
    """An attribute of the instance that a framework fills with data."""
    source = Source(entry.origin, code.module.path, code.body.at, head_end(code), f"self.{name}")
    spared = tuple(sorted(s.partition(".")[2] for s in entry.spares if s.startswith(f"{name}.")))
    return data(frozenset((Label(source),)), (ENTRY, code.module.path, code.body.at, name, spared))


def is_spared(ident: object, name: str) -> bool:
    """Whether an attribute of what a caller passes is said to carry nothing."""
    if not isinstance(ident, tuple):
        return False
    parts = cast("tuple[object, ...]", ident)
    return len(parts) == 5 and parts[0] == ENTRY and name in cast("tuple[str, ...]", parts[4])


def head_end(code: Code) -> int:
    """Where the head of a function ends."""
    return max(code.body.inside, code.body.at + 1)


def plain(machine: Machine, code: Code, index: int) -> Value:
    """A parameter of which only the annotation is known: an instance of that class, or anything."""
    refs: list[Inst | Obj] = []
    annotation = annotation_of(machine, code, index)
    for target in annotation.refs if annotation is not None else ():
        if isinstance(target, Ext) and not target.name.startswith(("builtins.", "typing.")):
            refs.append(Inst(target.name))
        elif isinstance(target, Cls):
            refs.append(Obj(self_address(machine, target.code)))
    return Value(refs=tuple(refs), open=True)


def self_address(machine: Machine, key: CodeKey) -> Address:
    """The object that stands for any instance of a class; its fields are those that the methods store."""
    address = ("self", *key)
    if address not in machine.state.heap:
        machine.state.heap[address] = Thing("object", {}, None, False, cls=key)
    return address


def names_in(value: Value | None) -> list[str]:
    """The external names that a value is, or is an instance of."""
    found: list[str] = []
    for target in value.refs if value is not None else ():
        func = target.func if isinstance(target, Bound) else target
        if isinstance(func, (Ext, Inst)):
            found.append(func.name)
    return found
