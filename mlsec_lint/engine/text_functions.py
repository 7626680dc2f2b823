"""The functions of files by their text alone: which one a place lies in, what it is called, in which class it stands.

Telling that needs neither a tree nor an evaluation, so it can be asked of every file that mentions a name.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlsec_lint.engine.texts import Texts

_DEFINITION: Final = re.compile(
    rb"^([ \t]*)(?:(class)[ \t]+(\w+)|(?:async[ \t]+)?def[ \t]+(\w+))"
    rb"|^(?:@|(?:if|for|while|with|try|import|from|async)\b|[A-Za-z_]\w*[ \t]*[:=(.\[])",
    re.MULTILINE,
)
"""A definition with its indentation, or a statement at the margin, where every function before it has ended."""


@dataclass(frozen=True, slots=True)
class TextFunction:
    """A function at the top level of a module, or a method of a class there; functions inside belong to it.

    ``at`` is where its name stands, ``end`` the byte after it.
    """

    path: str
    at: int
    end: int
    name: str
    owner: str = ""

    @property
    def called(self) -> str:
        """The name by which it is called: its own, or its class's for what makes or is an instance."""
        special = self.name.startswith("__") and self.name.endswith("__")
        return self.owner if self.owner and special else self.name


class TextFunctions:
    """The functions of the scanned files, each file read when it is first asked about."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._known: dict[str, tuple[list[int], list[TextFunction]]] = {}

    def around(self, path: str, at: int) -> TextFunction | None:
        """The function in which a place lies, if it lies in one."""
        starts, functions = self._of(path)
        index = bisect_right(starts, at) - 1
        return functions[index] if index >= 0 and at < functions[index].end else None

    def of(self, path: str) -> list[TextFunction]:
        """The functions of a file in their order."""
        return self._of(path)[1]

    def _of(self, path: str) -> tuple[list[int], list[TextFunction]]:
        known = self._known.get(path)
        if known is None:
            text = self._texts.read(path)
            functions = _functions(path, text.data) if text is not None else []
            known = self._known[path] = ([function.at for function in functions], functions)
        return known


def _functions(path: str, data: bytes) -> list[TextFunction]:
    found: list[TextFunction] = []
    owner: tuple[int, str] | None = None
    current: tuple[int, int, str] | None = None

    def close(end: int) -> None:
        nonlocal current
        if current is not None:
            _, at, name = current
            found.append(TextFunction(path, at, end, name, owner[1] if owner is not None else ""))
            current = None

    for match in _DEFINITION.finditer(data):
        indent = len((match.group(1) or b"").expandtabs())
        if current is not None and indent > current[0]:
            continue  # inside of the function
        close(match.start())
        if owner is not None and indent <= owner[0]:
            owner = None
        if match.group(2) is not None and owner is None:
            owner = (indent, match.group(3).decode("latin-1"))
        elif match.group(4) is not None:
            current = (indent, match.start(4), match.group(4).decode("latin-1"))
    close(len(data))
    return found
