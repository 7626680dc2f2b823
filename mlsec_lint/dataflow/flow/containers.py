"""Containers: displays, spreads, unpacking, iteration, and the methods of lists, dicts and sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.items import MOST_KEYS, any_of, element_of, get_item, item_of, keys_of
from mlsec_lint.dataflow.flow.names import further
from mlsec_lint.dataflow.flow.objects import allocate, things
from mlsec_lint.dataflow.flow.reflection import NAMESPACE, OWNER, read, write_through
from mlsec_lint.dataflow.flow.summary import Call
from mlsec_lint.dataflow.flow.values import NONE, NOTHING, UNKNOWN, Label, Sym, Value, data, join, join_all
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def known_length(machine: Machine, value: Value) -> int | None:
    """The number of elements of a sequence, if it is known."""
    found = things(machine, value)
    if len(found) != 1 or value.open or len(value.refs) != 1:
        return None
    thing = found[0][1]
    if not thing.exact or thing.rest is not None or thing.own or thing.cls is not None:
        return None
    return len(thing.items)


def build(machine: Machine, op: ir.Build) -> None:
    """A list, tuple, set or dict display."""
    thing = Thing(op.kind, {})
    index = 0
    for element in op.elements:
        value = machine.get(element.value)
        if element.spread:
            thing = spread(machine, thing, value)
            index = len(thing.items)
        elif op.kind == "dict":
            key = machine.get(element.key)
            thing = _with_key(thing, key, value)
        elif thing.exact:
            thing = thing.with_item(("int", index), value)
            index += 1
        else:
            thing = thing.with_rest(value)
    machine.set(op.dst, allocate(machine, op.at, thing, variant=f"{op.kind}{op.dst}"))


def _with_key(thing: Thing, key: Value, value: Value) -> Thing:
    if key.known:
        return thing.with_item(item_key(key.consts[0]), value)
    thing = thing.with_unknown_key(value)
    if key.labels or key.refs:
        thing = replace(thing, keys=key if thing.keys is None else join(thing.keys, key))
    return thing


def spread(machine: Machine, thing: Thing, value: Value) -> Thing:
    """A container with everything of ``value`` added."""
    found = things(machine, value)
    if len(found) == 1 and not value.open and len(value.refs) == 1 and found[0][1].cls is None:
        other = found[0][1]
        if thing.kind == "dict":
            return _merged(thing, other)
        if other.exact and thing.exact and other.kind in ("list", "tuple") and other.rest is None:
            index = len(thing.sequence())
            for offset, item in enumerate(other.sequence()):
                thing = thing.with_item(("int", index + offset), item)
            return thing
    if thing.kind == "dict" and any(isinstance(r, Sym) for r in value.refs):
        rest = join_all([further(r.path, "*") for r in value.refs if isinstance(r, Sym)])
        return replace(thing.with_unknown_key(rest), own=thing.own | value.labels)
    if thing.kind == "dict":
        return thing.with_unknown_key(any_of(machine, value))
    return thing.with_rest(element_of(machine, value))


def _merged(thing: Thing, other: Thing) -> Thing:
    items = {**thing.items}
    for key, value in other.items.items():
        if key == OWNER:
            continue
        items[key] = join(items[key], value) if key in items and key in other.maybe else value
    rest = thing.rest if other.rest is None else other.rest if thing.rest is None else join(thing.rest, other.rest)
    keys = thing.keys if other.keys is None else other.keys
    maybe = (thing.maybe - other.items.keys()) | other.maybe
    if other.rest is not None:
        maybe |= {key for key in thing.items if key not in other.items}
    own = thing.own | other.own
    return replace(thing, items=items, rest=rest, exact=thing.exact and other.exact, own=own, keys=keys, maybe=maybe)


def unpack(machine: Machine, op: ir.Unpack) -> None:
    """``a, *b = value``: exact while the length is known."""
    value, count = machine.get(op.src), len(op.dsts)
    found = things(machine, value)
    results: list[Value] | None = None
    if len(found) == 1 and not value.open and len(value.refs) == 1:
        thing = found[0][1]
        if thing.exact and thing.kind in ("tuple", "list") and thing.rest is None:
            results = _split(machine, thing.sequence(), count, op)
    if results is None:
        results = [_part(machine, value, index, op) for index in range(count)]
    for register, result in zip(op.dsts, results, strict=True):
        machine.set(register, result)


def _split(machine: Machine, items: list[Value], count: int, op: ir.Unpack) -> list[Value] | None:
    if op.star < 0:
        return items if len(items) == count else None
    tail = count - op.star - 1
    if len(items) < count - 1:
        return None
    middle = items[op.star : len(items) - tail]
    starred = allocate(
        machine, op.dsts[op.star], Thing("list", {("int", i): v for i, v in enumerate(middle)}), variant="star"
    )
    return [*items[: op.star], starred, *items[len(items) - tail :]]


def _part(machine: Machine, value: Value, index: int, op: ir.Unpack) -> Value:
    if index == op.star:
        element = element_of(machine, value)
        return allocate(machine, op.dsts[index], Thing("list", {}, element, False), variant="star")
    if op.star < 0 or index < op.star:
        return get_item(machine, value, Value(consts=(index,)))
    return element_of(machine, value)


def slice_of(machine: Machine, op: ir.Slice) -> None:
    """``obj[start:stop]``: exact for sequences of known length and constant bounds."""
    obj = machine.get(op.obj)
    start = machine.get(op.start) if op.start != ir.NONE else NONE
    stop = machine.get(op.stop) if op.stop != ir.NONE else NONE
    found = things(machine, obj)
    if len(found) == 1 and len(obj.refs) == 1 and (found[0][1].cls is None or found[0][1].kind == "tuple"):
        thing = found[0][1]
        if thing.exact and thing.rest is None and not op.step and start.known and stop.known:
            low, high = start.consts[0], stop.consts[0]
            if isinstance(low, (int, type(None))) and isinstance(high, (int, type(None))):
                part = thing.sequence()[low:high]
                new = Thing(thing.kind, {("int", i): v for i, v in enumerate(part)})
                machine.set(op.dst, allocate(machine, op.dst, new, variant="slice"))
                return
        new = Thing(thing.kind, {}, thing.any_item(), False, thing.own)
        machine.set(op.dst, allocate(machine, op.dst, new, variant="slice"))
        return
    symbols = [r for r in obj.refs if isinstance(r, Sym)]
    if symbols:
        machine.set(op.dst, Value(obj.labels, tuple(symbols), (), True, ("sl", obj.ident)))
        return
    machine.set(op.dst, data(obj.labels, ("sl", obj.ident) if obj.ident is not None else None))


def accumulate(machine: Machine, op: ir.Accumulate) -> None:
    """A comprehension adds an element."""
    value = machine.get(op.src)
    for address, thing in things(machine, machine.get(op.dst)):
        if op.key == ir.NONE:
            machine.state.heap[address] = thing.with_rest(value)
            continue
        key = machine.get(op.key)
        if key.known:
            machine.state.heap[address] = thing.with_weak(item_key(key.consts[0]), value)
        else:
            machine.state.heap[address] = _with_key(thing, key, value)


def container_method(machine: Machine, obj: Value, name: str, call: Call, at: int) -> Value | None:
    """The result of a container method on objects of the heap; none if it is not one that is modelled."""
    method = _METHODS.get(name)
    if method is None:
        return None
    found = [(a, t) for a, t in things(machine, obj) if t.cls is None and t.kind in _CONTAINERS]
    if not found:
        return None
    from mlsec_lint.dataflow.flow.assigning import set_attribute

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
            from mlsec_lint.dataflow.flow.heap import join_things

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


_CONTAINERS: Final = ("list", "tuple", "dict", "set", "queue")

Outcome = tuple[Thing, Value]


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
        return _with_key(thing, key, default), join(thing.any_item(), default)
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
    from mlsec_lint.dataflow.flow.specials import key_function

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
