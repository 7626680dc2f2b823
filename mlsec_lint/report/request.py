"""What a format is given to work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mlsec_lint.domain.finding import ScanResult
from mlsec_lint.domain.rule import Rule


class SourceText(Protocol):
    """Lines of the scanned files, for excerpts.

    An implementation masks secret values: what it returns is shown as it is.
    """

    def line(self, path: str, number: int, cell: int | None) -> str:
        """Line ``number`` (from 1) of ``path``, or of one cell of a notebook; empty if it is not known."""
        ...


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """One report to write: the result and everything that is needed to show it."""

    result: ScanResult
    rules: tuple[Rule, ...]
    sources: SourceText
    color: bool
    profile: str
