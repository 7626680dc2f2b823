"""The scan: one pass over the bytes that says which files can matter, and where in them.

A file matters if it contains, as a whole word, the last name of a sink together with a sign that the name means the
sink: a word that leads to the library, or a receiver imported from the project itself (a subclass, a re-export).
Sinks that are safe unless an option is given need the option's name as well. The rule is generous on purpose: what
it lets through is decided by evaluation, what it keeps out is lost. See ``docs/architecture.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Protocol, cast

from mlsec_lint.source.import_lines import ImportedNames, ImportLines

_WORD_BYTE: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_GAP: Final = rb"(?:[ \t]|\n\r?\\)*"
_CHAIN: Final = re.compile(_GAP + rb"\." + _GAP + rb"(?:\w+" + _GAP + rb"\." + _GAP + rb")*(\w*[A-Za-z_])")
"""A dotted chain before a word, read backwards (from the word), which is where a search can be anchored."""

_LONGEST_CHAIN: Final = 200
_SPREAD: Final = re.compile(rb"\*\*([A-Za-z_]\w*)")
_RENAMED_IMPORT: Final = re.compile(rb"[ \t]+as[ \t]+([A-Za-z_]\w*)")
_RENAMED_VALUE: Final = re.compile(rb"^[ \t]*([A-Za-z_]\w*)[ \t]*(?::[^=\n]{0,80})?=[^=][^\n]*$")


class _Matcher(Protocol):
    """The part of the Aho-Corasick automaton that is used; its package has no type information."""

    def find_matches_as_indexes(self, haystack: bytes, /) -> list[tuple[int, int, int]]: ...


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a word needs beside it to matter.

    ``roots`` are the words that lead to the library (its import names); ``anywhere`` words need none. A word with
    ``options`` or ``beside`` matters only where one of these words is in the file too. A ``base`` matters in the head
    of a class, and where an instance is stored in a field.
    """

    roots: frozenset[str] = frozenset()
    anywhere: bool = False
    options: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    base: bool = False


@dataclass(frozen=True, slots=True)
class Hits:
    """The offsets of accepted words in one file, ascending, and whether a suppression comment may be in it."""

    offsets: tuple[int, ...] = ()
    suppressions: bool = False
    renamed: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Scanner:
    """A compiled vocabulary. ``project`` holds the top-level names of the scanned project's own modules."""

    triggers: Mapping[str, tuple[Trigger, ...]]
    markers: tuple[str, ...]
    project: frozenset[str] = frozenset()
    imports: ImportLines = field(default_factory=ImportLines)
    _words: list[str] = field(init=False)
    _matcher: _Matcher = field(init=False)

    def __post_init__(self) -> None:
        words: set[str] = set(self.triggers) | set(self.markers)
        for trigger in (t for alternatives in self.triggers.values() for t in alternatives):
            words |= trigger.roots | trigger.options | trigger.beside
        self._words = sorted(words)
        self._matcher = _compile(self._words)

    def scan(self, data: bytes) -> Hits:
        """The accepted words of one file."""
        found: dict[str, list[int]] = {}
        words = self._words
        size = len(data)
        for index, start, end in self._matcher.find_matches_as_indexes(data):
            before = data[start - 1] if start else 32
            after = data[end] if end < size else 32
            if before in _WORD_BYTE or after in _WORD_BYTE or before > 127 or after > 127:
                continue
            word = words[index]
            places = found.get(word)
            if places is None:
                found[word] = [start]
            else:
                places.append(start)
        if not found:
            return Hits()
        return self._accept(data, found)

    def _accept(self, data: bytes, found: Mapping[str, list[int]]) -> Hits:
        names = _Imports(data, self.project, self.imports)
        offsets: set[int] = set()
        renamed: set[tuple[str, str]] = set()
        for word, places in found.items():
            for trigger in self.triggers.get(word, ()):
                here = self._places(trigger, word, places, found, names)
                offsets.update(here)
                renamed.update((name, word) for name in _renamings(data, here, len(word)))
        suppressions = any(marker in found for marker in self.markers)
        return Hits(tuple(sorted(offsets)), suppressions, tuple(sorted(renamed)))

    def _places(
        self, trigger: Trigger, word: str, places: list[int], found: Mapping[str, list[int]], names: _Imports
    ) -> list[int]:
        if trigger.options and not any(o in found for o in trigger.options) and not names.spread:
            return []
        if trigger.anywhere:
            return places
        if trigger.beside and not any(word in found for word in trigger.beside):
            return []
        rooted = any(root in found for root in trigger.roots)
        if trigger.base:
            return [at for at in places if rooted and names.is_base(at, word, trigger.roots)]
        return [at for at in places if names.leads_to(at, word, trigger.roots, rooted)]


class _Imports:
    """The names that import lines bind, read from the bytes only when a question needs them."""

    def __init__(self, data: bytes, project: frozenset[str], lines: ImportLines) -> None:
        self._data = data
        self._project = project
        self._lines = lines

    def leads_to(self, at: int, word: str, roots: frozenset[str], rooted: bool) -> bool:
        """Whether the word at ``at`` can mean something of the libraries ``roots``.

        ``rooted`` says that one of them is mentioned in the file. A name bound by imports must come from one of them
        or from the project (whose modules re-export); a receiver bound otherwise can be anything. Without roots, only
        names imported from the project count.
        """
        data = self._data
        before = data[max(0, at - 80) : at].rstrip(b" \t\r\n\\")[-1:]
        if before == b".":
            first = chain_before(data, at).decode("latin-1")
            bound = self._bound(first)
            if not bound or first in roots:
                return rooted
            return (rooted or not roots) if "" in bound else not roots.isdisjoint(bound)
        if before in (b"'", b'"'):
            return rooted
        bound = self._bound(word)
        if not bound:
            return (rooted or not roots) and self._names.stars
        if "" in bound:
            return rooted or not roots
        return not roots.isdisjoint(bound)

    def is_base(self, at: int, word: str, roots: frozenset[str]) -> bool:
        """Whether the word at ``at`` is a class from one of the libraries, as a base or for a field's instance."""
        start = self._data.rfind(b"\n", max(0, at - 200), at) + 1
        line = self._data[start:at].lstrip()
        if not line.startswith((b"class ", b"self.")):
            return False
        return not roots.isdisjoint(self._bound(chain_before(self._data, at).decode("latin-1") or word))

    @cached_property
    def spread(self) -> bool:
        """Whether a mapping imported from elsewhere is spread into a call."""
        spreads = {name.decode() for name in _SPREAD.findall(self._data)}
        return bool(spreads) and not spreads.isdisjoint(self._names.packages)

    @cached_property
    def _names(self) -> ImportedNames:
        return self._lines.of(self._data)

    def _bound(self, name: str) -> frozenset[str]:
        """The first parts of the modules that a name comes from; empty ones are the project's own."""
        packages = self._names.packages.get(name, frozenset())
        return packages if packages.isdisjoint(self._project) else (packages - self._project) | {""}


def chain_before(data: bytes, at: int) -> bytes:
    """The first name of the dotted chain that ends before a place: ``a`` for ``a.b.`` or empty."""
    match = _CHAIN.match(data[max(0, at - _LONGEST_CHAIN) : at][::-1])
    return match.group(1)[::-1] if match is not None else b""


def _renamings(data: bytes, places: Iterable[int], length: int) -> set[str]:
    """New names that the word gets: ``import loads as L``, ``f = pickle.loads``, ``f = partial(torch.load, ...)``."""
    found: set[str] = set()
    for at in places:
        end = at + length
        alias = _RENAMED_IMPORT.match(data, end, end + 120)
        if alias is not None:
            found.add(alias.group(1).decode())
            continue
        if data[end : end + 1] in (b"\n", b"\r", b",", b")", b" ", b"#", b""):
            start = data.rfind(b"\n", max(0, at - 200), at) + 1
            line = _RENAMED_VALUE.match(data[start:end])
            if line is not None:
                found.add(line.group(1).decode())
    return found


def _compile(words: list[str]) -> _Matcher:
    from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

    patterns = [word.encode() for word in words]
    matcher = BytesAhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)
    return cast("_Matcher", matcher)
