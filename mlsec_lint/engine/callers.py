"""Where functions are used, by the text of all files: words find the places, what a file imports selects among them.

A place counts if the name can mean one of the functions there: it is imported from the project, defined in the same
file, read from ``self`` in a related class, or from an object whose class the file knows. Names of methods that many
classes define are looked for only where such a class is mentioned, and that is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlsec_lint.engine.text_functions import TextFunction, TextFunctions
from mlsec_lint.source.scan import Scanner, Trigger, chain_before

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.index import ProjectIndex
    from mlsec_lint.engine.texts import Texts

MOST_DEFINERS: Final = 3
"""Classes that may define a method for its name alone to say which one is meant."""

TOO_COMMON: Final = "callers of methods whose name many classes define"

_WORD: Final = re.compile(rb"[A-Za-z_]\w*")
_WORD_BYTES: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_PLAIN: Final = re.compile(rb"(?<![\w.)\]])(?:[A-Za-z_]\w*\.)+$")
_OWN: Final = ("self", "cls", "super")


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a name may mean a function; ``inside`` is the function it lies in (none: the top level).

    ``chain`` are the names that lead to it (``package.module.load``), as far as they are plain names.
    """

    path: str
    at: int
    name: str
    inside: TextFunction | None
    chain: tuple[str, ...]


class Callers:
    """Looks for the uses of functions in the scanned files."""

    def __init__(
        self,
        texts: Texts,
        sources: Iterable[str],
        functions: TextFunctions,
        index: ProjectIndex,
        project: frozenset[str],
    ) -> None:
        self._texts = texts
        self._sources = tuple(sources)
        self._functions = functions
        self._index = index
        self._project = project
        self.unfollowed: Counter[str] = Counter()

    def uses(self, targets: Iterable[TextFunction]) -> Iterator[Use]:
        """The places where some functions may be called or handed over, in order of place."""
        wanted: dict[str, list[TextFunction]] = {}
        for target in targets:
            wanted.setdefault(target.called, []).append(target)
        wanted.pop("", None)
        if not wanted:
            return
        scanner, classes, families = self._scanner(wanted)
        own = {target.path for targets in wanted.values() for target in targets}
        for path in self._sources:
            text = self._texts.read(path)
            if text is None:
                continue
            data = text.data
            offsets = set(scanner.scan(data).offsets)
            known = _words(data, offsets) if classes or families else frozenset[str]()
            names = self._searched(path, known, classes, wanted if path in own else {})
            for name in names:
                offsets.update(_occurrences(data, name.encode()))
            for at in sorted(offsets):
                use = self._use(_Place(path, data, at, known), wanted, families)
                if use is not None:
                    yield use

    def _scanner(
        self, wanted: Mapping[str, list[TextFunction]]
    ) -> tuple[Scanner, dict[str, set[str]], dict[str, frozenset[str]]]:
        """What to look for in all files: imported functions, methods with telling names, and classes whose methods
        have names that say nothing (with the names of these methods). Last, the relatives of classes by name."""
        triggers: dict[str, tuple[Trigger, ...]] = {}
        classes: dict[str, set[str]] = {}
        families: dict[str, frozenset[str]] = {}
        for name, targets in wanted.items():
            methods = [target for target in targets if target.owner and target.name == name]
            if len(methods) < len(targets):
                triggers[name] = (Trigger(),)
            if methods and len(self._index.definers(name)) <= MOST_DEFINERS:
                triggers[name] = (Trigger(anywhere=True),)
            elif methods:
                self.unfollowed[TOO_COMMON] += 1
                for target in methods:
                    classes.setdefault(target.owner, set()).add(name)
            families.update((target.owner, self._index.family(target.owner)) for target in methods)
        for cls in {*classes, *(relative for family in families.values() for relative in family)}:
            triggers.setdefault(cls, (Trigger(anywhere=True),))
        return Scanner(triggers, (), self._project, self._texts.imports), classes, families

    def _searched(
        self,
        path: str,
        known: frozenset[str],
        classes: Mapping[str, set[str]],
        own: Mapping[str, list[TextFunction]],
    ) -> set[str]:
        """The names to look for in a file besides: those of its own functions, and methods of classes it knows."""
        names = {name for name, targets in own.items() if any(target.path == path for target in targets)}
        return names.union(*(methods for cls, methods in classes.items() if cls in known))

    def _use(
        self, place: _Place, wanted: Mapping[str, list[TextFunction]], families: Mapping[str, frozenset[str]]
    ) -> Use | None:
        data, at = place.data, place.at
        match = _WORD.match(data, at)
        name = match.group().decode("latin-1") if match is not None else ""
        targets = wanted.get(name)
        if not targets:
            return None
        start = data.rfind(b"\n", 0, at) + 1
        before = data[start:at].strip()
        if before.startswith((b"#", b"import ", b"from ")) or before.endswith((b"def", b"class")):
            return None
        inside = self._functions.around(place.path, at)
        if before.endswith(b".") or (not before and data[max(0, start - 80) : start].rstrip().endswith(b".")):
            holds = self._is_attribute(place, name, targets, families, inside)
        else:
            holds = self._is_name(place.path, data, name, targets)
        return Use(place.path, at, name, inside, _chain(data, start, at, name)) if holds else None

    def _bound(self, data: bytes, name: str) -> bool | None:
        """Whether an import binds a name to something of the project; none if no import binds it."""
        packages = self._texts.imports.of(data).packages.get(name)
        return None if packages is None else "" in packages or not packages.isdisjoint(self._project)

    def _is_name(self, path: str, data: bytes, name: str, targets: list[TextFunction]) -> bool:
        """A bare name: imported from the project, or defined in the same file."""
        bound = self._bound(data, name)
        if bound is not None:
            return bound
        return any(target.path == path for target in targets) or self._texts.imports.of(data).stars

    def _is_attribute(
        self,
        place: _Place,
        name: str,
        targets: list[TextFunction],
        families: Mapping[str, frozenset[str]],
        inside: TextFunction | None,
    ) -> bool:
        data, at = place.data, place.at
        first = chain_before(data, at).decode("latin-1")
        methods = [target for target in targets if target.owner]
        if first in _OWN and inside is not None and inside.owner and data.endswith(f"{first}.".encode(), 0, at):
            return any(place.knows(target, families) for target in methods)
        bound = self._bound(data, first) if first else None
        if bound is False:
            return False
        if bound and len(methods) < len(targets):
            return True
        if not methods:
            return False
        if len(self._index.definers(name)) <= MOST_DEFINERS or any(place.knows(each, families) for each in methods):
            return True
        self.unfollowed[TOO_COMMON] += 1
        return False


@dataclass(frozen=True, slots=True)
class _Place:
    """A word in a file, with the names of classes that the file mentions."""

    path: str
    data: bytes
    at: int
    classes: frozenset[str]

    def knows(self, target: TextFunction, families: Mapping[str, frozenset[str]]) -> bool:
        """Whether the file knows the class of a method, or a class derived from it."""
        return target.path == self.path or not self.classes.isdisjoint(families.get(target.owner, frozenset()))


def _occurrences(data: bytes, name: bytes) -> Iterator[int]:
    """Where a name may stand (a longer word that it starts is told apart later); a search for a literal is fast."""
    at = data.find(name)
    while at >= 0:
        if not at or data[at - 1] not in _WORD_BYTES:
            yield at
        at = data.find(name, at + len(name))


def _chain(data: bytes, start: int, at: int, name: str) -> tuple[str, ...]:
    match = _PLAIN.search(data, max(start, at - 200), at)
    return (*match.group().decode("latin-1").rstrip(".").split("."), name) if match is not None else (name,)


def _words(data: bytes, offsets: Iterable[int]) -> frozenset[str]:
    found = (_WORD.match(data, at) for at in offsets)
    return frozenset(match.group().decode("latin-1") for match in found if match is not None)
