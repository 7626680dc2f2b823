"""The graph of calls of a project: every body is evaluated, and what it calls is noted on the way.

Modules run first, with all that they call. Functions that nobody in the project calls are then entered as somebody
outside would enter them; a function that is called in the project is taken as its callers call it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.calllog import CallLog
from mlsec_lint.dataflow.flow.callnames import CallNames
from mlsec_lint.dataflow.flow.linking import link
from mlsec_lint.dataflow.flow.reach import enter, functions_of, nested_codes
from mlsec_lint.dataflow.flow.values import CodeKey

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.calllog import Callee
    from mlsec_lint.dataflow.flow.code import Code
    from mlsec_lint.dataflow.flow.solver import Solver

_MOST_ROUNDS = 20
"""Functions defined in functions defined in functions: levels that are looked into."""


def calls_of(
    solver: Solver, paths: Sequence[str], failed: Callable[[str, Exception], None]
) -> tuple[tuple[str, str], ...]:
    """Pairs of the names of a caller and of what it calls, sorted. The solver must be a fresh one."""
    return _Graph(solver, paths, failed).calls()


class _Graph:
    """The work on one graph: bodies, evaluations, and those that failed."""

    def __init__(self, solver: Solver, paths: Sequence[str], failed: Callable[[str, Exception], None]) -> None:
        self._solver = solver
        self._paths = paths
        self._failed = failed
        self._codes: dict[CodeKey, Code] = {}
        self._log = solver.log = CallLog()
        self._reach = self._log.reach()

    def calls(self) -> tuple[tuple[str, str], ...]:
        """The named pairs."""
        for path in self._paths:
            self._tried(path, lambda path=path: self._solver.exit(path))
        link(self._solver)
        for path in self._paths:
            self._tried(path, lambda path=path: self._solver.modules.late(path, ("module", path)))
        for path in self._paths:
            self._tried(path, lambda path=path: self._add(functions_of(self._solver, path)))
        for _ in range(_MOST_ROUNDS):
            self._add(nested_codes(self._solver))
            if not self._evaluate():
                break
        for path in self._paths:
            self._reach.add(("module", path))
        self._enter(self._log.called())
        self._enter(self._reach.callees)
        names = CallNames(self._solver)
        return tuple(sorted({(names.of(caller), names.of(callee)) for caller, callee in self._reach.calls}))

    def _tried(self, path: str, work: Callable[[], object]) -> None:
        """Do something for a file: its failure must not end the run."""
        try:
            self._solver.guarded(work)
        except Exception as error:  # noqa: BLE001 - a defect of ours costs one file, and is reported
            self._failed(path, error)

    def _add(self, codes: Iterable[Code]) -> None:
        self._codes.update((code.key, code) for code in codes)

    def _evaluate(self) -> bool:
        """Evaluate the bodies that were not yet; whether there were any."""
        new = [key for key in sorted(self._codes) if (key, (), False) not in self._solver.fixpoint.summaries]
        for key in new:
            self._tried(key[0], lambda key=key: self._solver.demanded((key, (), False)))
        return bool(new)

    def _enter(self, called: Set[Callee]) -> None:
        """Enter the functions that nobody calls, as somebody outside the project would."""
        for key in sorted(self._codes):
            if key not in called:
                demand = ("enter", key)
                self._tried(key[0], lambda key=key, d=demand: enter(self._solver, self._codes[key], demand=d))
                self._reach.add(demand)
                self._reach.add((key, (), False))
