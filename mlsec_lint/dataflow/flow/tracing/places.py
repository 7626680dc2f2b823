"""Where data can be: registers, names, items of objects, what was written into a buffer, and the ways out of a body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from mlsec_lint.dataflow.flow.heap import Thing, item_key
from mlsec_lint.dataflow.flow.labels import Key
from mlsec_lint.dataflow.flow.values import Address, Bound, Cls, Obj, Sym, Value

Place: TypeAlias = tuple[Any, ...]

REGISTER: Final = "register"
NAME: Final = "name"
THING: Final = "thing"
CONTENT: Final = "content"
RETURNED: Final = "returned"
YIELDED: Final = "yielded"
RAISED: Final = "raised"
DEFAULT: Final = "default"

OWN: Final = "own"
REST: Final = "rest"
KEYS: Final = "keys"
"""Stand for the whole of an object, for items under unknown keys, and for the keys of a mapping."""


def addresses_of(value: Value) -> list[Address]:
    """The objects, of this body or of its callers, that a value may be."""
    found: dict[Address, None] = {}
    for target in value.refs:
        if isinstance(target, Obj):
            found[target.address] = None
        elif isinstance(target, Sym):
            found[("s", *target.path)] = None
            if target.cls is not None:
                found[("c", *target.cls)] = None
        elif isinstance(target, Cls):
            found[("c", *target.code)] = None
        elif isinstance(target, Bound):
            found.update(dict.fromkeys(addresses_of(target.receiver)))
    return list(found)


def holders_of(address: Address, thing: Thing) -> Iterator[tuple[Place, Value]]:
    """Everything that an object holds, with its place."""
    for key, value in thing.items.items():
        yield (THING, address, key), value
    for key, part in ((REST, thing.rest), (KEYS, thing.keys)):
        if part is not None:
            yield (THING, address, key), part
    if thing.own:
        yield (THING, address, OWN), Value(thing.own)


def items_of(holder: Value, heap: dict[Address, Thing], key: str | Value | None) -> Iterator[tuple[Place, Value]]:
    """What is found under a key (an attribute if it is a string, an item if it is a value) of what a value may be."""
    addresses = dict.fromkeys(addresses_of(holder))
    for address in list(addresses):
        thing = heap.get(address)
        if thing is not None and thing.cls is not None:
            addresses[("c", *thing.cls)] = None
    for address in addresses:
        thing = heap.get(address)
        if thing is None:
            continue
        wanted = _wanted(thing, key)
        for place, value in holders_of(address, thing):
            if wanted is None or place[2] in wanted:
                yield place, value


def _wanted(thing: Thing, key: str | Value | None) -> tuple[Key, ...] | None:
    if isinstance(key, str):
        return (key, OWN)
    if key is None or not key.consts or key.open:
        return None
    found = tuple(item_key(constant) for constant in key.consts)
    return (*found, REST, OWN) if all(each in thing.items for each in found) else None
