"""Where something is, written the way editors and terminals recognise."""

from __future__ import annotations

from dataclasses import replace

from mlsec_lint.domain.finding import Location, Problem
from mlsec_lint.report.escape import visible


def finding_place(location: Location) -> str:
    """``path:line:column``, with the cell after the path in a notebook; a hostile file name stays on the line."""
    return str(replace(location, path=visible(location.path)))


def problem_place(problem: Problem) -> str:
    """``path`` or ``path:line``."""
    path = visible(problem.path)
    return path if problem.line is None else f"{path}:{problem.line}"
