"""Qualified names with wildcards: ``*`` stands for one part or a piece of one, ``**`` for any number of parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


def compile_name(pattern: str) -> re.Pattern[str]:
    """The regular expression of a name with wildcards; it matches in linear time (no nested repetition)."""
    parts: list[str] = []
    pieces = pattern.split(".")
    last = len(pieces) - 1
    for number, part in enumerate(pieces):
        if part == "**" and number == last:
            parts.append(r"[\w.()]+\.")
        elif part == "**":
            parts.append(r"(?:\w+(?:\(\))?\.)*")
        else:
            parts.append(re.escape(part).replace(r"\*", r"\w*") + r"\.")
    return re.compile("".join(parts).removesuffix(r"\.") + r"\Z")


class NameTable(Generic[T]):
    """Values by qualified name, with wildcards looked up by their last part (by none, if that is a wildcard too)."""

    def __init__(self) -> None:
        self._exact: dict[str, list[T]] = {}
        self._patterns: dict[str, list[tuple[re.Pattern[str], T]]] = {}
        self._written: dict[str, list[T]] = {}
        self._cache: dict[str, tuple[T, ...]] = {}

    def add(self, name: str, value: T) -> None:
        """Register a value under a name; ``*.method`` is kept literally, for a look-up by method name."""
        if "*" in name.removeprefix("*."):
            last = name.rpartition(".")[2]
            self._patterns.setdefault("" if "*" in last else last, []).append((compile_name(name), value))
            self._written.setdefault(name, []).append(value)
        else:
            self._exact.setdefault(name, []).append(value)

    def find(self, name: str) -> tuple[T, ...]:
        """Every value whose name fits: exact ones, or else those of the wildcards."""
        cached = self._cache.get(name)
        if cached is None:
            found = self._exact.get(name)
            if found is None:
                last = name.rpartition(".")[2]
                patterns = (*self._patterns.get(last, ()), *self._patterns.get("", ()))
                found = [value for pattern, value in patterns if pattern.match(name)]
            cached = self._cache[name] = tuple(found)
        return cached

    def first(self, name: str) -> T | None:
        """The first value that fits, or none."""
        found = self.find(name)
        return found[0] if found else None

    def items(self) -> Iterator[tuple[str, T]]:
        """All names, wildcards included, with their values."""
        for name, values in (*self._exact.items(), *self._written.items()):
            for value in values:
                yield name, value

    def names(self) -> Iterator[str]:
        """All names without wildcards."""
        return iter(self._exact)
