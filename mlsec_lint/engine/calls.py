"""The graph of calls of a project that was scanned: who calls whom, by qualified name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.flow.callgraph import calls_of
from mlsec_lint.dataflow.flow.solver import Solver
from mlsec_lint.engine.acceptance import failure

if TYPE_CHECKING:
    from mlsec_lint.domain.finding import Problem
    from mlsec_lint.engine.analysis import Analysis


def call_pairs(analysis: Analysis, problems: list[Problem]) -> tuple[tuple[str, str], ...]:
    """Pairs of the names of a caller and of what it calls, of all scanned files.

    Findings need the summaries of what lies between sources and sinks; calls need every body as it is called, so they
    get summaries of their own.
    """
    solver = Solver(analysis.context, analysis.texts.module_text, tuple(analysis.sources))

    def failed(path: str, error: Exception) -> None:
        problem = failure(path, error)
        if problem not in problems:
            problems.append(problem)

    return calls_of(solver, analysis.sources, failed)
