"""How far the labels and the guards of a whole hold for its parts."""

from __future__ import annotations

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.labels import Tags, with_tags
from mlsec_lint.dataflow.flow.values import Sym, Value


def of_whole(obj: Value) -> Value:
    """The value without the labels of paths that it refers to: their parts have labels of their own."""
    paths = [target.path for target in obj.refs if isinstance(target, Sym)]
    if not paths or not obj.labels:
        return obj
    return replace(obj, labels=frozenset(each for each in obj.labels if each.origin not in paths))


def as_guarded(obj: Value, target: Sym, part: Value) -> Value:
    """A part of something that passed a guard as a whole has passed it."""
    tags: Tags | None = None
    for label in obj.labels:
        if label.origin == target.path:
            tags = label.tags if tags is None else tags & label.tags
    return replace(part, labels=with_tags(part.labels, tags)) if tags else part
