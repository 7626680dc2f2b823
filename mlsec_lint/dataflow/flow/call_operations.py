"""The operations that call, with their arguments: spreads are expanded where their content is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mlsec_lint.dataflow.flow.calls import call_value
from mlsec_lint.dataflow.flow.containers import sequence_of
from mlsec_lint.dataflow.flow.items import any_of, element_of
from mlsec_lint.dataflow.flow.methods import call_method
from mlsec_lint.dataflow.flow.objects import things
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import Sym, Value, join
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def _call(machine: Machine, op: ir.Call) -> None:
    machine.place = (op.at, op.end)
    call = arguments_of(machine, op.args)
    machine.set(op.dst, machine.current(call_value(machine, machine.get(op.func), call, op.at, op.end)))


def _method(machine: Machine, op: ir.Method) -> None:
    machine.place = (op.at, op.end)
    obj = machine.get(op.obj)
    call = arguments_of(machine, op.args)
    machine.set(op.dst, machine.current(call_method(machine, obj, op.name, call, op.at, op.end)))


def arguments_of(machine: Machine, written: tuple[ir.Arg, ...]) -> Call:
    """The arguments of a call, with spreads expanded where their content is known."""
    positional: list[Argument] = []
    keywords: dict[str, Argument] = {}
    more: Value | None = None
    more_keywords: Value | None = None
    iterable: Value | None = None
    for arg in written:
        value = machine.get(arg.src)
        if arg.kind == "**":
            more_keywords = _spread_keywords(machine, value, keywords, more_keywords)
        elif arg.kind == "*":
            items = sequence_of(machine, value) if more is None else None
            if items is not None:
                positional.extend(Argument(item, arg.at, arg.end) for item in items)
            else:
                iterable = value if more is None and len(value.refs) == 1 and isinstance(value.refs[0], Sym) else None
                element = element_of(machine, value)
                more = element if more is None else join(more, element)
        elif arg.name:
            keywords[arg.name] = Argument(value, arg.at, arg.end)
        elif more is None:
            positional.append(Argument(value, arg.at, arg.end))
        else:
            more, iterable = join(more, value), None
    return Call(tuple(positional), tuple(keywords.items()), more, more_keywords, iterable)


def _spread_keywords(machine: Machine, value: Value, keywords: dict[str, Argument], more: Value | None) -> Value | None:
    found = things(machine, value)
    for _, thing in found:
        for key, item in thing.items.items():
            if key[0] == "str":
                old = keywords.get(key[1])
                keywords[key[1]] = Argument(item if old is None else join(old.value, item))
        if thing.rest is not None or thing.own:
            more = any_of(machine, value) if more is None else join(more, any_of(machine, value))
    if len(found) < len(value.refs) or value.open or not value.refs:
        more = value if more is None else join(more, value)
    return more


CALLS: Final[Mapping[type[ir.Op], Callable[[Machine, Any], None]]] = {ir.Call: _call, ir.Method: _method}
