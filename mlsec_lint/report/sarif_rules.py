"""Rules as SARIF describes them, with the properties that code hosts read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlsec_lint.domain.levels import Severity
from mlsec_lint.domain.rule import Rule
from mlsec_lint.report.escape import valid
from mlsec_lint.report.sarif_document import Message, ReportingConfiguration, ReportingDescriptor, RuleProperties

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}

_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}
"""Within the bands that code hosts read back as words: over 9.0 critical, from 7.0 high, from 4.0 medium, else low."""

_PROBLEM_SEVERITIES = {"error": "error", "warning": "warning", "note": "recommendation"}

_CWE = re.compile(r"CWE-([0-9]{1,6})")


def level(severity: Severity) -> str:
    """The SARIF level for ``severity``."""
    return _LEVELS[severity]


def descriptor(rule: Rule) -> ReportingDescriptor:
    """``rule`` as a reporting descriptor; its id is the slug, which outlives a renumbering of codes."""
    text, markdown = _help(rule)
    return ReportingDescriptor(
        id=valid(rule.slug),
        name=valid(rule.code),
        short_description=Message(valid(rule.title)),
        full_description=Message(valid(rule.summary)),
        help=Message(text, markdown),
        help_uri=valid(rule.url),
        default_configuration=ReportingConfiguration(level(rule.severity)),
        properties=RuleProperties(
            code=valid(rule.code),
            family=valid(rule.family),
            tags=tuple(dict.fromkeys(_tags(rule))),
            precision="high" if rule.profile == "default" else "medium",
            security_severity=_SCORES[rule.severity],
            problem_severity=_PROBLEM_SEVERITIES[level(rule.severity)],
        ),
    )


def _tags(rule: Rule) -> Iterator[str]:
    """``security``, then a tag for each risk; weaknesses in the form that code hosts link to the CWE list."""
    yield "security"
    for risk in rule.risks:
        weakness = _CWE.fullmatch(risk.id)
        yield f"external/cwe/cwe-{weakness[1]:0>3}" if weakness else valid(risk.id)


def _help(rule: Rule) -> tuple[str, str]:
    """The help as plain text and as Markdown: the summary, the remedy, the risks, where to read on."""
    summary, remedy = valid(rule.summary), valid(rule.remedy)
    risks = [valid(f"{risk.catalogue} {risk.id}: {risk.title}") for risk in rule.risks]
    links = [valid(link) for link in (rule.url, *rule.references)]
    text = [summary, remedy and f"Remedy: {remedy}", _list("Risks:", risks), _list("References:", links)]
    markdown = [
        summary,
        remedy and f"**Remedy:** {remedy}",
        _list("**Risks:**\n", risks),
        _list("**References:**\n", [f"<{link}>" for link in links]),
    ]
    return "\n\n".join(filter(None, text)), "\n\n".join(filter(None, markdown))


def _list(heading: str, items: list[str]) -> str:
    return "\n".join([heading, *(f"- {item}" for item in items)]) if items else ""
