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
from mlsec_lint.dataflow.flow.foreign_words import (
    ForeignWords,
    conventions,
    triggers_of,
    wanted_origins,
    words_of_entries,
    words_of_sources,
)
from mlsec_lint.engine.callers import MOST_DEFINERS

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.engine.text_functions import TextFunction, TextFunctions
    from mlsec_lint.engine.texts import Texts
    from mlsec_lint.knowledge.index import Knowledge

_DEFINITION: Final = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_IDENTIFIER: Final = re.compile(rb"[A-Za-z_]\w*")
_CALLED: Final = re.compile(rb"\b(\w+)[ \t]*\(")
_CLASS: Final = re.compile(rb"[ \t]*class[ \t]+(\w+)[ \t]*\(")
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
        origins, own = wanted_origins(knowledge), solver.project.own_packages
        words = triggers_of(words_of_sources(knowledge, origins, own), words_of_entries(knowledge, origins, own))
        self._words = ForeignWords(words, solver.project.top_names(), texts.imports)
        self._conventions = conventions(knowledge, origins)
        self._places: dict[str, tuple[int, ...]] = {}
        self._names: frozenset[bytes] = frozenset()
        self._classes: frozenset[str] = frozenset()

    def look(self) -> None:
        """Scan all files for sources, and find the functions that return what they get from them."""
        names, classes = set[bytes](), set[str]()
        for path in self._sources:
            text = self._texts.read(path)
            if text is None:
                continue
            places = self._places[path] = self._words.places(text.data)
            if places:
                names |= _around(text.data, places)
                classes.update(_headed(text.data, places))
        self._names = frozenset(n for n in names if not n.startswith(b"__") and self._is_telling(n.decode("latin-1")))

        index = self._solver.index
        self._classes = frozenset(name for cls in classes for name in index.family(cls))

    def _is_telling(self, name: str) -> bool:
        return self._solver.index.definitions(name) <= MOST_DEFINERS

    def holds(self, code: Code) -> bool:
        """Whether a function holds foreign data: its text, its decorators, or what it calls."""
        body = code.body
        path, data = code.module.path, code.module.data
        return (
            (code.owner is not None and self._solver.classes.name(code.owner) in self._classes)
            or self._is_in(path, data, body.at, body.end)
            or self._is_handed(path, data, body.name)
            or any(True for _ in by_name(self._solver, code, code.owner))
        )

    def holds_text(self, function: TextFunction) -> bool:
        """As ``holds``, of a function that is known by its text alone."""
        text = self._texts.read(function.path)
        if text is None or function.owner in self._classes:
            return text is not None
        for name in (function.name, f"{function.owner}.{function.name}"):
            roots = self._conventions.get(name)
            if roots is not None and (not roots or not roots.isdisjoint(self._words.imported(text.data))):
                return True
        return self._is_in(function.path, text.data, function.at, function.end) or self._is_handed(
            function.path, text.data, function.name
        )

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
        return any(
            match.group(1) in self._names and self._words.may_be_own(data, match.start())
            for match in _CALLED.finditer(data, start, end)
        )


def _headed(data: bytes, places: tuple[int, ...]) -> set[str]:
    """The classes in whose heads places lie: a framework calls their methods."""
    lines = (data[data.rfind(b"\n", 0, at) + 1 : at] for at in places)
    found = (_CLASS.match(line) for line in lines)
    return {match.group(1).decode("latin-1") for match in found if match is not None}


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
