"""Walking over what a value refers to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.values import Address, Bound, Cls, Fun, Label, Labels, Obj, Super, Sym, Value, Wrapped

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.heap import Thing

_DEEPEST: Final = 4
"""Levels of objects in objects whose content counts as content of the outermost."""


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


def deep_labels(value: Value, heap: dict[Address, Thing]) -> Labels:
    """The labels of a value and of everything in it: what a function that looks at all of it may see."""
    if not value.refs:
        return value.labels
    labels = set(value.labels)
    seen: set[Address] = set()
    pending = [(value, _DEEPEST)]
    while pending:
        current, depth = pending.pop()
        labels |= current.labels
        for target in current.refs:
            address = target.address if isinstance(target, Obj) else None
            if isinstance(target, Sym):
                address = ("s", *target.path)
            elif isinstance(target, Bound):
                pending.append((target.receiver, depth - 1))
            if address is None or address in seen or not depth:
                continue
            seen.add(address)
            thing = heap.get(address)
            if thing is not None:
                labels |= thing.own
                pending.extend((v, depth - 1) for v in thing.items.values())
                pending.extend((v, depth - 1) for v in (thing.rest, thing.keys) if v is not None)
    return frozenset(labels)


def relabel(value: Value, labels: frozenset[Label]) -> Value:
    """The value with other labels."""
    return Value(labels, value.refs, value.consts, value.open, value.ident, value.tests, value.digests)
