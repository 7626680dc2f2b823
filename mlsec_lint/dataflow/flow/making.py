"""Calls that make containers and plain objects, from arguments or from another object: ``dict``, ``copy``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.acts import Special, value_of
from mlsec_lint.dataflow.flow.containers import spread
from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.items import get_item
from mlsec_lint.dataflow.flow.labels import Labels
from mlsec_lint.dataflow.flow.objects import allocate, things
from mlsec_lint.dataflow.flow.summary import Call
from mlsec_lint.dataflow.flow.values import Obj, Value, join_all

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

_DEEPEST_COPY: Final = 3
"""Levels of a deep copy that are new objects."""


def _dict(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    thing = Thing("dict", {})
    for argument in call.positional[:1]:
        found = things(machine, argument.value)
        if found and all(t.kind in ("list", "tuple", "generator", "set") for _, t in found):
            thing = _from_pairs(machine, thing, argument.value)
        else:
            thing = spread(machine, thing, argument.value)
    for word, argument in call.keywords:
        thing = thing.with_item(("str", word), argument.value)
    if call.more_keywords is not None:
        thing = spread(machine, thing, call.more_keywords)
    return allocate(machine, at, thing)


def _defaultdict(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """A mapping that makes what it does not have."""
    factory = value_of(call, 0)
    made = _dict(machine, name, Call(call.positional[1:], call.keywords, call.more, call.more_keywords), None, at, end)
    if made is not None and factory is not None:
        for address, thing in things(machine, made):
            machine.state.heap[address] = thing.with_item(".default", factory)
    return made


def _queue(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    return allocate(machine, at, Thing("queue", {}, None, False))


def _from_pairs(machine: Machine, thing: Thing, pairs: Value) -> Thing:
    for _, listed in things(machine, pairs):
        values = listed.sequence() if listed.exact and listed.rest is None else [listed.any_item()]
        for pair in values:
            key, value = get_item(machine, pair, Value(consts=(0,))), get_item(machine, pair, Value(consts=(1,)))
            if key.known and listed.exact:
                thing = thing.with_item(item_key(key.consts[0]), value)
            else:
                thing = thing.with_rest(value)
    return thing


def _namespace(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """An object with the attributes that the keywords name."""
    items = {f".{word}": argument.value for word, argument in call.keywords}
    own: Labels = call.more_keywords.labels if call.more_keywords is not None else frozenset()
    return allocate(machine, at, Thing("namespace", dict(items), None, not own, own))


def _copy(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """A copy of an object: later changes of the one are not seen in the other."""
    value = value_of(call, 0)
    return copied(machine, value, at, _DEEPEST_COPY if name.endswith("deepcopy") else 1) if value is not None else None


def copied(machine: Machine, value: Value, at: int, levels: int, place: str = "copy") -> Value:
    """The value with the objects of the heap that it leads to, down to some level, replaced by new ones."""
    if not levels or not any(isinstance(r, Obj) for r in value.refs):
        return value
    parts = [replace(value, refs=tuple(r for r in value.refs if not isinstance(r, Obj)))]
    parts = parts if parts[0].refs or parts[0].open or parts[0].consts else []
    for index, (_, thing) in enumerate(things(machine, value)):
        inner = f"{place}.{index}"
        items = {
            key: copied(machine, item, at, levels - 1, f"{inner}.{number}")
            for number, (key, item) in enumerate(thing.items.items())
        }
        rest = copied(machine, thing.rest, at, levels - 1, f"{inner}.*") if thing.rest is not None else None
        parts.append(allocate(machine, at, replace(thing, items=items, rest=rest), variant=inner))
    return join_all(parts)


MAKING: Final[dict[str, Special]] = {
    "dict": _dict,
    "namespace": _namespace,
    "defaultdict": _defaultdict,
    "queue": _queue,
    "copy": _copy,
}
