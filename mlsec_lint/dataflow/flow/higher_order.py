"""Calls that call a function that they are given, or hold it for later: ``map``, ``submit``, ``partial``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.acts import CALLABLE, Special, labels_of, value_of
from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.items import element_of
from mlsec_lint.dataflow.flow.objects import allocate, things
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import Bound, Cls, Ext, Fun, Obj, Sym, Value, data, join

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def key_function(machine: Machine, call: Call, values: Value | None, at: int, end: int) -> None:
    """``sorted(values, key=f)``: the function is called with each element."""
    from mlsec_lint.dataflow.flow.calls import call_value

    key = call.keyword("key")
    if key is None or values is None or not any(isinstance(r, CALLABLE) for r in key.value.refs):
        return
    call_value(machine, key.value, Call((Argument(element_of(machine, values)),)), at, end)


def _partial(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    func = value_of(call, 0)
    if func is None:
        return None
    thing = Thing("partial", {".func": func})
    for index, argument in enumerate(call.positional[1:]):
        thing = thing.with_item(("int", index), argument.value)
    for word, argument in call.keywords:
        thing = thing.with_item(("kw", word), argument.value)
    return allocate(machine, at, thing)


def call_key(machine: Machine, call: Call, element: Value, at: int, end: int) -> None:
    """``sorted(values, key=function)``: the function sees every element."""
    from mlsec_lint.dataflow.flow.calls import call_value

    key = call.keyword("key")
    if key is not None and any(isinstance(r, CALLABLE) for r in key.value.refs):
        call_value(machine, key.value, Call((Argument(element),)), at, end)


def _convert(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``args.get("n", type=int)``: the function passed as ``type`` makes the result of what was found."""
    from mlsec_lint.dataflow.flow.calls import call_value

    converter = call.get(("", "", "type"), "type")
    if converter is None or not any(isinstance(r, CALLABLE) for r in converter.value.refs):
        return None
    values = [a.value for a in call.positional[:2]] + ([receiver] if receiver is not None else [])
    found = data(labels_of(machine, values), ("v", machine.path, at))
    return call_value(machine, converter.value, Call((Argument(found),)), at, end)


def _invoke(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The first function among the arguments is called with those that follow it; its result is the result."""
    from mlsec_lint.dataflow.flow.calls import call_value

    for index, argument in enumerate(call.positional[:2]):
        if any(isinstance(r, (Fun, Bound, Obj, Cls)) for r in argument.value.refs) and not _is_data(
            machine, argument.value
        ):
            rest = Call(call.positional[index + 1 :], call.keywords, call.more, call.more_keywords)
            return call_value(machine, argument.value, rest, at, end)
        if any(isinstance(r, (Ext, Sym)) for r in argument.value.refs) and (index or len(call.positional) < 3):
            rest = Call(call.positional[index + 1 :], call.keywords, call.more, call.more_keywords)
            return call_value(machine, argument.value, rest, at, end)
    return None


def _is_data(machine: Machine, value: Value) -> bool:
    return any(t.kind in ("list", "dict", "tuple", "set") for _, t in things(machine, value))


def _submit(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """As ``invoke``, but the result comes in a box (a future)."""
    result = _invoke(machine, name, call, receiver, at, end)
    return allocate(machine, at, Thing("box", {".box": result})) if result is not None else None


def _map(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The first argument is called with elements of the others; the results are a sequence."""
    from mlsec_lint.dataflow.flow.calls import call_value

    func = value_of(call, 0)
    if func is None or not any(isinstance(r, CALLABLE) for r in func.refs):
        return None
    others = [a.value for a in call.positional[1:]]
    elements = [element_of(machine, other) for other in others]
    if "starmap" in name and elements:
        given = Call((), (), element_of(machine, elements[0]), None)
    elif not elements and receiver is not None:
        given = Call((Argument(data(labels_of(machine, [receiver]))),))
    else:
        given = Call(tuple(Argument(e) for e in elements))
    result = call_value(machine, func, given, at, end)
    return allocate(machine, at, Thing("list", {}, result, False))


def _filter(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    from mlsec_lint.dataflow.flow.calls import call_value

    func, values = value_of(call, 0), value_of(call, 1)
    if func is None or values is None:
        return None
    element = element_of(machine, values)
    if any(isinstance(r, CALLABLE) for r in func.refs):
        call_value(machine, func, Call((Argument(element),)), at, end)
    return allocate(machine, at, Thing("list", {}, element, False))


def _reduce(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    from mlsec_lint.dataflow.flow.calls import call_value

    func, values = value_of(call, 0), value_of(call, 1)
    if func is None or values is None:
        return None
    element = element_of(machine, values)
    start = value_of(call, 2) or element
    once = call_value(machine, func, Call((Argument(start), Argument(element))), at, end)
    return join(call_value(machine, func, Call((Argument(join(start, once)), Argument(element))), at, end), start)


HIGHER_ORDER: Final[dict[str, Special]] = {
    "partial": _partial,
    "convert": _convert,
    "invoke": _invoke,
    "submit": _submit,
    "map": _map,
    "filter": _filter,
    "reduce": _reduce,
}
