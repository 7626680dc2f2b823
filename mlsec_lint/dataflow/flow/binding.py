"""Arguments to parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.heap import MOST_ITEMS, Thing
from mlsec_lint.dataflow.flow.objects import allocate
from mlsec_lint.dataflow.flow.values import NOTHING, UNKNOWN, Fun, Value, data, join

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.summary import Argument, Call


def bind_arguments(machine: Machine, code: Code, fun: Fun, call: Call, at: int) -> list[Value]:
    """The value of each parameter of a function at a call."""
    from mlsec_lint.dataflow.flow.items import get_item

    values: list[Value] = []
    keywords = dict(call.keywords)
    position = taken = 0
    for index, param in enumerate(code.params):
        if param.kind == "*":
            values.append(_rest(machine, call, position, at, taken))
            position = len(call.positional)
        elif param.kind == "**":
            values.append(_words(machine, call, keywords, at))
        elif not param.keyword_only and position < len(call.positional):
            values.append(call.positional[position].value)
            position += 1
        elif param.name in keywords:
            values.append(keywords.pop(param.name).value)
        else:
            value = _default(machine, code, fun, index)
            if call.more is not None and not param.keyword_only:
                more = call.more
                if call.spread is not None:
                    more = get_item(machine, call.spread, Value(consts=(taken,)))
                    taken += 1
                value = more if value is None else join(value, more)
            if call.more_keywords is not None:
                given = get_item(machine, call.more_keywords, Value(consts=(param.name,)))
                if given is not NOTHING:
                    value = given if value is None else join(value, given)
            values.append(value if value is not None else UNKNOWN)
    return values


def _default(machine: Machine, code: Code, fun: Fun, index: int) -> Value | None:
    """The default of a parameter: an object that is made once is the one that the module made."""
    value = fun.defaults[index] if index < len(fun.defaults) else None
    if value != UNKNOWN or machine.early or code.enclosing:
        return value
    machine.solver.exit(code.module.path)
    return machine.solver.modules.default(code, index) or value


def _rest(machine: Machine, call: Call, position: int, at: int, taken: int) -> Value:

    if call.spread is not None and not taken and position >= len(call.positional):
        return call.spread
    items = {("int", i): a.value for i, a in enumerate(call.positional[position : position + MOST_ITEMS])}
    return allocate(machine, at, Thing("tuple", dict(items), call.more, call.more is None), variant="args")


def _words(machine: Machine, call: Call, keywords: dict[str, Argument], at: int) -> Value:

    items = {("str", name): argument.value for name, argument in keywords.items()}
    more = call.more_keywords
    if more is None or not more.refs:
        rest = data(more.labels) if more is not None else None
        return allocate(machine, at, Thing("dict", dict(items), rest, rest is None), variant="kwargs")
    if not items:
        return more
    return join(allocate(machine, at, Thing("dict", dict(items)), variant="kwargs"), more)
