"""From drafts (byte spans of one file) to findings (places and texts that people can use)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from mlsec_lint.checks.draft import Draft, DraftStep
from mlsec_lint.domain.finding import Argument, Finding, Flow, Location, Step

if TYPE_CHECKING:
    from mlsec_lint.engine.texts import FileText, Texts

_LONGEST_CODE = 400


def findings_of(texts: Texts, path: str, drafts: Iterable[Draft]) -> list[Finding]:
    """The findings of one file, in order, numbered where the same code occurs twice in one definition."""
    found = sorted((_finding(texts, texts.kept(path), draft) for draft in drafts), key=Finding.sort_key)
    counts: Counter[str] = Counter()
    numbered: list[Finding] = []
    for finding in found:
        fingerprint = finding.fingerprint
        numbered.append(replace(finding, ordinal=counts[fingerprint]))
        counts[fingerprint] += 1
    return numbered


def _finding(texts: Texts, text: FileText, draft: Draft) -> Finding:
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
        flow=Flow(draft.origin, tuple(_step(texts, step) for step in draft.steps)) if draft.steps else None,
        covers=draft.covers,
    )


def _step(texts: Texts, step: DraftStep) -> Step:
    text = texts.kept(step.path)
    code = text.code(step.at, step.end)[:_LONGEST_CODE]
    return Step(text.location(step.at, step.end), step.text, code, step.role, step.definition)


__all__ = ["Location", "findings_of"]
