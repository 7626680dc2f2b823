"""Names under which functions are kept: tables and fields that a statement or a decorator puts them into.

Who calls ``TABLE[key](data)`` never says the name of the function, so the name of the table is followed like another
name of it. Told from the text, near the place where the function is put there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mlsec_lint.engine.text_functions import TextFunction

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.index import ProjectIndex
    from mlsec_lint.engine.callers import Use
    from mlsec_lint.engine.text_functions import TextFunctions
    from mlsec_lint.engine.texts import Texts

_ASSIGNED: Final = re.compile(
    rb"^[ \t]*(?:(self|cls)\.)?([A-Za-z_]\w*)[ \t]*(?:\[[^\]\n]*\])?[ \t]*(?::[^=\n]+)?=[^=]", re.M
)
_PUT: Final = re.compile(
    rb"\b(?:(self|cls)\.)?([A-Za-z_]\w*)(?:\[[^\]\n]*\][ \t]*=[^=]|\.(?:append|add|setdefault|update|insert)\()"
)
_DECORATOR: Final = re.compile(rb"^[ \t]*@([A-Za-z_]\w*)((?:\.\w+)*)", re.M)
_PLAIN: Final = re.compile(rb"[ \t]*(?:[,}\])\n#]|$)")
"""What follows a name that is neither called nor read from."""

_LONGEST: Final = 2_000
"""Bytes between the start of a statement and a function that it names."""

_DECORATORS: Final = 400


class Holders:
    """Finds the names that hold functions."""

    def __init__(self, texts: Texts, functions: TextFunctions, index: ProjectIndex) -> None:
        self._texts = texts
        self._index = index
        self._functions = functions

    def of_use(self, use: Use) -> TextFunction | None:
        """What a statement puts a function into that it names and does not call."""
        text = self._texts.read(use.path)
        end = use.at + len(use.name)
        if text is None or len(use.chain) > 1 or not _PLAIN.match(text.data, end, end + 40):
            return None
        start = max(0, use.at - _LONGEST)
        assigned = list(_ASSIGNED.finditer(text.data, start, use.at))
        found = assigned[-1] if assigned else None
        if found is None or self._functions.around(use.path, found.start(2)) != use.inside:
            return None
        owner = use.inside.owner if found.group(1) and use.inside is not None else ""
        return _named(use.path, found.start(2), found.group(2), owner)

    def of_decorators(self, function: TextFunction) -> Iterator[TextFunction]:
        """The tables into which the decorators of a function put it."""
        text = self._texts.read(function.path)
        if text is None:
            return
        above = text.data.rfind(b"\n\n", max(0, function.at - _DECORATORS), function.at)
        for match in _DECORATOR.finditer(text.data, max(above, 0), function.at):
            if match.group(2) and self._index.definers(match.group(2).rpartition(b".")[2].decode()):
                yield _named(function.path, match.start(1), match.group(1), "")
            for decorator in self._functions.of(function.path):
                if decorator.name == match.group(1).decode() and not decorator.owner:
                    yield from self._put_by(decorator, text.data)

    def _put_by(self, decorator: TextFunction, data: bytes) -> Iterator[TextFunction]:
        for match in _PUT.finditer(data, decorator.at, decorator.end):
            yield _named(decorator.path, match.start(2), match.group(2), decorator.owner if match.group(1) else "")


def _named(path: str, at: int, name: bytes, owner: str) -> TextFunction:
    return TextFunction(path, at, at, name.decode("latin-1"), owner)
