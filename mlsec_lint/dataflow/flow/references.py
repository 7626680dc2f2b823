"""Walking over what a value refers to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, cast

from mlsec_lint.dataflow.flow.labels import Label, Labels
from mlsec_lint.dataflow.flow.values import Address, Bound, Cls, Fun, Obj, Reference, Super, Sym, Value, Wrapped

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.heap import Thing

_DEEPEST: Final = 4
"""Levels of objects in objects whose content counts as content of the outermost."""

_MOST_SEEN: Final = 200
"""Objects that are looked into; deterministic, since they are met level by level."""


def addresses_in(value: Value) -> Iterator[Address]:
    """The objects that a value refers to directly (through functions, receivers and wrappers)."""
    for target in value.refs:
        if isinstance(target, Obj):
            yield target.address
        elif isinstance(target, Fun):
            yield from target.frames
            for default in target.defaults:
                if default is not None:
                    yield from addresses_in(default)
        elif isinstance(target, (Bound, Super)):
            yield from addresses_in(target.receiver)
            if isinstance(target, Bound):
                yield from addresses_in(Value(refs=(target.func,)))
        elif isinstance(target, Wrapped):
            yield from addresses_in(target.func)
        elif isinstance(target, Cls):
            yield from target.frames


def _address(target: Reference) -> Address | None:
    """The object that a reference is directly of; functions and receivers are no data."""
    if isinstance(target, Obj):
        return target.address
    return cast("Address", ("s", *target.path)) if isinstance(target, Sym) else None


def deep_labels(value: Value, heap: dict[Address, Thing]) -> Labels:
    """The labels of a value and of everything in it: what a function that looks at all of it may see."""
    if not value.refs:
        return value.labels
    labels: set[Label] | None = None
    seen: set[Address | None] = set()
    level = [value]
    for _ in range(_DEEPEST):
        below: list[Value] = []
        for current in level:
            for target in current.refs:
                address = _address(target)
                thing = heap.get(address) if address is not None else None
                if thing is None or address in seen:
                    continue
                seen.add(address)
                labels = set(value.labels) if labels is None else labels
                labels |= thing.own
                parts = [part for part in (*thing.items.values(), thing.rest, thing.keys) if part is not None]
                labels.update(*(part.labels for part in parts))
                below += [part for part in parts if part.refs]
        if not below or len(seen) > _MOST_SEEN:
            break
        level = below
    return frozenset(labels) if labels is not None else value.labels


def relabel(value: Value, labels: frozenset[Label]) -> Value:
    """The value with other labels."""
    return Value(labels, value.refs, value.consts, value.open, value.ident, value.tests, value.digests)
