"""The methods of lists, dictionaries, sets and queues, on what is known of the object."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.assigning import set_attribute
from mlsec_lint.dataflow.flow.containers import spread, with_key
from mlsec_lint.dataflow.flow.heap import Thing, item_key, join_things
from mlsec_lint.dataflow.flow.higher_order import key_function
from mlsec_lint.dataflow.flow.items import MOST_KEYS, any_of, element_of, item_of, keys_of
from mlsec_lint.dataflow.flow.labels import Label
from mlsec_lint.dataflow.flow.objects import allocate, things
from mlsec_lint.dataflow.flow.reflection import NAMESPACE, OWNER, read, write_through
from mlsec_lint.dataflow.flow.summary import Call
from mlsec_lint.dataflow.flow.values import NONE, NOTHING, UNKNOWN, Sym, Value, join, join_all

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

Outcome = tuple[Thing, Value]
"""What a method leaves of the container, and what it returns."""

_CONTAINERS: Final = ("list", "tuple", "dict", "set", "queue")


def container_method(machine: Machine, obj: Value, name: str, call: Call, at: int) -> Value | None:
    """The result of a container method on objects of the heap; none if it is not one that is modelled."""
    method = _METHODS.get(name)
    if method is None:
        return None
    found = [(a, t) for a, t in things(machine, obj) if t.cls is None and t.kind in _CONTAINERS]
    if not found:
        return None
    strong = len(obj.refs) == 1 and not obj.open
    results: list[Value] = []
    for address, thing in found:
        owner = thing.items.get(OWNER)
        if owner is not None and name == "update" and len(call.positional) == 1 and not call.keywords:
            set_attribute(machine, owner, NAMESPACE, call.positional[0].value)
            results.append(NONE)
            continue
        new, result = method(machine, thing, call, at)
        if new is not thing:
            machine.state.heap[address] = new if strong else join_things(thing, new)
            write_through(machine, thing, new)
        results.append(result)
    return join_all(results)


def symbolic_method(machine: Machine, target: Sym, name: str, at: int) -> Value | None:
    """What ``values``, ``items`` and ``copy`` give of a mapping of the callers; none for other methods."""
    held = Value(frozenset((Label(target.path),)), (target,))
    if name == "copy":
        return held
    if name == "values":
        return allocate(machine, at, Thing("list", {}, any_of(machine, held), False), variant="values")
    if name == "items":
        parts = {("int", 0): element_of(machine, held), ("int", 1): any_of(machine, held)}
        pair = allocate(machine, at, Thing("tuple", parts), variant="pair")
        return allocate(machine, at, Thing("list", {}, pair, False), variant="items")
    return None


def _arg(call: Call, index: int) -> Value | None:
    return call.positional[index].value if index < len(call.positional) else call.more


def _get(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    if thing.kind == "queue":
        return thing, thing.any_item()
    key, default = _arg(call, 0) or UNKNOWN, _arg(call, 1)
    attribute = read(machine, thing, key)
    if attribute is not None:
        return thing, join(attribute, default) if default is not None and attribute.open else attribute
    fallback = default if default is not None else NONE
    if key.known and item_key(key.consts[0]) in thing.items and item_key(key.consts[0]) not in thing.maybe:
        return thing, item_of(thing, key)
    if key.known and thing.exact and not thing.own:
        return thing, fallback
    found = item_of(thing, key)
    return thing, join(found, fallback) if found is not NOTHING else fallback


def _pop(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    key = _arg(call, 0)
    if thing.kind == "dict":
        _, result = _get(machine, thing, call, at)
        return (thing.without(item_key(key.consts[0])) if key is not None and key.known else thing), result
    items = thing.sequence()
    if thing.exact and items and thing.rest is None and (key is None or key.known):
        index = key.consts[0] if key is not None else -1
        if isinstance(index, int) and -len(items) <= index < len(items):
            result = items.pop(index)
            return replace(thing, items={("int", i): v for i, v in enumerate(items)}), result
    return replace(thing, rest=thing.any_item(), exact=False), thing.any_item()


def _popitem(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    _, pairs = _items(machine, thing, call, at)
    return replace(thing, exact=False), element_of(machine, pairs)


def _setdefault(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    key, default = _arg(call, 0) or UNKNOWN, _arg(call, 1) or NONE
    if not key.known:
        return with_key(thing, key, default), join(thing.any_item(), default)
    there = thing.items.get(item_key(key.consts[0]))
    if there is not None and item_key(key.consts[0]) not in thing.maybe:
        return thing, there
    value = default if there is None and thing.exact else join(thing.any_item(), default)
    return thing.with_item(item_key(key.consts[0]), value), value


def _update(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    for argument in call.positional:
        if thing.kind == "dict":
            thing = spread(machine, thing, argument.value)
        else:
            thing = thing.with_rest(element_of(machine, argument.value))
    for name, argument in call.keywords:
        thing = thing.with_item(("str", name), argument.value)
    if call.more_keywords is not None:
        thing = thing.with_rest(call.more_keywords)
    return thing, NONE


def _append(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    for argument in call.positional:
        exact = thing.exact and thing.rest is None and thing.kind == "list"
        value = argument.value
        thing = thing.with_item(("int", len(thing.items)), value) if exact else thing.with_rest(value)
    return thing, NONE


def _insert(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    value, index, items = _arg(call, 1), _arg(call, 0), thing.sequence()
    if value is None:
        return thing, NONE
    if thing.exact and thing.rest is None and index is not None and index.known and isinstance(index.consts[0], int):
        items.insert(index.consts[0], value)
        return replace(thing, items={("int", i): v for i, v in enumerate(items)}), NONE
    return replace(thing.with_rest(join(value, thing.any_item())), items={}), NONE


def _extend(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    for argument in call.positional:
        thing = spread(machine, thing, argument.value)
    return thing, NONE


def _remove(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    return replace(thing, items={}, rest=thing.any_item(), exact=False), NONE


def _sort(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    key_function(machine, call, allocate(machine, at, thing, variant="sorted"), at, at)
    return _remove(machine, thing, call, at)


def _reverse(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    if thing.exact and thing.rest is None:
        return replace(thing, items={("int", i): v for i, v in enumerate(reversed(thing.sequence()))}), NONE
    return thing, NONE


def _values(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    return thing, allocate(machine, at, Thing("list", {}, thing.any_item(), False), variant="values")


def _keys(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    return thing, allocate(machine, at, Thing("list", {}, keys_of(thing), False), variant="keys")


def _items(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    named = [(k, v) for k, v in thing.items.items() if k[0] != "."]
    if thing.exact and thing.rest is None and thing.keys is None and len(named) <= MOST_KEYS:
        pairs = {
            ("int", i): allocate(
                machine, at, Thing("tuple", {("int", 0): Value(consts=(k[1],)), ("int", 1): v}), variant=f"pair{i}"
            )
            for i, (k, v) in enumerate(named)
        }
        return thing, allocate(machine, at, Thing("list", pairs), variant="items")
    pair = Thing("tuple", {("int", 0): keys_of(thing), ("int", 1): thing.any_item()})
    return thing, allocate(
        machine, at, Thing("list", {}, allocate(machine, at, pair, variant="pair"), False), variant="items"
    )


def _copy(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    return thing, allocate(machine, at, thing.without(OWNER) if OWNER in thing.items else thing, variant="copy")


def _clear(machine: Machine, thing: Thing, call: Call, at: int) -> Outcome:
    return Thing(thing.kind, {}), NONE


_METHODS: Final[dict[str, Callable[[Machine, Thing, Call, int], Outcome]]] = {
    "get": _get,
    "pop": _pop,
    "popleft": _pop,
    "popitem": _popitem,
    "setdefault": _setdefault,
    "update": _update,
    "append": _append,
    "put": _append,
    "put_nowait": _append,
    "get_nowait": _get,
    "appendleft": _append,
    "add": _append,
    "insert": _insert,
    "extend": _extend,
    "remove": _remove,
    "discard": _remove,
    "reverse": _reverse,
    "sort": _sort,
    "values": _values,
    "keys": _keys,
    "items": _items,
    "copy": _copy,
    "clear": _clear,
}

_ADDING: Final = frozenset(("append", "appendleft", "add", "insert", "extend", "update", "setdefault"))


def is_modelled(name: str) -> bool:
    """Whether a method of containers is modelled here."""
    return name in _METHODS


def adds(name: str) -> bool:
    """Whether a container method puts its arguments into the container."""
    return name in _ADDING
