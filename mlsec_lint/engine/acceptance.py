"""Which files can matter, and which functions of them: the scan, and the names that the project itself gives to sinks.

A file accepted for a word may give the sink a new name, which is then looked for as well, in the same file and where
it is imported. Each file's functions are lowered while its tree is at hand, so that no file is parsed twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mlsec_lint.dataflow.context import Context
from mlsec_lint.dataflow.renames import renamed_fields, renamed_globals, sink_fields
from mlsec_lint.domain.finding import Problem
from mlsec_lint.engine.selection_of_units import Units, units_with
from mlsec_lint.engine.suppressions import MARKERS
from mlsec_lint.engine.texts import Texts
from mlsec_lint.source.project import Module
from mlsec_lint.source.scan import Hits, Scanner, Trigger

_WORD: Final = re.compile(rb"[A-Za-z_]\w*")

_ROUNDS: Final = 4
"""Scans for names that the project gives to sinks; each round can only find names that the one before uncovered."""


class Acceptance:
    """The accepted files of one run with the places that matter, and the units to evaluate."""

    def __init__(
        self,
        context: Context,
        texts: Texts,
        sources: Sequence[str],
        words: Mapping[str, tuple[Trigger, ...]],
        *,
        everything: bool,
    ) -> None:
        self.words = words
        self.accepted: dict[str, Hits] = {}
        self.units: dict[str, Units] = {}
        self.problems: list[Problem] = []
        self._context = context
        self._project = context.project
        self._texts = texts
        self._sources = sources
        self._everything = everything
        self._names: set[str] = set()
        self._fields: dict[str, frozenset[str]] = {}

    def run(self, scanned: Callable[[bytes, bool], None]) -> None:
        """Scan every file, then follow new names; ``scanned`` is told of each text and whether it was accepted."""
        scanner = Scanner(self.words, MARKERS, self._project.top_names(), self._texts.imports)
        for path in self._sources:
            text = self._texts.read(path)
            if text is None:
                continue
            hits = scanner.scan(text.data)
            taken = bool(hits.offsets or hits.suppressions or self._everything)
            if taken:
                self._texts.keep(text)
                self.accepted[path] = hits
            scanned(text.data, taken)
        pending = sorted(self.accepted)
        for _ in range(_ROUNDS):
            fresh = self._examine(pending)
            if not fresh:
                return
            pending = self._spread(fresh)
        self._examine(pending)

    def _examine(self, paths: Sequence[str]) -> set[str]:
        """Choose the units of some files; returns the names for sinks that were not known before."""
        fresh: set[str] = set()
        for path in paths:
            try:
                names = self._one(path)
            except Exception as error:  # noqa: BLE001 - one file's failure must not end the run
                self.problems.append(failure(path, error))
                self.units.pop(path, None)
                continue
            fresh |= names
        fresh -= self._names
        self._names |= fresh
        self._context.now_relevant(fresh)
        return fresh

    def _one(self, path: str) -> set[str]:
        module = self._project.module(path)
        exit_ = self._context.exit_of(path)
        if module is None or exit_ is None:
            return set()
        names = self._renamed(module, self.accepted[path])
        if names:
            triggers = {name: (Trigger(anywhere=True),) for name in names}
            self.accepted[path] = _merged(self.accepted[path], Scanner(triggers, ()).scan(module.data))
        offsets = self.accepted[path].offsets
        if self._everything:
            offsets = (*offsets, *(function.body.at + 4 for function in exit_.functions.values()))
        units = self.units[path] = units_with(module, exit_.functions, offsets)
        for function in units.functions:
            module.lower(function.body)
        return names

    def _renamed(self, module: Module, hits: Hits) -> set[str]:
        if not hits.offsets:
            return set()
        names = {name for name, _ in hits.renamed} | renamed_globals(self._context, module)
        for cls, fields in sink_fields(self._context, module, hits.offsets, self._fields).items():
            self._fields[cls] = self._fields.get(cls, frozenset()) | fields
            names |= {cls, *fields}
        return names | renamed_fields(module, hits.offsets)

    def _spread(self, names: set[str]) -> list[str]:
        """The files that import one of the new names from the project."""
        scanner = Scanner({name: (Trigger(),) for name in names}, (), self._project.top_names(), self._texts.imports)
        changed: list[str] = []
        for path in self._sources:
            text = self._texts.read(path)
            if text is None:
                continue
            hits = scanner.scan(text.data)
            if hits.offsets:
                hits = self._with_fields(text.data, hits)
                self._texts.keep(text)
                self.accepted[path] = _merged(self.accepted.get(path, Hits()), hits)
                changed.append(path)
        return changed

    def _with_fields(self, data: bytes, hits: Hits) -> Hits:
        """Where a class with fields that hold sinks is imported, these fields matter whatever they are read from."""
        words = {match.group().decode() for at in hits.offsets if (match := _WORD.match(data, at))}
        fields = set[str]().union(*(self._fields.get(word, ()) for word in words))
        if not fields:
            return hits
        return _merged(hits, Scanner({name: (Trigger(anywhere=True),) for name in fields}, ()).scan(data))


def failure(path: str, error: Exception) -> Problem:
    """What a reader is told of an exception that cost one file."""
    if isinstance(error, (RecursionError, MemoryError)):
        return Problem(path, f"is too deeply nested to analyse ({type(error).__name__}); it was not scanned")
    return Problem(path, f"internal error, please report it: {type(error).__name__}: {error}")


def _merged(left: Hits, right: Hits) -> Hits:
    offsets = tuple(sorted({*left.offsets, *right.offsets}))
    return Hits(offsets, left.suppressions or right.suppressions, left.renamed)
