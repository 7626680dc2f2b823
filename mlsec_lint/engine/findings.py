"""From drafts (byte spans of one file) to findings (places and texts that people can use)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from mlsec_lint.checks.draft import Draft
from mlsec_lint.domain.finding import Argument, Finding, Location

if TYPE_CHECKING:
    from mlsec_lint.engine.texts import FileText

_LONGEST_CODE = 400


def findings_of(text: FileText, drafts: Iterable[Draft]) -> list[Finding]:
    """The findings of one file, in order, numbered where the same code occurs twice in one definition."""
    found = sorted((_finding(text, draft) for draft in drafts), key=Finding.sort_key)
    counts: Counter[str] = Counter()
    numbered: list[Finding] = []
    for finding in found:
        fingerprint = finding.fingerprint
        numbered.append(replace(finding, ordinal=counts[fingerprint]))
        counts[fingerprint] += 1
    return numbered


def _finding(text: FileText, draft: Draft) -> Finding:
    return Finding(
        rule=draft.rule,
        location=text.location(draft.at, draft.end),
        message=draft.message,
        severity=draft.severity,
        confidence=draft.confidence,
        profile=draft.profile,
        remedy=draft.remedy,
        api=draft.api,
        reasons=draft.reasons,
        arguments=tuple(
            Argument(a.name, text.code(a.at, a.end) if a.at >= 0 else "", a.value) for a in draft.arguments
        ),
        definition=draft.definition,
        code=text.code(draft.at, draft.end)[:_LONGEST_CODE],
    )


__all__ = ["Location", "findings_of"]
