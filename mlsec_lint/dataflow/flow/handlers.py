"""Whether anybody sends the project requests or messages: which threat model suits it depends on that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.entries import by_name, entries_of_mark, of_class
from mlsec_lint.knowledge.index import is_listed

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.solver import Solver
    from mlsec_lint.dataflow.flow.values import CodeKey
    from mlsec_lint.knowledge.schema_flow import Entry

_REMOTE: Final = ("request", "message")


def has_handlers(solver: Solver) -> bool:
    """Whether a function of the project is called with requests or messages, once all modules have run."""
    return (
        any(_is_remote(entries_of_mark(solver, m)) for marks in solver.decorators.values() for m in marks)
        or any(_is_remote((handed.entry,)) for handed in solver.handed)
        or solver.handlers
        or any(_answers(solver, key) for path in solver.modules.paths() for key in solver.classes.of_module(path))
        or any(_is_remote(by_name(solver, c, c.owner)) for path in solver.modules.paths() for c in _codes(solver, path))
    )


def _codes(solver: Solver, path: str) -> list[Code]:
    from mlsec_lint.dataflow.flow.reach import functions_of

    return functions_of(solver, path)


def _is_remote(entries: Iterable[Entry]) -> bool:
    return any(entry.origin in _REMOTE and not entry.methods for entry in entries)


def _answers(solver: Solver, key: CodeKey) -> bool:
    """Whether a class has one of the methods that its library base or its decorator lists."""
    entries = [entry for entry in of_class(solver, key) if entry.origin in _REMOTE]
    for owner in solver.classes.order(key) if entries else ():
        info = solver.classes.info(owner) if not isinstance(owner, str) else None
        for name in info.attributes if info is not None else ():
            if any(is_listed(name, entry.methods) for entry in entries):
                return True
    return False
