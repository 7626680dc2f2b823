"""What ``rules`` and ``explain`` write as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mlsec_lint.frontends.flow_facts import FlowFacts

if TYPE_CHECKING:
    from mlsec_lint.domain.rule import Rule


class RuleEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One rule in the list of all."""

    code: str
    slug: str
    title: str
    severity: str
    profile: str
    family: str
    url: str

    @classmethod
    def of(cls, rule: Rule) -> RuleEntry:
        """The entry for ``rule``."""
        return cls(
            code=rule.code,
            slug=rule.slug,
            title=rule.title,
            severity=rule.severity.label,
            profile=rule.profile,
            family=rule.family,
            url=rule.url,
        )


class RuleList(msgspec.Struct, frozen=True):
    """All rules, ordered by code."""

    rules: tuple[RuleEntry, ...]


class RiskEntry(msgspec.Struct, frozen=True):
    """One catalogued risk that a rule stands for."""

    id: str
    title: str
    catalogue: str
    url: str


class RulePage(RuleEntry, frozen=True, kw_only=True):
    """One rule with all that is known about it; ``page`` is Markdown, ``graded`` as in :class:`Rule`.

    ``flow`` is what a flow rule joins, ``None`` for a rule of another kind.
    """

    summary: str
    remedy: str
    graded: bool
    since: str
    risks: tuple[RiskEntry, ...]
    references: tuple[str, ...]
    page: str
    flow: FlowFacts | None

    @classmethod
    def about(cls, rule: Rule, page: str, flow: FlowFacts | None) -> RulePage:
        """The document about ``rule``, whose page is ``page`` and which joins ``flow``."""
        return cls(
            **msgspec.structs.asdict(RuleEntry.of(rule)),
            summary=rule.summary,
            remedy=rule.remedy,
            graded=rule.graded,
            since=rule.since,
            risks=tuple(RiskEntry(risk.id, risk.title, risk.catalogue, risk.url) for risk in rule.risks),
            references=rule.references,
            page=page,
            flow=flow,
        )
