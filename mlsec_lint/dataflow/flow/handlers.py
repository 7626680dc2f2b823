"""Whether anybody sends the project requests or messages: which threat model suits it depends on that.

The answer must not depend on which bodies the flows needed, so it is looked for from the text on: files that import a
framework, what their top levels say, the bodies that define or hand over functions, and the names of functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.entries import by_name, entries_of_mark, of_class
from mlsec_lint.dataflow.flow.foreign_words import ForeignWords, conventions, triggers_of, words_of_entries
from mlsec_lint.knowledge.index import Knowledge, is_listed

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.values import CodeKey
    from mlsec_lint.knowledge.schema_flow import Entry

REMOTE: Final = frozenset(("request", "message"))
"""The origins of which an entry point makes the project a service."""

_AROUND: Final = 400
"""Bytes between a decorator and the function that it stands above."""


def has_handlers(solver: Solver) -> bool:
    """Whether a function of the project is called with requests or messages, once the flows are composed."""
    using = _places(solver)
    return (
        _is_known(solver)
        or any(_answers(solver, path) for path in using)
        or any(_answers_inside(solver, path, places) for path, places in using.items())
        or any(_answers(solver, path) for path in _relatives(solver, using))
        or any(_is_named(solver, path) for path in _files_with(solver, _definitions(solver.knowledge)))
    )


def _places(solver: Solver) -> dict[str, tuple[int, ...]]:
    """The files that mention what makes handlers, with the places."""
    words = triggers_of(words_of_entries(solver.knowledge, REMOTE, solver.project.own_packages))
    finder = ForeignWords(words, solver.project.top_names())
    found = {path: finder.places(data) for path, data in solver.index.texts()}
    return {path: places for path, places in found.items() if places}


def _relatives(solver: Solver, using: Iterable[str]) -> list[str]:
    """The files with a class that derives from one of these files: it may be a handler too."""
    keys = (key for path in using for key in solver.classes.of_module(path))
    names = {name for key in keys for name in solver.index.family(solver.classes.name(key)) if name}
    if not names:
        return []
    listed = "|".join(sorted(names)).encode()
    return _files_with(solver, re.compile(rb"(?m)^[ \t]*class[ \t]+\w+[ \t]*\([^)]*\b(?:%s)\b" % listed))


def _files_with(solver: Solver, pattern: re.Pattern[bytes]) -> list[str]:
    return [path for path, data in solver.index.texts() if pattern.search(data)]


def _definitions(knowledge: Knowledge) -> re.Pattern[bytes]:
    """Finds the definition of a function that is a handler by its name."""
    words = {name.rpartition(".")[2] for name in conventions(knowledge, REMOTE)}
    return re.compile(rf"\bdef[ \t]+(?:{'|'.join(sorted(words)) or '(?!)'})\b".encode())


def _is_known(solver: Solver) -> bool:
    """Whether the bodies that are evaluated so far have such a function."""
    return (
        solver.handlers
        or any(_is_remote(entries_of_mark(solver, m)) for marks in solver.decorators.values() for m in marks)
        or any(_is_remote((handed.entry,)) for handed in solver.handed)
    )


def _answers(solver: Solver, path: str) -> bool:
    """Whether the top level of a module has, or hands over, such a function."""
    solver.guarded(lambda: solver.exit(path))
    return _is_known(solver) or any(_has_method(solver, key) for key in solver.classes.of_module(path))


def _answers_inside(solver: Solver, path: str, places: tuple[int, ...]) -> bool:
    """Whether a body of a module, in which some of the places lie, defines or hands over such a function."""
    for code in _codes(solver, path):
        if any(code.body.at - _AROUND <= at < code.body.end for at in places):
            solver.demanded((code.key, (), False))
            if _is_known(solver):
                return True
    return False


def _is_named(solver: Solver, path: str) -> bool:
    return any(_is_remote(by_name(solver, code, code.owner)) for code in _codes(solver, path))


def _codes(solver: Solver, path: str) -> list[Code]:
    from mlsec_lint.dataflow.flow.reach import functions_of

    return functions_of(solver, path)


def _is_remote(entries: Iterable[Entry]) -> bool:
    return any(entry.origin in REMOTE and not entry.methods for entry in entries)


def _has_method(solver: Solver, key: CodeKey) -> bool:
    """Whether a class has one of the methods that its library base or its decorator lists."""
    entries = [entry for entry in of_class(solver, key) if entry.origin in REMOTE]
    for owner in solver.classes.order(key) if entries else ():
        info = solver.classes.info(owner) if not isinstance(owner, str) else None
        for name in info.attributes if info is not None else ():
            if any(is_listed(name, entry.methods) for entry in entries):
                return True
    return False
