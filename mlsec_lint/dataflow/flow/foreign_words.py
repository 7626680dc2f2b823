"""Where files mention what brings foreign data: the names of sources, and of what marks or takes entry points.

Asked of the text of every file, so it is generous; but a name counts only in a file that imports the library which it
is of; a decorator also on something imported from the project (an application that another module makes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from mlsec_lint.knowledge.vocabulary import import_roots
from mlsec_lint.source.import_lines import ImportLines
from mlsec_lint.source.scan import Scanner, Trigger, chain_before

if TYPE_CHECKING:
    from mlsec_lint.knowledge.index import Knowledge

_TELLING: Final = 4
"""Letters of a name with wildcards that say something."""

_IDENTIFIER: Final = re.compile(rb"[A-Za-z_]\w*")


class ForeignWords:
    """Finds such names in texts. ``project`` are the top-level names of the scanned project's own modules."""

    def __init__(
        self, words: Mapping[str, tuple[Trigger, ...]], project: frozenset[str], imports: ImportLines | None = None
    ) -> None:
        self._words = {word: triggers for word, triggers in words.items() if "*" not in word}
        self._bases = _bases([word for word in words if "*" in word])
        self._anywhere = frozenset(w for w, triggers in self._words.items() if any(t.anywhere for t in triggers))
        self._led_by = _by_root(self._words)
        self._project = project
        self._imports = imports or ImportLines()
        anywhere = {word: (Trigger(anywhere=True),) for word in self._words}
        self._scanner = Scanner(anywhere, (), project, self._imports)

    def places(self, data: bytes) -> tuple[int, ...]:
        """The offsets of the names in a file."""
        offsets = self._scanner.scan(data).offsets
        bases = [match.start(1) for match in self._bases.finditer(data)] if self._bases is not None else []
        if not offsets:
            return tuple(bases)
        imported = self.imported(data)
        led = self._anywhere.union(*(self._led_by.get(package, ()) for package in imported))
        own = not imported.isdisjoint(self._project | {""})
        packages = self._imports.of(data).packages
        found = bases
        for at in offsets:
            match = _IDENTIFIER.match(data, at)
            word = match.group().decode("latin-1") if match is not None else ""
            first = chain_before(data, at).decode("latin-1") if word in led or own else ""
            bound = packages.get(first or word)
            named = word in led and (bound is None or "" in bound or _leads(self._words[word], bound))
            if named or (bound is not None and first and self._is_own(bound) and _is_decorator(data, at)):
                found.append(at)
        return tuple(sorted(found))

    def imported(self, data: bytes) -> frozenset[str]:
        """The first parts of the packages that a file imports."""
        return frozenset[str]().union(*self._imports.of(data).packages.values())

    def may_be_own(self, data: bytes, at: int) -> bool:
        """Whether a name at a place is not read from something that another package offers."""
        first = chain_before(data, at).decode("latin-1")
        bound = self._imports.of(data).packages.get(first) if first else None
        return bound is None or self._is_own(bound)

    def _is_own(self, packages: frozenset[str]) -> bool:
        return "" in packages or not packages.isdisjoint(self._project)


def _is_decorator(data: bytes, at: int) -> bool:
    return data[data.rfind(b"\n", 0, at) + 1 : at].lstrip().startswith(b"@")


def _leads(triggers: Iterable[Trigger], imported: frozenset[str]) -> bool:
    """Whether a name bound by an import of some packages may mean one of these libraries."""
    return any(trigger.anywhere or not trigger.roots.isdisjoint(imported) for trigger in triggers)


def _by_root(words: Mapping[str, tuple[Trigger, ...]]) -> dict[str, frozenset[str]]:
    """The words that the import of a package leads to."""
    found: dict[str, set[str]] = {}
    for word, triggers in words.items():
        for root in (root for trigger in triggers for root in trigger.roots):
            found.setdefault(root, set()).add(word)
    return {root: frozenset(led) for root, led in found.items()}


def _bases(patterns: list[str]) -> re.Pattern[bytes] | None:
    """Finds base classes whose names fit wildcards (those of generated code); such a name needs no import beside it."""
    telling = [pattern for pattern in patterns if len(pattern.strip("*")) >= _TELLING and "*" not in pattern.strip("*")]
    if not telling:
        return None
    names = "|".join(re.escape(pattern).replace(r"\*", r"\w*") for pattern in sorted(telling)).encode()
    return re.compile(rb"(?m)^[ \t]*class[ \t]+\w+[ \t]*\([^)\n]*?\b(%s)\b" % names)


def wanted_origins(knowledge: Knowledge) -> frozenset[str]:
    """The origins that some flow rule asks for; what any caller passes is everywhere."""
    flows = (rule.flow for rule in knowledge.rules if rule.flow is not None)
    return frozenset(origin for flow in flows for origin in flow.sources) - {"caller"}


def words_of_sources(knowledge: Knowledge, origins: frozenset[str], own: Iterable[str]) -> dict[str, set[str]]:
    """The last names of sources of some origins, each with the packages that lead to it (``own`` ones excepted)."""
    found: dict[str, set[str]] = {}
    for table in (knowledge.sources, knowledge.attributes):
        _add(found, knowledge, (name for name, source in table.items() if source.origin in origins), own)
    return found


def words_of_entries(knowledge: Knowledge, origins: frozenset[str], own: Iterable[str]) -> dict[str, set[str]]:
    """As ``words_of_sources``, of what makes a function an entry point with such data; bases with their wildcards."""
    found: dict[str, set[str]] = {}
    for table in (knowledge.decorated, knowledge.bases, knowledge.callbacks):
        names = (name for name, entry in table.items() if entry.origin in origins)
        _add(found, knowledge, names, own, wild=table is knowledge.bases)
    return found


def triggers_of(*tables: Mapping[str, set[str]]) -> dict[str, tuple[Trigger, ...]]:
    """What a scan looks for."""
    found: dict[str, set[str]] = {}
    for table in tables:
        for word, leading in table.items():
            found.setdefault(word, set()).update(leading)
    return {
        word: (Trigger(frozenset(leading), anywhere=bool(leading & {"builtins", "*"})),)
        for word, leading in found.items()
    }


def conventions(knowledge: Knowledge, origins: frozenset[str]) -> dict[str, frozenset[str]]:
    """The names of functions (``Class.method``) that are entry points by their name, with the packages one of which
    the file must import (none: it need not)."""
    found: dict[str, frozenset[str]] = {}
    for name, entries in knowledge.conventions.items():
        listed = [entry for entry in entries if entry.origin in origins]
        if listed:
            roots = frozenset(each.partition(".")[0] for entry in listed for each in entry.importing)
            found[name] = roots if all(entry.importing for entry in listed) else frozenset()
    return found


def _add(
    found: dict[str, set[str]], knowledge: Knowledge, names: Iterable[str], own: Iterable[str], *, wild: bool = False
) -> None:
    roots = import_roots(knowledge)
    for name in names:
        first, last = name.partition(".")[0], name.rpartition(".")[2]
        if last and first not in own and (wild or "*" not in last):
            found.setdefault(last, set()).update(roots.get(first, ()), (first,))
