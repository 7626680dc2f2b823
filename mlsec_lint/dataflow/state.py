"""The state of an evaluation at one point: local names, the abstract heap, and what was written or fetched so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from mlsec_lint.dataflow.values import NO_ORIGINS, UNKNOWN, UNLISTED, Site, Value, join, same_constant

if TYPE_CHECKING:
    from mlsec_lint.source.ir import Constant

MOST_ITEMS: Final = 48
"""Items of one container that are told apart; further ones are summarised in ``rest``."""

Key = tuple[str, "Constant"]


def key_of(value: Constant) -> Key:
    """A dictionary key that keeps ``True`` and ``1`` apart."""
    return (type(value).__name__, value)


class HeapObject(Struct, frozen=True):
    """A container. ``items`` are told apart by constant key or index; ``rest`` stands for any other item.

    ``exact`` says that there are no other items, and for sequences that the length is known.
    """

    kind: str
    items: dict[Key, Value]
    rest: Value | None = None
    exact: bool = True
    origins: frozenset[str] = NO_ORIGINS

    def get(self, key: Constant) -> Value | None:
        """The item under a constant key, or None if it is surely absent or unknown and unlisted."""
        found = self.items.get(key_of(key))
        if found is not None:
            return found
        return self.rest if self.rest is not None else (None if self.exact else UNKNOWN)

    def with_item(self, key: Constant, value: Value) -> HeapObject:
        """The container after a strong update of one item."""
        if len(self.items) >= MOST_ITEMS and key_of(key) not in self.items:
            return self.with_rest(value)
        return replace(self, items={**self.items, key_of(key): value})

    def with_rest(self, value: Value) -> HeapObject:
        """The container after a write under an unknown key: any item may be the new one."""
        items = {k: join(v, value) for k, v in self.items.items()}
        rest = value if self.rest is None else join(self.rest, value)
        return replace(self, items=items, rest=rest, exact=False)

    def without(self, key: Constant) -> HeapObject:
        """The container after one item is removed."""
        return replace(self, items={k: v for k, v in self.items.items() if k != key_of(key)})

    def any_item(self) -> Value:
        """What an item picked at random may be."""
        values = [*self.items.values(), *(() if self.rest is None else (self.rest,))]
        result: Value | None = None
        for value in values:
            result = value if result is None else join(result, value)
        if result is None:
            return Value((), (), True, self.origins)
        return result if self.exact else Value(result.constants, result.references, True, result.origins | self.origins)


def join_objects(left: HeapObject, right: HeapObject) -> HeapObject:
    """One of two versions of a container."""
    if left is right or left == right:
        return left
    items: dict[Key, Value] = {}
    rest = left.rest if right.rest is None else right.rest if left.rest is None else join(left.rest, right.rest)
    exact = left.exact and right.exact and left.items.keys() == right.items.keys()
    for key in [*left.items, *(k for k in right.items if k not in left.items)]:
        one, other = left.items.get(key), right.items.get(key)
        if one is not None and other is not None:
            items[key] = join(one, other)
            continue
        for some in (one, other):
            if some is not None:
                items[key] = Value(some.constants, some.references, True, some.origins)
    return HeapObject(left.kind, items, rest, exact, left.origins | right.origins)


class State:
    """One point of the evaluation. Copies share what they do not change.

    ``contents`` says of resources (by the identity of values that stand for them) where the data in them is from.
    """

    __slots__ = ("alive", "contents", "heap", "names")

    def __init__(
        self,
        names: dict[str, Value],
        heap: dict[Site, HeapObject],
        contents: dict[object, frozenset[str]],
        alive: bool = True,
    ) -> None:
        self.names = names
        self.heap = heap
        self.contents = contents
        self.alive = alive

    @classmethod
    def empty(cls) -> State:
        """The state before anything ran."""
        return cls({}, {}, {})

    def copy(self) -> State:
        """An independent copy."""
        return State(dict(self.names), dict(self.heap), dict(self.contents), self.alive)

    def same_as(self, other: State) -> bool:
        """Whether two states say the same."""
        return (
            self.alive == other.alive
            and self.names == other.names
            and self.heap == other.heap
            and self.contents == other.contents
        )


def join_states(left: State, right: State) -> State:
    """The state after two ways meet; a way that has ended contributes nothing."""
    if not left.alive:
        return right
    if not right.alive:
        return left
    names = dict(left.names)
    for name, value in right.names.items():
        mine = names.get(name)
        names[name] = value if mine is None else join(mine, value)
    heap = dict(left.heap)
    for site, obj in right.heap.items():
        other = heap.get(site)
        heap[site] = obj if other is None else join_objects(other, obj)
    # On a way on which nothing was written to a resource, nobody knows what it holds.
    contents = {
        identity: left.contents.get(identity, UNLISTED) | right.contents.get(identity, UNLISTED)
        for identity in [*left.contents, *(i for i in right.contents if i not in left.contents)]
    }
    return State(names, heap, contents)


def contains(values: tuple[Constant, ...], wanted: Constant) -> bool:
    """Whether a constant is among others, keeping ``True`` and ``1`` apart."""
    return any(same_constant(value, wanted) for value in values)
