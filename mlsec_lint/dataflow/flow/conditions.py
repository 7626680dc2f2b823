"""Tags that depend on what a caller passes: decided when a summary is applied, and believed or not in the end."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.guards import foreign
from mlsec_lint.dataflow.flow.labels import Condition, Path, Tags
from mlsec_lint.dataflow.flow.values import Sym, Value

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

Resolve = Callable[[Path], Value]


def given(value: Value, tag: str, patterns: tuple[str, ...]) -> str | Condition | None:
    """The tag of a guard that works with a value: none if it is not there, or does not fit, a condition if unknown."""
    if value.known or (patterns and value.consts and not value.open and not value.refs):
        return tag if all(_fits(constant, patterns) for constant in value.consts) else None
    paths = [target.path for target in value.refs if isinstance(target, Sym)]
    if len(paths) == len(value.refs) == 1:
        return Condition(tag, (paths[0],), patterns)
    return None if patterns else tag


def _fits(constant: object, patterns: tuple[str, ...]) -> bool:
    if patterns:
        return isinstance(constant, str) and any(fnmatchcase(constant, pattern) for pattern in patterns)
    return constant is not None and constant is not False


def translated(machine: Machine, tags: Tags, resolve: Resolve) -> Tags:
    """The tags as the caller knows them."""
    found: set[str | Condition] = set()
    for tag in tags:
        one = decided(machine, tag, resolve)
        if one is not None:
            found.add(one)
    return frozenset(found)


def decided(machine: Machine, tag: str | Condition, resolve: Resolve) -> str | Condition | None:
    """A tag of the callee: none if what this caller passes does not allow it."""
    if isinstance(tag, str):
        return tag
    open_paths: list[Path] = []
    for path in tag.paths:
        value = resolve(path)
        if not tag.trusted:
            return given(value, tag.tag, tag.patterns)
        if foreign(machine, value.labels):
            return None
        open_paths += sorted((each.origin for each in value.labels if isinstance(each.origin, tuple)), key=repr)
    return Condition(tag.tag, tuple(open_paths), trusted=True) if open_paths else tag.tag


def held(tags: Tags) -> frozenset[str]:
    """The tags that hold in the end: what nobody passed is no data from outside, and fits no pattern."""
    return frozenset(
        tag if isinstance(tag, str) else tag.tag for tag in tags if isinstance(tag, str) or not tag.patterns
    )


@lru_cache(maxsize=10_000)
def is_conditional(tags: Tags) -> bool:
    """Whether some of the tags depend on callers."""
    return any(not isinstance(tag, str) for tag in tags)
