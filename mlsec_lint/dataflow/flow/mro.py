"""The order in which the bases of a class are looked up: Python's C3 linearisation.

Where it does not exist (bases that contradict each other, alternatives taken for bases, hostile depth), the
order is depth first, and of a base that is met twice the last place counts.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final, TypeVar

T = TypeVar("T", bound=Hashable)

MOST_BASES: Final = 40
"""Classes in one order."""

_DEEPEST: Final = 30


def linearised(
    key: T, bases_of: Callable[[T], Sequence[T]], known: Mapping[T, tuple[T, ...]] | None = None
) -> tuple[T, ...]:
    """The class and its bases in the order of look-up; ``known`` are orders that were worked out before."""
    found = _c3(key, bases_of, known or {}, ())
    return found[:MOST_BASES] if found is not None else _depth_first(key, bases_of)


def _c3(
    key: T, bases_of: Callable[[T], Sequence[T]], known: Mapping[T, tuple[T, ...]], path: tuple[T, ...]
) -> tuple[T, ...] | None:
    if key in known:
        return known[key]
    if key in path or len(path) >= _DEEPEST:
        return None
    bases = tuple(dict.fromkeys(bases_of(key)))
    rows: list[tuple[T, ...]] = []
    for base in bases:
        row = _c3(base, bases_of, known, (*path, key))
        if row is None:
            return None
        rows.append(row)
    merged = _merged([*rows, bases])
    return (key, *merged) if merged is not None else None


def _merged(rows: list[tuple[T, ...]]) -> list[T] | None:
    """The first head that is in no tail, again and again; none if there is no such head."""
    rows = [row for row in rows if row]
    found: list[T] = []
    while rows:
        tails = {each for row in rows for each in row[1:]}
        head = next((row[0] for row in rows if row[0] not in tails), None)
        if head is None:
            return None
        found.append(head)
        rows = [rest for row in rows if (rest := row[1:] if row[0] == head else row)]
    return found


def _depth_first(key: T, bases_of: Callable[[T], Sequence[T]]) -> tuple[T, ...]:
    found: list[T] = []
    pending = [key]
    while pending and len(found) < MOST_BASES:
        current = pending.pop(0)
        found.append(current)
        pending = [*bases_of(current), *pending]
    last = {each: index for index, each in enumerate(found)}
    return tuple(each for index, each in enumerate(found) if last[each] == index)
