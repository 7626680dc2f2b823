"""Which functions hold foreign data, by their text: the other end from which flows are looked for.

A function counts if it mentions a source that knowledge lists (beside a sign of the library), if a framework calls it
with foreign data, or if it calls a function that does, by name. The question is asked to leave bodies out, so it is
generous.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from mlsec_lint.knowledge.vocabulary import import_roots
from mlsec_lint.source.scan import Scanner, Trigger

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.engine.texts import Texts
    from mlsec_lint.knowledge.index import Knowledge

_DEFINITION: Final = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_CALLED: Final = re.compile(rb"\b(\w+)[ \t]*\(")
_DECORATORS: Final = 400
"""Bytes above a function in which its decorators stand."""

_MOST_DEFINERS: Final = 3
"""Classes that may define a method for its name alone to say which one is meant."""


class Bearing:
    """Functions of the scanned files that hold foreign data."""

    def __init__(
        self, texts: Texts, sources: Iterable[str], knowledge: Knowledge, definers: Callable[[str], int]
    ) -> None:
        self._texts = texts
        self._sources = tuple(sources)
        self._scanner = Scanner(source_words(knowledge), ())
        self._places: dict[str, tuple[int, ...]] = {}
        self._names: frozenset[bytes] = frozenset()
        self._definers = definers

    def look(self) -> None:
        """Scan all files for sources, and find the functions that return what they get from them."""
        names: set[bytes] = set()
        for path in self._sources:
            text = self._texts.read(path)
            if text is None:
                continue
            places = self._places[path] = self._scanner.scan(text.data).offsets
            if places:
                names |= _around(text.data, places)
        self._names = frozenset(n for n in names if not n.startswith(b"__") and self._is_telling(n.decode("latin-1")))

    def _is_telling(self, name: str) -> bool:
        return self._definers(name) <= _MOST_DEFINERS

    def holds(self, code: Code) -> bool:
        """Whether a function holds foreign data: its text, its decorators, or what it calls."""
        places = self._places.get(code.module.path, ())
        start = bisect_right(places, code.body.at - _DECORATORS)
        if start < len(places) and places[start] < code.body.end:
            return True
        return any(name in self._names for name in _CALLED.findall(code.module.data, code.body.at, code.body.end))


def _around(data: bytes, places: tuple[int, ...]) -> set[bytes]:
    """The names of the functions in which places lie."""
    found = [(match.start(), match.group(1)) for match in _DEFINITION.finditer(data)]
    starts = [at for at, _ in found]
    names: set[bytes] = set()
    for at in places:
        index = bisect_right(starts, at) - 1
        if index >= 0:
            names.add(found[index][1])
    return names


def source_words(knowledge: Knowledge) -> dict[str, tuple[Trigger, ...]]:
    """The last names of sources and of what marks entry points, each with the imports that lead to it."""
    roots = import_roots(knowledge)
    wanted = {origin for rule in knowledge.rules if rule.flow is not None for origin in rule.flow.sources} - {"caller"}
    found: dict[str, set[str]] = {}

    def add(names: Iterable[str]) -> None:
        for name in names:
            first, last = name.partition(".")[0], name.rpartition(".")[2]
            if not last or "*" in last:
                continue
            found.setdefault(last, set()).update(roots.get(first, ()), (first,))

    for table in (knowledge.sources, knowledge.attributes):
        add(name for name in table.names() if any(source.origin in wanted for source in table.find(name)))
    for entries in (knowledge.decorated, knowledge.bases, knowledge.callbacks):
        add(name for name in entries.names() if any(entry.origin in wanted for entry in entries.find(name)))
    words = {
        last: (Trigger(frozenset(leading), anywhere=bool(leading & {"builtins", "*"})),)
        for last, leading in found.items()
    }
    for name, conventions in knowledge.conventions.items():
        if any(entry.origin in wanted for entry in conventions):
            words.setdefault(name, (Trigger(anywhere=True),))
    return words
