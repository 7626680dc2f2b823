"""Labels: which data a value carries, where that comes from, and which guards it has passed.

A label names data by its origin: a source (request data received *here*), or the path by which the evaluated body
reaches data of its callers (``parameter 1``, attribute ``path``). Labels carry the guards that the data passed: what is
acceptable for one sink is not acceptable for another.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, TypeAlias

from msgspec import Struct

MOST_LABELS: Final = 8

_FEW_LABELS: Final = 3

DEEPEST_PATH: Final = 3
"""Keys after the root of a path: fields and items of a caller's object that are told apart."""

Key: TypeAlias = Any
"""An attribute (``.name``), a name in a frame (``=name``), an item by constant (``("str", "k")``), or ``*``."""

Path: TypeAlias = tuple[Any, ...]
"""A root and up to :data:`DEEPEST_PATH` keys. Roots: ``("p", index)`` parameter, ``("e", level)`` enclosing frame,
``("g", module)`` module globals, ``("r", number)`` result of a call that only a caller can resolve, ``("k", constant)``
a constant (the name of a file)."""

DOUBT: Final = "?"
"""The first letter of tags that are no guards but reasons to doubt that the data gets there."""

UNMODELLED: Final = "?a call of a library function that knowledge does not describe"

UNRESOLVED: Final = "?a call whose target could not be resolved"

GUESSED: Final = "?a call that may reach one of several functions"

COARSE: Final = "?a function too large to be followed in detail"


class Source(Struct, frozen=True, cache_hash=True):
    """Where foreign data enters: the kind of its origin, the place, and what received it."""

    kind: str
    module: str
    at: int
    end: int
    name: str = ""


class Condition(Struct, frozen=True, cache_hash=True):
    """A tag that holds if what a caller puts at some ``paths`` allows it.

    That is: it fits one of ``patterns``; without patterns, it is neither ``None`` nor ``False``; if ``trusted`` is
    asked for, it is no data from outside (a digest that came with the file says nothing about it).
    """

    tag: str
    paths: tuple[Path, ...]
    patterns: tuple[str, ...] = ()
    trusted: bool = False


class Label(Struct, frozen=True, cache_hash=True):
    """Data of one origin, with the tags of the guards (and doubts) on its way."""

    origin: Source | Path
    tags: Tags = frozenset()


Labels: TypeAlias = frozenset[Label]

Tags: TypeAlias = "frozenset[str | Condition]"

NO_LABELS: Final[Labels] = frozenset()


def extend(path: Path, key: Key) -> Path:
    """The path one key further; beyond the depth limit the path stays what it is (it stands for all below it)."""
    return (*path, key) if len(path) <= DEEPEST_PATH else path


def with_tags(labels: Labels, tags: Tags) -> Labels:
    """The labels with more tags."""
    return _tagged(labels, tags) if tags and labels else labels


@lru_cache(maxsize=100_000)
def _tagged(labels: Labels, tags: Tags) -> Labels:
    return frozenset(Label(each.origin, each.tags | tags) for each in labels)


def bounded(labels: Labels) -> Labels:
    """The labels that say most, at most :data:`MOST_LABELS`: sources first, and paths widened to their roots."""
    return labels if len(labels) <= _FEW_LABELS else _bounded(labels)


@lru_cache(maxsize=100_000)
def _bounded(labels: Labels) -> Labels:
    labels = _undominated(labels)
    if len(labels) <= MOST_LABELS:
        return labels
    widened = _undominated(frozenset(map(_widened, labels)))
    return widened if len(widened) <= MOST_LABELS else frozenset(sorted(widened, key=_rank)[:MOST_LABELS])


def _undominated(labels: Labels) -> Labels:
    """Without labels that only repeat others: the same data with more guards and more doubts adds nothing."""
    by_origin: dict[Source | Path, list[Label]] = {}
    for label in labels:
        by_origin.setdefault(label.origin, []).append(label)
    if len(by_origin) == len(labels):
        return labels
    return frozenset(
        label for same in by_origin.values() for label in same
        if not any(other.tags < label.tags for other in same)
    )  # fmt: skip


@lru_cache(maxsize=100_000)
def _widened(label: Label) -> Label:
    """A label without what tells it from its like: the fields on its path, and guards that only a caller decides."""
    tags = label.tags
    if any(not isinstance(tag, str) for tag in tags):
        tags = frozenset(tag for tag in tags if isinstance(tag, str))
    return Label(label.origin if isinstance(label.origin, Source) else label.origin[:1], tags)


@lru_cache(maxsize=100_000)
def _rank(label: Label) -> tuple[bool, int, str]:
    """Sources first, then what has passed the fewest guards, in an order that is the same in every process."""
    return (not isinstance(label.origin, Source), len(label.tags), f"{label.origin!r}{sorted(label.tags, key=repr)}")
