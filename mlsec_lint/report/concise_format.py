"""One line for each finding, for editors, ``grep`` and ``wc``."""

from __future__ import annotations

from collections.abc import Iterator

from mlsec_lint.report.escape import one_line
from mlsec_lint.report.place import finding_place, problem_place
from mlsec_lint.report.request import ReportRequest


def render(request: ReportRequest) -> str:
    """``path:line:column: CODE message`` lines, then ``path: error: message`` lines; empty for a clean run."""
    return "".join(f"{line}\n" for line in _lines(request))


def _lines(request: ReportRequest) -> Iterator[str]:
    for finding in request.result.findings:
        yield f"{finding_place(finding.location)}: {finding.rule.code} {one_line(finding.message)}"
    for problem in request.result.problems:
        level = "error" if problem.fatal else "warning"
        yield f"{problem_place(problem)}: {level}: {one_line(problem.message)}"
