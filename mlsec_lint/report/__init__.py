"""What one run has to say, turned into text for people and documents for tools. Nothing here analyses.

Every format is a module ``<name>_format`` with a function ``render(request)``. Modules are imported when they are asked
for, because each pulls in something heavy (rich, msgspec) that a run with another format never needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from mlsec_lint.domain.errors import UsageError
from mlsec_lint.domain.finding import ScanResult
from mlsec_lint.domain.rule import Rule
from mlsec_lint.report.request import ReportRequest, SourceText

__all__ = ["FORMATS", "ReportRequest", "SourceText", "render"]

FORMATS: tuple[str, ...] = ("text", "concise", "json", "sarif")
"""The names ``render`` accepts, the default first. Listed, not discovered: walking a package costs start-up time."""


def render(
    result: ScanResult,
    format: str,  # noqa: A002 - what callers and the command line call it
    *,
    rules: Sequence[Rule],
    sources: SourceText,
    color: bool = False,
    profile: str = "default",
) -> str:
    """The whole report as one string that ends in a line break, or an empty one where the format has nothing to say.

    ``rules`` are those the run applied, with or without findings. Raises ``UsageError`` for an unknown format.
    """
    if format not in FORMATS:
        raise UsageError(f"unknown output format {format!r}: choose one of {', '.join(FORMATS)}")
    renderer: Callable[[ReportRequest], str] = import_module(f"mlsec_lint.report.{format}_format").render
    return renderer(ReportRequest(result, tuple(rules), sources, color, profile))
