"""Entry points: functions that somebody outside the project calls, by what knowledge lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.entry_values import carried, plain, supplied
from mlsec_lint.dataflow.flow.values import Bound, Cls, CodeKey, Ext, Inst, Obj, Value, join, ref
from mlsec_lint.knowledge.index import is_listed

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.knowledge.schema_flow import Entry

CALLER: Final = "caller"


def entries_of(machine: Machine, code: Code, owner: CodeKey | None = None) -> list[Entry]:
    """The ways in which knowledge says that a function (as a method of the class ``owner``) is called from outside."""
    owner = owner if owner is not None else code.owner
    found = [entry for entry in _decorating(machine.solver, code) if not entry.methods]
    found += by_name(machine.solver, code, owner)
    if owner is not None:
        found += [entry for entry in of_class(machine.solver, owner) if is_listed(code.body.name, entry.methods)]
    return list(dict.fromkeys(found))


def _decorating(solver: Solver, code: Code) -> Iterator[Entry]:
    """The entries of the decorators of a function, unless they get what another decorator made of it."""
    if code.key not in solver.wrapped:
        for mark in solver.decorators.get(code.key, ()):
            yield from entries_of_mark(solver, mark)


def entries_of_mark(solver: Solver, mark: Value) -> Iterator[Entry]:
    """The entries that a decorator, with or without arguments, makes of what it decorates."""
    table = solver.knowledge.decorated
    for target in mark.refs:
        func = target.func if isinstance(target, Bound) else target
        if isinstance(func, (Ext, Inst)):
            yield from table.find(func.name) or table.find(f"*.{func.name.rpartition('.')[2]}")


def of_class(solver: Solver, owner: CodeKey) -> Iterator[Entry]:
    """The entries of the library classes above a class, and of the decorators on it or on a class above it."""
    for each in solver.classes.order(owner):
        if isinstance(each, str):
            yield from solver.knowledge.bases.find(each)
            continue
        for mark in solver.class_decorators.get(each, ()):
            yield from entries_of_mark(solver, mark)


def by_name(solver: Solver, code: Code, owner: CodeKey | None) -> Iterator[Entry]:
    """Entries for the name of a function; a name alone says little, so the parameters have to be there too."""
    if code.enclosing:
        return
    info = solver.classes.info(owner) if owner is not None else None
    for entry in solver.knowledge.named_entries(code.body.name, info.name if info is not None else ""):
        imported = not entry.importing or any(_imports(root).search(code.module.data) for root in entry.importing)
        if imported and (not entry.carries or any(_has(solver, code, each) for each in entry.carries)):
            yield entry


def _has(solver: Solver, code: Code, parameter: str) -> bool:
    """Whether a function has a parameter of this name or position."""
    if parameter.isdigit():
        first = 1 if code.owner is not None and not solver.is_static_method(code) else 0
        return int(parameter) + first < len(code.params)
    return any(param.name == parameter for param in code.params)


@lru_cache(maxsize=256)
def _imports(name: str) -> re.Pattern[bytes]:
    """Finds the import of a module or of something in it."""
    whole = re.escape(name).encode()
    package, _, last = name.rpartition(".")
    part = rb"|from[ \t]+%s[ \t]+import[^\n]*\b%s\b" % (re.escape(package).encode(), last.encode()) if package else b""
    return re.compile(rb"(?m)^[ \t]*(?:from[ \t]+%s\b|import[ \t]+(?:[^\n]*,[ \t]*)?%s\b%s)" % (whole, whole, part))


def parameter_values(machine: Machine, code: Code, owner: CodeKey | None = None) -> list[Value]:
    """The parameters of a function as its callers outside the project fill them."""
    entries = entries_of(machine, code, owner)
    public = not entries and is_public(machine, code)
    owner = owner if owner is not None else code.owner
    first = 1 if owner is not None and not machine.solver.is_static_method(code) else 0
    values: list[Value] = []
    for index in range(len(code.params)):
        if index < first:
            values.append(receiver(machine, code, owner or ("", 0)))
            continue
        value: Value | None = None
        for entry in entries:
            one = supplied(machine, code, entry, index, index - first)
            if one is not None:
                value = one if value is None else join(value, one)
        if value is None:
            value = carried(machine, code, index, CALLER) if public else plain(machine, code, index)
        values.append(value)
    return values


def receiver(machine: Machine, code: Code, owner: CodeKey) -> Value:
    """Some instance of a class, or the class itself for a class method."""
    if machine.solver.is_class_method(code):
        return ref(Cls(owner))
    from mlsec_lint.dataflow.flow.entry_values import attribute_value, self_address

    address = self_address(machine, owner)
    for entry in of_class(machine.solver, owner):
        for name in _attributes(machine, entry, owner):
            thing = machine.state.heap[address]
            value = attribute_value(code, entry, name)
            machine.state.heap[address] = thing.with_item(f".{name}", value)
    return ref(Obj(address))


def _attributes(machine: Machine, entry: Entry, owner: CodeKey) -> Iterator[str]:
    """The attributes of an instance that carry data, patterns replaced by the fields that the class annotates."""
    for name in entry.attributes:
        if "*" not in name:
            yield name
            continue
        for each in machine.solver.classes.order(owner):
            info = machine.solver.classes.info(each) if not isinstance(each, str) else None
            yield from (f for f in (info.fields if info is not None else ()) if is_listed(f, (name,)))


def is_public(machine: Machine, code: Code) -> bool:
    """Whether callers outside the project may call a function: its name, and its class's, say so or are exported."""
    if code.enclosing or code.body.kind != "function":
        return False
    name = code.body.name
    if name.startswith("_") and not (name.startswith("__") and name.endswith("__")):
        return machine.solver.is_exported(code.module.path, name)
    if name.startswith(machine.knowledge.definitions.tests):
        return False
    if code.owner is not None:
        info = machine.solver.classes.info(code.owner)
        return info is None or not info.name.startswith("_")
    return True
