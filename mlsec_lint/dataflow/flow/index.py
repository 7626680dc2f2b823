"""An index of the project's classes by name, read from the text: enough to know which methods exist and are redefined.

It serves two questions that are asked before anything is evaluated, of every file, so it must be cheap: does any class
of the project have a method of this name, and does a subclass define it again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Final

_DEFINITION: Final = re.compile(
    rb"^([ \t]*)(?:class[ \t]+(\w+)[ \t]*(?:\(([^)#\n]{0,400}))?|(?:async[ \t]+)?def[ \t]+(\w+))", re.M
)
_STORED: Final = re.compile(rb"\b\w+\.([A-Za-z_]\w*)[ \t]*=(?!=)")
_CHANGES: Final = re.compile(
    rb"\bself\.\w+[ \t]*(?:[-+|]?=(?!=)|,|:[^=\n]{0,100}=(?!=)|\[[^\]\n]{0,100}\][ \t]*=(?!=)"
    rb"|\.(?:append|add|update|extend|insert|put|setdefault)\()"
)
_MOST_RELATED: Final = 40
_LAST_NAME: Final = re.compile(rb"(\w+)[ \t]*(?:\[[^\]]*\])?[ \t]*$")


def changes_itself(data: bytes, at: int, end: int) -> bool:
    """Whether the text of a method stores something in its object."""
    return _CHANGES.search(data, at, end) is not None


class ProjectIndex:
    """Classes and methods of all scanned files, by name."""

    def __init__(self, read: Callable[[str], bytes | None], sources: tuple[str, ...]) -> None:
        self._read = read
        self.sources = sources
        self._functions: Counter[bytes] = Counter()
        self._count = 0
        self._redefined: dict[str, frozenset[str]] = {}
        self._families: dict[str, frozenset[str]] = {}

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """The files that can be read, with their text."""
        for path in self.sources:
            data = self._read(path)
            if data is not None:
                yield path, data

    @cached_property
    def _classes(self) -> dict[str, tuple[set[str], set[str]]]:
        """For each class name, the names of its bases and of its methods (classes of one name are merged)."""
        found: dict[str, tuple[set[str], set[str]]] = {}
        for path in self.sources:
            data = self._read(path)
            if data is not None:
                self._scan(data, found)
        return found

    @cached_property
    def _stored(self) -> frozenset[str]:
        """The names of attributes that are assigned somewhere: a callable may be stored in one."""
        found: set[bytes] = set()
        for path in self.sources:
            data = self._read(path)
            if data is not None:
                found.update(_STORED.findall(data))
        return frozenset(name.decode("latin-1") for name in found)

    def _scan(self, data: bytes, found: dict[str, tuple[set[str], set[str]]]) -> None:
        current: list[tuple[int, str]] = []
        for match in _DEFINITION.finditer(data):
            indent = len(match.group(1).expandtabs())
            while current and current[-1][0] >= indent:
                current.pop()
            if match.group(2) is not None:
                name = match.group(2).decode("latin-1")
                bases, _ = found.setdefault(name, (set(), set()))
                for part in (match.group(3) or b"").split(b","):
                    last = _LAST_NAME.search(part)
                    if last is not None and b"=" not in part:
                        bases.add(last.group(1).decode("latin-1"))
                current.append((indent, name))
                continue
            self._count += 1
            if current:
                found[current[-1][1]][1].add(match.group(4).decode("latin-1"))
            elif indent == 0:
                self._functions[match.group(4)] += 1

    @cached_property
    def methods(self) -> frozenset[str]:
        """The names of all methods, and of attributes that may hold a function."""
        return frozenset(name for _, methods in self._classes.values() for name in methods) | self._stored

    def is_replaced(self, name: str) -> bool:
        """Whether a method of this name may be hidden by an attribute of the same name: such a one is assigned."""
        return name in self._stored

    @cached_property
    def _subclasses(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, (bases, _) in self._classes.items():
            for base in bases:
                if base != name:
                    found.setdefault(base, set()).add(name)
        return found

    @cached_property
    def _definers(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, (_, methods) in self._classes.items():
            for method in methods:
                found.setdefault(method, set()).add(name)
        return found

    def definers(self, method: str) -> frozenset[str]:
        """The classes that define a method."""
        return frozenset(self._definers.get(method, ()))

    def functions(self) -> int:
        """How many functions are defined."""
        return self._count if self._classes or self._functions else 0

    def definitions(self, name: str) -> int:
        """How many functions and classes with a method have a name."""
        return len(self.definers(name)) + self._functions[name.encode()]

    def family(self, name: str) -> frozenset[str]:
        """A class by name, and all that derive from it."""
        known = self._families.get(name)
        if known is None:
            seen = {name}
            pending = [name]
            while pending and len(seen) < _MOST_RELATED:
                for subclass in sorted(self._subclasses.get(pending.pop(), ())):
                    if subclass not in seen:
                        seen.add(subclass)
                        pending.append(subclass)
            known = self._families[name] = frozenset(seen)
        return known

    def is_mixed(self, name: str) -> bool:
        """Whether a class derived from one of this name has several bases."""
        seen: set[str] = set()
        pending = [name]
        while pending:
            for subclass in self._subclasses.get(pending.pop(), ()):
                if subclass not in seen:
                    seen.add(subclass)
                    pending.append(subclass)
                    if len(self._classes[subclass][0]) > 1:
                        return True
        return False

    def redefined(self, name: str) -> frozenset[str]:
        """The methods that classes derived from one of this name define."""
        known = self._redefined.get(name)
        if known is None:
            seen: set[str] = set()
            pending = [name]
            methods: set[str] = set()
            while pending:
                for subclass in self._subclasses.get(pending.pop(), ()):
                    if subclass not in seen:
                        seen.add(subclass)
                        pending.append(subclass)
                        methods |= self._classes[subclass][1]
            known = self._redefined[name] = frozenset(methods)
        return known
