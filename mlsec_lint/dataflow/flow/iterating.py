"""Calls that go through iterables, and what they yield: ``sorted``, ``zip``, ``next``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.acts import CALLABLE, Special, value_of
from mlsec_lint.dataflow.flow.heap import Thing
from mlsec_lint.dataflow.flow.higher_order import call_key
from mlsec_lint.dataflow.flow.items import element_of
from mlsec_lint.dataflow.flow.objects import allocate, things
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import UNKNOWN, Value, join, join_all

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def _sequence(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    value = value_of(call, 0)
    kind = name.rpartition(".")[2]
    kind = kind if kind in ("tuple", "set", "frozenset") else "list"
    kind = "set" if kind == "frozenset" else kind
    if value is None:
        return allocate(machine, at, Thing(kind, {}))
    order = call.keyword("key")
    if order is not None and any(isinstance(r, CALLABLE) for r in order.value.refs):
        from mlsec_lint.dataflow.flow.calls import call_value

        call_value(machine, order.value, Call((Argument(element_of(machine, value)),)), at, end)
    found = things(machine, value)
    if len(found) == 1 and len(value.refs) == 1 and not value.open:
        thing = found[0][1]
        if thing.exact and thing.rest is None and thing.kind in ("list", "tuple") and kind != "set":
            items = thing.sequence()
            call_key(machine, call, join_all(items), at, end)
            if name.endswith(("reversed", "sorted")):
                return allocate(machine, at, Thing(kind, {}, join_all(items) if items else None, not items))
            return allocate(machine, at, Thing(kind, {("int", i): v for i, v in enumerate(items)}))
    element = element_of(machine, value)
    call_key(machine, call, element, at, end)
    return allocate(machine, at, Thing(kind, {}, element, False))


def _enumerate(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    value = value_of(call, 0)
    return _tuples(machine, at, [UNKNOWN, element_of(machine, value)]) if value is not None else None


def _zip(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    if call.more is not None:
        return None
    known = [things(machine, a.value) for a in call.positional]
    if known and all(len(k) == 1 and k[0][1].exact and k[0][1].rest is None and k[0][1].cls is None for k in known):
        columns = [k[0][1].sequence() for k in known]
        rows = list(zip(*columns, strict=False))
        if 0 < len(rows) <= 8 and all(k[0][1].kind in ("list", "tuple") for k in known):
            items = {
                ("int", i): allocate(
                    machine, at, Thing("tuple", {("int", j): v for j, v in enumerate(row)}), variant=f"row{i}"
                )
                for i, row in enumerate(rows)
            }
            return allocate(machine, at, Thing("list", items), variant="zip")
    return _tuples(machine, at, [element_of(machine, a.value) for a in call.positional])


def _tuples(machine: Machine, at: int, parts: list[Value]) -> Value:
    """A sequence of tuples, each made of these parts."""
    pair = allocate(machine, at, Thing("tuple", {("int", i): p for i, p in enumerate(parts)}), variant="tuple")
    return allocate(machine, at, Thing("list", {}, pair, False), variant="tuples")


def _gather(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """What is awaited together comes back as a list, in order."""
    thing = Thing("list", {("int", i): a.value for i, a in enumerate(call.positional[:16])})
    if call.more is not None or len(call.positional) > 16:
        thing = thing.with_rest(call.more if call.more is not None else join_all(a.value for a in call.positional))
    return allocate(machine, at, thing)


def _chain(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The elements of all arguments; of all elements, for ``chain.from_iterable``."""
    elements = [element_of(machine, value) for value in call.values()]
    if name.endswith("from_iterable"):
        elements = [element_of(machine, value) for value in elements]
    return allocate(machine, at, Thing("list", {}, join_all(elements), False))


def _element(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``next(x)``: an element of the first argument, or the default."""
    value = value_of(call, 0)
    if value is None:
        return None
    if len(call.positional) == 1 or name.endswith("next"):
        found = element_of(machine, value)
        call_key(machine, call, found, at, end)
        default = value_of(call, 1)
        return join(found, default) if default is not None else found
    element = join_all(a.value for a in call.positional)
    call_key(machine, call, element, at, end)
    return element


def _iterator(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``iter(x)``, and ``iter(function, sentinel)``, which yields what the function returns."""
    from mlsec_lint.dataflow.flow.calls import call_value

    value = value_of(call, 0)
    if value is None or len(call.positional) < 2:
        return value
    return allocate(machine, at, Thing("list", {}, call_value(machine, value, Call(), at, end), False))


ITERATING: Final[dict[str, Special]] = {
    "sequence": _sequence,
    "enumerate": _enumerate,
    "zip": _zip,
    "gather": _gather,
    "chain": _chain,
    "element": _element,
    "iterator": _iterator,
}
