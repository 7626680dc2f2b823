"""The names that import lines bind, read from the bytes of a file: cheap enough to ask of every file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_IMPORT: Final = re.compile(
    rb"[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]*"
    rb"(\((?:[^)#]|#[^\n]*\n){0,4000}\)|(?:[^\n;#\\]|\\\r?\n)+)|import[ \t]+((?:[^\n;#\\]|\\\r?\n)+))"
)
_WORD: Final = re.compile(rb"import[ \t(*]")
"""Found first, since a literal is found fastest."""

_COMMENT: Final = re.compile(rb"#[^\n]*")


@dataclass(frozen=True, slots=True)
class ImportedNames:
    """Bound names with the first parts of the modules they come from (empty for relative imports); ``stars`` says that
    some names are not listed."""

    packages: dict[str, frozenset[str]]
    stars: bool


@dataclass(slots=True)
class ImportLines:
    """Reads import lines, each text once however many scans ask."""

    _known: dict[bytes, ImportedNames] = field(default_factory=dict[bytes, ImportedNames])

    def of(self, data: bytes) -> ImportedNames:
        """The names that the imports of one file bind."""
        known = self._known.get(data)
        if known is None:
            known = self._known[data] = imported_names(data)
        return known


def imported_names(data: bytes) -> ImportedNames:
    """The names that the imports in a text bind, wherever they stand."""
    found: dict[str, set[str]] = {}
    stars = False
    end = 0
    for word in _WORD.finditer(data):
        start = _statement(data, word.start())
        if start < end:
            continue
        match = _IMPORT.match(data, start)
        if match is None:
            continue
        end = match.end()
        module, names, modules = match.groups()
        if modules is not None:
            for part in modules.split(b","):
                _note(found, _bound(part), part.strip())
        else:
            stars = stars or b"*" in names
            _note(found, _bound(names), module)
    return ImportedNames({name: frozenset(packages) for name, packages in found.items()}, stars)


def _statement(data: bytes, at: int) -> int:
    """Where the statement starts that a place in one line belongs to."""
    line = data.rfind(b"\n", 0, at) + 1
    return max(line, data.rfind(b";", line, at) + 1, data.rfind(b":", line, at) + 1)


def _note(found: dict[str, set[str]], names: set[bytes], module: bytes) -> None:
    first = module.split(b".")[0].split()[:1]
    package = first[0].decode("latin-1") if first and not module.startswith(b".") else ""
    for name in names:
        found.setdefault(name.decode("latin-1"), set()).add(package)


def _bound(names: bytes) -> set[bytes]:
    bound: set[bytes] = set()
    for part in _COMMENT.sub(b"", names).strip(b"() \t\r\n\\").split(b","):
        words = part.replace(b"\\", b" ").split()
        if words:
            bound.add(words[-1].split(b".")[0])
            bound.add(words[0].split(b".")[0])
    return bound
