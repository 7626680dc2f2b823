"""The last line of a report for people: how much was found, in how much, and how long it took."""

from __future__ import annotations

from collections import Counter

from mlsec_lint.domain.finding import ScanResult
from mlsec_lint.domain.levels import Severity


def summary_line(result: ScanResult) -> str:
    """Such as ``3 findings (1 high, 2 medium) in 214 files, 61,204 lines, 0.8 s; 2 suppressed``.

    It ends with the threat model, since a reader who takes other people for attackers cannot use the result.
    """
    statistics = result.statistics
    scanned = f"{counted(statistics.files, 'file')}, {counted(statistics.lines, 'line')}, {statistics.seconds:.1f} s"
    notes = [f"{_found(result)} {scanned}"]
    if statistics.suppressed:
        notes.append(f"{statistics.suppressed:,} suppressed")
    if result.problems:
        notes.append(counted(len(result.problems), "problem"))
    if statistics.threat_model:
        notes.append(f"threat model: {statistics.threat_model}")
    return "; ".join(notes)


def _found(result: ScanResult) -> str:
    """What was found, by severity; a run that could not read everything must not look like a clean one."""
    if not result.findings:
        return "No findings in what could be scanned:" if any(p.fatal for p in result.problems) else "No findings in"
    counts = Counter(finding.severity for finding in result.findings)
    levels = ", ".join(
        f"{counts[severity]:,} {severity.label}" for severity in sorted(Severity, reverse=True) if counts[severity]
    )
    return f"{counted(len(result.findings), 'finding')} ({levels}) in"


def counted(number: int, noun: str) -> str:
    """Such as ``1 file`` and ``2,000 files``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
