"""Which functions hold foreign data, by their text: the other end from which flows are looked for.

A function counts if it mentions a source that knowledge lists (by a name that the file imports from the library, or on
an object in a file that imports it), if a framework calls it with foreign data, or if it calls a function that does, by
name. The question is asked to leave bodies out, so it is generous.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.entries import by_name
from mlsec_lint.engine.callers import MOST_DEFINERS
from mlsec_lint.knowledge.vocabulary import import_roots
from mlsec_lint.source.scan import Scanner, Trigger

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.engine.text_functions import TextFunction, TextFunctions
    from mlsec_lint.engine.texts import Texts
    from mlsec_lint.knowledge.index import Knowledge

_DEFINITION: Final = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_IDENTIFIER: Final = re.compile(rb"[A-Za-z_]\w*")
_CALLED: Final = re.compile(rb"\b(\w+)[ \t]*\(")
_DECORATORS: Final = 400
"""Bytes above a function in which its decorators stand."""

_HANDING: Final = 400
"""Bytes after the name of what takes a function in which the function is named."""


class Bearing:
    """Functions of the scanned files that hold foreign data."""

    def __init__(
        self,
        texts: Texts,
        sources: Iterable[str],
        functions: TextFunctions,
        knowledge: Knowledge,
        solver: Solver,
    ) -> None:
        self._texts = texts
        self._functions = functions
        self._handed: dict[str, frozenset[bytes]] = {}
        self._sources = tuple(sources)
        self._solver = solver
        self._words = source_words(knowledge, solver.project.own_packages)
        self._scanner = Scanner(self._words, (), solver.project.top_names(), texts.imports)
        self._conventions = conventions(knowledge)
        self._places: dict[str, tuple[int, ...]] = {}
        self._names: frozenset[bytes] = frozenset()

    def look(self) -> None:
        """Scan all files for sources, and find the functions that return what they get from them."""
        names: set[bytes] = set()
        for path in self._sources:
            text = self._texts.read(path)
            if text is None:
                continue
            places = self._places[path] = self._imported(text.data, self._scanner.scan(text.data).offsets)
            if places:
                names |= _around(text.data, places)
        self._names = frozenset(n for n in names if not n.startswith(b"__") and self._is_telling(n.decode("latin-1")))

    def _imported(self, data: bytes, offsets: tuple[int, ...]) -> tuple[int, ...]:
        """The places in a file that imports the library: a mention in prose leads nowhere."""
        if not offsets:
            return ()
        imported = self._imported_in(data)
        return tuple(at for at in offsets if self._is_led_to(data, at, imported))

    def _is_led_to(self, data: bytes, at: int, imported: frozenset[str]) -> bool:
        match = _IDENTIFIER.match(data, at)
        triggers = self._words.get(match.group().decode("latin-1"), ()) if match is not None else ()
        return any(trigger.anywhere or not trigger.roots.isdisjoint(imported) for trigger in triggers)

    def _is_telling(self, name: str) -> bool:
        return self._solver.index.definitions(name) <= MOST_DEFINERS

    def holds(self, code: Code) -> bool:
        """Whether a function holds foreign data: its text, its decorators, or what it calls."""
        body = code.body
        path, data = code.module.path, code.module.data
        return (
            self._is_in(path, data, body.at, body.end)
            or self._is_handed(path, data, body.name)
            or any(True for _ in by_name(self._solver, code, code.owner))
        )

    def holds_text(self, function: TextFunction) -> bool:
        """As ``holds``, of a function that is known by its text alone."""
        text = self._texts.read(function.path)
        if text is None:
            return False
        for name in (function.name, f"{function.owner}.{function.name}"):
            roots = self._conventions.get(name)
            if roots is not None and (not roots or not roots.isdisjoint(self._imported_in(text.data))):
                return True
        return self._is_in(function.path, text.data, function.at, function.end) or self._is_handed(
            function.path, text.data, function.name
        )

    def _imported_in(self, data: bytes) -> frozenset[str]:
        return frozenset[str]().union(*self._texts.imports.of(data).packages.values())

    def _is_handed(self, path: str, data: bytes, name: str) -> bool:
        """Whether the top level of a file hands a function to a framework by its name."""
        handed = self._handed.get(path)
        if handed is None:
            places = [at for at in self._places.get(path, ()) if self._functions.around(path, at) is None]
            words = (_IDENTIFIER.findall(data, at, at + _HANDING) for at in places)
            handed = self._handed[path] = frozenset(word for found in words for word in found)
        return name.encode() in handed

    def _is_in(self, path: str, data: bytes, start: int, end: int) -> bool:
        places = self._places.get(path, ())
        index = bisect_left(places, start - _DECORATORS)
        if index < len(places) and places[index] < end:
            return True
        return any(name in self._names for name in _CALLED.findall(data, start, end))


def _around(data: bytes, places: tuple[int, ...]) -> set[bytes]:
    """The names of the functions in which places lie."""
    found = [(match.start(), match.group(1)) for match in _DEFINITION.finditer(data)]
    starts = [at for at, _ in found]
    names: set[bytes] = set()
    for at in places:
        index = bisect_left(starts, at + 1) - 1
        if index >= 0:
            names.add(found[index][1])
    return names


def source_words(knowledge: Knowledge, own: Iterable[str] = ()) -> dict[str, tuple[Trigger, ...]]:
    """The last names of sources and of what marks entry points, each with the imports that lead to it; what the scanned
    packages themselves are listed for is none."""
    roots, wanted = import_roots(knowledge), _wanted(knowledge)
    found: dict[str, set[str]] = {}

    def add(names: Iterable[str]) -> None:
        for name in names:
            first, last = name.partition(".")[0], name.rpartition(".")[2]
            if last and "*" not in last and ("*" not in first or first == "*") and first not in own:
                found.setdefault(last, set()).update(roots.get(first, ()), (first,))

    for table in (knowledge.sources, knowledge.attributes):
        add(name for name, source in table.items() if source.origin in wanted)
    for entries in (knowledge.decorated, knowledge.bases, knowledge.callbacks):
        add(name for name, entry in entries.items() if entry.origin in wanted)
    return {
        last: (Trigger(frozenset(leading), anywhere=bool(leading & {"builtins", "*"})),)
        for last, leading in found.items()
    }


def conventions(knowledge: Knowledge) -> dict[str, frozenset[str]]:
    """The names of functions (``Class.method``) that are entry points by their name, with the packages one of which
    the file must import (none: it need not)."""
    wanted = _wanted(knowledge)
    found: dict[str, frozenset[str]] = {}
    for name, entries in knowledge.conventions.items():
        listed = [entry for entry in entries if entry.origin in wanted]
        if listed:
            roots = frozenset(each.partition(".")[0] for entry in listed for each in entry.importing)
            found[name] = roots if all(entry.importing for entry in listed) else frozenset()
    return found


def _wanted(knowledge: Knowledge) -> set[str]:
    """The origins that some rule asks for; what any caller passes is everywhere."""
    return {origin for rule in knowledge.rules if rule.flow is not None for origin in rule.flow.sources} - {"caller"}
