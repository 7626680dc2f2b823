"""The ignore rules that hold for a folder: every ``.gitignore`` from the top of the git work tree down to it."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field

from mlsec_lint.domain.finding import Problem
from mlsec_lint.engine.patterns import PatternSet, compile_patterns

FILE = ".gitignore"

MAX_BYTES = 1024 * 1024
"""A larger ignore file is not read; the largest hand-written ones have some tens of kilobytes."""


@dataclass(slots=True)
class IgnoreFiles:
    """Reads and compiles each ignore file at most once in a run; ``problems`` collects what could not be applied.

    ``enabled`` false answers every question as if there were no ignore files.
    """

    enabled: bool
    problems: list[Problem] = field(default_factory=list[Problem])
    _read: dict[str, tuple[PatternSet, ...]] = field(default_factory=dict[str, tuple[PatternSet, ...]])

    def above(self, folder: str) -> tuple[PatternSet, ...]:
        """The sets that hold for ``folder`` without its own, outermost first; none if they leave ``folder`` out.

        Naming an ignored folder on the command line asks for its content, so the rules that hide it do not apply there.
        """
        if not self.enabled:
            return ()
        found: tuple[PatternSet, ...] = ()
        for parent in _parents_in_work_tree(folder):
            found = (*found, *self.inside(parent))
        hidden = any(patterns.covers(folder, folder=True) for patterns in found)
        return () if hidden else found

    def inside(self, folder: str) -> tuple[PatternSet, ...]:
        """The set of the ignore file in ``folder`` itself, if there is one with patterns."""
        if not self.enabled:
            return ()
        if folder not in self._read:
            self._read[folder] = self._compile(folder)
        return self._read[folder]

    def _compile(self, folder: str) -> tuple[PatternSet, ...]:
        path = os.path.join(folder, FILE)
        try:
            status = os.lstat(path)
            # Like git, follow no link here; anything but a file could also block the read.
            if not stat.S_ISREG(status.st_mode):
                return ()
            if status.st_size > MAX_BYTES:
                self.problems.append(Problem(path, f"is larger than {MAX_BYTES} bytes and is not applied", fatal=False))
                return ()
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                lines = file.read(MAX_BYTES).splitlines()
        except FileNotFoundError:
            return ()
        except OSError as error:
            self.problems.append(Problem(path, f"cannot be read: {error.strerror or error}", fatal=False))
            return ()
        patterns, objections = compile_patterns(folder, lines)
        self.problems.extend(Problem(path, text, line, fatal=False) for line, text in objections)
        return (patterns,) if patterns is not None else ()


def ignored(path: str, sets: Sequence[PatternSet], *, folder: bool) -> bool:
    """Whether ``sets`` (outermost first) leave out the absolute ``path``: the innermost that mentions it decides."""
    for patterns in reversed(sets):
        verdict = patterns.verdict(path, folder=folder)
        if verdict is not None:
            return verdict
    return False


def _parents_in_work_tree(folder: str) -> tuple[str, ...]:
    """The folders above ``folder`` up to the top of its git work tree, outermost first; none outside a work tree."""
    parents: list[str] = []
    current = folder
    while not os.path.lexists(os.path.join(current, ".git")):
        parent = os.path.dirname(current)
        if parent == current:
            return ()
        parents.append(parent)
        current = parent
    return tuple(reversed(parents))
