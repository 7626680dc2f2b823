"""The abstract heap and the state of an evaluation at one point."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from mlsec_lint.dataflow.flow.labels import NO_LABELS, Key, Labels, Tags, with_tags
from mlsec_lint.dataflow.flow.values import UNKNOWN, Address, CodeKey, Value, join

if TYPE_CHECKING:
    from mlsec_lint.source.ir import Constant

MOST_ITEMS: Final = 24
"""Items of one object that are told apart."""


def item_key(value: Constant) -> Key:
    """The key of an item under a constant; keeps ``True`` and ``1`` apart."""
    return (type(value).__name__, value)


class Thing(Struct, frozen=True):
    """One object. ``items`` are attributes and items by key; ``rest`` stands for any other item.

    ``own`` are the labels of the whole (bytes, an opaque result). ``exact`` says that no other items exist; for
    sequences, that the length is known. ``keys`` is what iterating a mapping yields besides the constant keys. Of what
    was written to an object of the callers, ``maybe`` are the keys that may also hold what was there before.
    """

    kind: str
    items: dict[Key, Value]
    rest: Value | None = None
    exact: bool = True
    own: Labels = NO_LABELS
    cls: CodeKey | None = None
    keys: Value | None = None
    maybe: frozenset[Key] = frozenset()

    def sequence(self) -> list[Value]:
        """The elements of a sequence whose length is known, in order."""
        return [value for key, value in self.items.items() if key[0] == "int"]

    def with_item(self, key: Key, value: Value) -> Thing:
        """After a strong update of one item."""
        if len(self.items) >= MOST_ITEMS and key not in self.items:
            if key[0] == ".":
                return replace(self, own=self.own | value.labels)
            return self.with_rest(value)
        maybe = self.maybe - {key} if self.maybe else self.maybe
        return replace(self, items={**self.items, key: value}, maybe=maybe)

    def with_weak(self, key: Key, value: Value) -> Thing:
        """After a write that may or may not have happened to this object."""
        if self.kind == "overlay":
            new = value if key not in self.items else join(self.items[key], value)
            maybe = self.maybe | {key} if key not in self.items or key in self.maybe else self.maybe
            return replace(self, items={**self.items, key: new}, maybe=maybe)
        old = self.items.get(key)
        if old is None:
            old = self.rest if self.rest is not None and key[0] != "." else UNKNOWN if not self.exact else None
        return self.with_item(key, join(old, value) if old is not None else replace(value, open=True))

    def with_rest(self, value: Value) -> Thing:
        """After a write under an unknown key."""
        rest = value if self.rest is None else join(self.rest, value)
        return replace(self, rest=rest, exact=False)

    def with_unknown_key(self, value: Value) -> Thing:
        """After a write under a key that is not known: it may have replaced any of the items."""
        return replace(self.with_rest(value), maybe=self.maybe | frozenset(k for k in self.items if k[0] != "."))

    def without(self, key: Key) -> Thing:
        """After one item is removed."""
        return replace(self, items={k: v for k, v in self.items.items() if k != key})

    def any_item(self) -> Value:
        """What an item picked at random may be (attributes excepted)."""
        result: Value | None = self.rest
        for key, value in self.items.items():
            if key[0] != ".":
                result = value if result is None else join(result, value)
        if result is None:
            return Value(self.own, open=True) if self.own or not self.exact else Value()
        return replace(result, labels=result.labels | self.own) if self.own else result


def join_things(left: Thing, right: Thing) -> Thing:
    """One of two versions of an object."""
    if left is right or left == right:
        return left
    items: dict[Key, Value] = {}
    maybe = left.maybe | right.maybe
    for key in [*left.items, *(k for k in right.items if k not in left.items)]:
        one, other = left.items.get(key), right.items.get(key)
        if one is not None and other is not None:
            items[key] = join(one, other)
        else:
            some = one if one is not None else other
            if some is not None:
                items[key] = some if left.kind == "overlay" else replace(some, open=True)
                maybe |= {key}
    rest = left.rest if right.rest is None else right.rest if left.rest is None else join(left.rest, right.rest)
    keys = left.keys if right.keys is None else right.keys if left.keys is None else join(left.keys, right.keys)
    exact = left.exact and right.exact and left.items.keys() == right.items.keys()
    return Thing(left.kind, items, rest, exact, left.own | right.own, left.cls or right.cls, keys, maybe)


class State:
    """One point of an evaluation: local names, the heap, and the guards that hold on this way. Copies share content.

    ``guards`` maps the identity of a value to the tags that it has passed, ``contents`` to what was written into what
    it stands for (a buffer, the file at a path).
    """

    __slots__ = ("alive", "contents", "guards", "heap", "names")

    def __init__(
        self,
        names: dict[str, Value],
        heap: dict[Address, Thing],
        guards: dict[object, Tags],
        contents: dict[object, Value],
        alive: bool = True,
    ) -> None:
        self.names = names
        self.heap = heap
        self.guards = guards
        self.contents = contents
        self.alive = alive

    def copy(self) -> State:
        """An independent copy."""
        return State(dict(self.names), dict(self.heap), dict(self.guards), dict(self.contents), self.alive)

    def same_as(self, other: State) -> bool:
        """Whether two states say the same."""
        return (
            self.alive == other.alive
            and self.names == other.names
            and self.heap == other.heap
            and self.guards == other.guards
            and self.contents == other.contents
        )


def join_states(left: State, right: State) -> State:
    """The state after two ways meet; a way that has ended contributes nothing, and a guard must hold on both."""
    if not left.alive:
        return right
    if not right.alive:
        return left
    names = dict(left.names)
    for name, value in right.names.items():
        mine = names.get(name)
        names[name] = value if mine is None else _joined(left, mine, right, value)
    heap = dict(left.heap)
    for address, thing in right.heap.items():
        other = heap.get(address)
        if other is None:
            heap[address] = thing
        elif other is not thing:
            heap[address] = join_things(other, thing)
    for one, other in ((left.heap, right.heap), (right.heap, left.heap)):
        for address, thing in one.items():
            if thing.kind == "overlay" and address not in other:
                heap[address] = replace(thing, maybe=frozenset(thing.items))
    contents = dict(left.contents)
    for ident, value in right.contents.items():
        mine = contents.get(ident)
        contents[ident] = value if mine is None else join(mine, value)
    guards = {i: tags & right.guards[i] for i, tags in left.guards.items() if i in right.guards}
    return State(names, heap, {i: tags for i, tags in guards.items() if tags}, contents)


def _joined(left: State, mine: Value, right: State, other: Value) -> Value:
    """A name that has one value on one way and another on the other: each has passed the guards of its own way."""
    if mine is other or mine == other:
        return mine
    if left.guards:
        mine = _guarded(left, mine)
    if right.guards:
        other = _guarded(right, other)
    return join(mine, other)


def _guarded(state: State, value: Value) -> Value:
    from mlsec_lint.dataflow.flow.guards import tags_of

    tags = tags_of(state, value.ident) if value.ident is not None and value.labels else None
    return replace(value, labels=with_tags(value.labels, tags)) if tags else value


def reachable(heap: dict[Address, Thing], start: Iterator[Address]) -> list[Address]:
    """The addresses reachable from some of them, nearest first."""
    from mlsec_lint.dataflow.flow.references import addresses_in

    found: dict[Address, None] = dict.fromkeys(start)
    pending = list(found)
    for address in pending:
        thing = heap.get(address)
        if thing is None:
            continue
        values = [*thing.items.values(), *(v for v in (thing.rest, thing.keys) if v is not None)]
        for value in values:
            for inner in addresses_in(value):
                if inner not in found:
                    found[inner] = None
                    pending.append(inner)
    return list(found)
