"""Parameters that a framework fills itself: ``Depends(get_store)`` is what ``get_store`` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.entry_values import annotation_of, names_in, plain
from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.objects import allocate, thing_at
from mlsec_lint.dataflow.flow.values import Cls, Obj, Value, join, ref

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.summary import Call
    from mlsec_lint.knowledge.schema_flow import Entry

_KIND: Final = "injected"
_FUNCTION: Final = ".func"
_DEEPEST: Final = 4


def request(machine: Machine, call: Call, name: str, at: int) -> Obj | None:
    """What ``Depends(...)`` gives, if it asks a framework to call something: an object that remembers it."""
    entries = machine.knowledge.callbacks.find(name)
    if not any(name in entry.injected for entry in entries):
        return None
    entry = entries[0]
    given = next((a for a in (call.get(entry.parameters, p) for p in entry.argument) if a is not None), None)
    thing = Thing(_KIND, {_FUNCTION: given.value if given is not None else Value()})
    return next(r for r in allocate(machine, at, thing, variant=_KIND).refs if isinstance(r, Obj))


def injected(machine: Machine, code: Code, entry: Entry, index: int) -> Value | None:
    """The value of a parameter that the framework fills itself; none if it does not."""
    annotation = annotation_of(machine, code, index)
    sources = [*machine.solver.annotations.marks(code, index)]
    default = machine.solver.modules.default(code, index)
    if default is not None:
        sources.append(default)
    names = [name for value in (annotation, *sources) for name in names_in(value)]
    if not any(name in entry.injected for name in names):
        return None
    result: Value | None = None
    for value in sources:
        for one in _made(machine, value, entry, annotation):
            result = one if result is None else join(result, one)
    return result if result is not None else plain(machine, code, index)


def _made(machine: Machine, value: Value, entry: Entry, annotation: Value | None) -> list[Value]:
    """What the functions return that a mark or a default asks the framework to call."""
    from mlsec_lint.dataflow.flow.handing import called

    found: list[Value] = []
    for target in value.refs:
        thing = thing_at(machine, target) if isinstance(target, Obj) else None
        if thing is None or thing.kind != _KIND or machine.nesting > _DEEPEST:
            continue
        func = thing.items[_FUNCTION]
        if not func.refs and not func.open and annotation is not None:
            func = Value(refs=tuple(r for r in annotation.refs if isinstance(r, Cls)))
        for name in names_in(value):
            entry = next(iter(machine.knowledge.callbacks.find(name)), entry)
        found += [called(machine, ref(each), entry, -1, -1) for each in func.refs]
    return found
