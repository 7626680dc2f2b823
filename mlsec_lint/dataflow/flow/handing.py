"""Functions handed over to a framework, which calls them with data from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.entries import entries_of_mark
from mlsec_lint.dataflow.flow.entry_values import plain, supplied
from mlsec_lint.dataflow.flow.handlers import REMOTE
from mlsec_lint.dataflow.flow.items import get_item
from mlsec_lint.dataflow.flow.objects import thing_at, things
from mlsec_lint.dataflow.flow.sourcing import source_label
from mlsec_lint.dataflow.flow.summary import Argument, Call, Site
from mlsec_lint.dataflow.flow.values import (
    UNKNOWN,
    Bound,
    Cls,
    CodeKey,
    Fun,
    Inst,
    Obj,
    Sym,
    Value,
    data,
    join_all,
    ref,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.knowledge.schema_flow import Entry

_DEEPEST: Final = 4
_CONTAINERS: Final = ("list", "tuple", "set")


@dataclass(frozen=True)
class Handed:
    """Something callable that the top level of a module hands over, and where."""

    value: Value
    entry: Entry
    site: Site


def hand_over(machine: Machine, name: str, call: Call, at: int, end: int) -> None:
    """A call of an external name: functions among its arguments that knowledge says are called from outside."""
    for entry in machine.knowledge.callbacks.find(name):
        for value in _handed(machine, entry, call):
            deliver(machine, value, entry, at, end)
    if name.endswith(".__call__"):
        for entry in entries_of_mark(machine.solver, ref(Inst(name.removesuffix(".__call__")))):
            for value in call.values()[:1]:
                deliver(machine, value, entry, at, end)


def hand_over_attribute(machine: Machine, owner: str, name: str, value: Value) -> None:
    """``client.on_message = function``."""
    dotted = machine.knowledge.canonical(f"{owner}.{name}")
    for entry in machine.knowledge.callbacks.find(dotted):
        deliver(machine, value, entry, -1, -1)


def _handed(machine: Machine, entry: Entry, call: Call) -> Iterator[Value]:
    if not entry.argument:
        yield from call.values()
    for wanted in entry.argument:
        name, _, key = wanted.partition(".")
        argument = call.get(entry.parameters, name)
        if argument is not None:
            yield get_item(machine, argument.value, Value(consts=(key,))) if key else argument.value


def deliver(machine: Machine, value: Value, entry: Entry, at: int, end: int) -> None:
    """Something is handed over: it is called now, or by whoever runs the module's functions later."""
    values = [value, *(t.any_item() for _, t in things(machine, value) if t.cls is None and t.kind in _CONTAINERS)]
    for each in values:
        for target in each.refs:
            if not isinstance(target, (Fun, Bound, Obj, Cls, Sym)):
                continue
            if not machine.early:
                called(machine, Value(each.labels, (target,)), entry, at, end)
            elif machine.body.kind == "module":
                site = Site(machine.path, max(at, 0), max(end, 1))
                machine.solver.handed.append(Handed(Value(refs=(target,)), entry, site))


def called(machine: Machine, value: Value, entry: Entry, at: int, end: int) -> Value:
    """The result of something that a framework calls with data from outside."""
    from mlsec_lint.dataflow.flow.calls import call_value

    if machine.nesting > _DEEPEST:
        return UNKNOWN
    machine.nesting += 1
    try:
        results = [call_value(machine, ref(t), _call(machine, t, entry, at, end), at, end) for t in value.refs]
    finally:
        machine.nesting -= 1
    return join_all(_content(machine, result) for result in results)


def _content(machine: Machine, result: Value) -> Value:
    """What a generator function yields is what the framework passes on."""
    generators = [t for _, t in things(machine, result) if t.kind == "generator"]
    return join_all(t.any_item() for t in generators) if generators else result


def _call(machine: Machine, target: object, entry: Entry, at: int, end: int) -> Call:
    """The arguments with which a framework calls something; what they are is read from its parameters."""
    key, bound, given = parameters_of(machine, target)
    if key is None:
        return _unknown(machine, entry, at, end)
    machine.solver.handlers = machine.solver.handlers or entry.origin in REMOTE
    code = machine.solver.codes[key]
    positional: list[Argument] = []
    keywords: list[tuple[str, Argument]] = []
    more: Value | None = None
    more_keywords: Value | None = None
    position = 0
    for index, param in enumerate(code.params[bound:], bound):
        if param.name in given:
            continue
        value = supplied(machine, code, entry, index, position)
        position += 1
        if value is None:
            value = plain(machine, code, index)
        if param.kind == "*":
            more = join_all(t.any_item() for _, t in things(machine, value)) if value.labels or value.refs else None
        elif param.kind == "**":
            more_keywords = value if value.refs else None
        elif param.keyword_only or given:
            keywords.append((param.name, Argument(value)))
        else:
            positional.append(Argument(value))
    return Call(tuple(positional), tuple(keywords), more, more_keywords)


def parameters_of(machine: Machine, target: object) -> tuple[CodeKey | None, int, frozenset[str]]:
    """The code that runs, how many of its parameters are filled already, and which others are."""
    if isinstance(target, Fun):
        return target.code, 0, frozenset()
    if isinstance(target, Bound) and isinstance(target.func, Fun):
        return target.func.code, 1, frozenset()
    thing = thing_at(machine, target) if isinstance(target, Obj) else None
    if thing is not None and thing.kind == "partial":
        for inner in thing.items[".func"].refs:
            key, bound, given = parameters_of(machine, inner)
            words = frozenset(k[1] for k in thing.items if k[0] == "kw")
            if key is not None:
                return key, bound + len(thing.sequence()), given | words
    cls, method = (target.code, "__init__") if isinstance(target, Cls) else (None, "__call__")
    cls = thing.cls if thing is not None else cls
    found = machine.solver.classes.attribute(machine, cls, method) if cls is not None else None
    for function in found.refs if found is not None else ():
        if isinstance(function, Fun):
            return function.code, 1, frozenset()
    return None, 0, frozenset()


def _unknown(machine: Machine, entry: Entry, at: int, end: int) -> Call:
    """The arguments for a function that only a caller knows."""
    labels = frozenset((source_label(machine, entry.origin, at, end, "argument"),))
    positions = [int(c) for c in entry.carries if c.isdigit()]
    if not positions:
        return Call((), (), data(labels), None)
    return Call(tuple(Argument(data(labels) if i in positions else UNKNOWN) for i in range(max(positions) + 1)))
