"""The report for code hosts and editors: SARIF 2.1.0."""

from __future__ import annotations

from mlsec_lint.domain import finding as domain
from mlsec_lint.domain.rule import Rule
from mlsec_lint.report import tool
from mlsec_lint.report.encode import encode
from mlsec_lint.report.escape import fingerprint, valid
from mlsec_lint.report.request import ReportRequest, SourceText
from mlsec_lint.report.sarif_document import (
    SARIF_VERSION,
    SCHEMA_URI,
    Argument,
    ArtifactLocation,
    Invocation,
    Location,
    Message,
    Notification,
    PhysicalLocation,
    Region,
    Result,
    ResultProperties,
    Run,
    RunProperties,
    SarifLog,
    Tool,
    ToolComponent,
)
from mlsec_lint.report.sarif_flows import code_flows, related_locations
from mlsec_lint.report.sarif_places import ROOT, artifact, in_words, location, plain, text_at
from mlsec_lint.report.sarif_rules import descriptor, level
from mlsec_lint.report.uri import directory_uri

_FINGERPRINT = "mlsec-lint/v1"
"""The key says how the fingerprint is made: another way of making it needs another number."""


def render(request: ReportRequest) -> str:
    """The document as text."""
    rules = _by_slug(request)
    index = {slug: position for position, slug in enumerate(rules)}
    driver = ToolComponent(
        name=tool.NAME,
        semantic_version=tool.VERSION,
        information_uri=tool.INFORMATION_URI,
        rules=tuple(descriptor(rule) for rule in rules.values()),
    )
    run = Run(
        tool=Tool(driver),
        invocations=(_invocation(request.result.problems),),
        original_uri_base_ids={ROOT: _root(request.result.root)},
        column_kind="unicodeCodePoints",
        results=tuple(
            _result(finding, index[finding.rule.slug], request.sources) for finding in request.result.findings
        ),
        properties=RunProperties(valid(request.profile), valid(request.result.statistics.threat_model) or None),
    )
    return encode(SarifLog(SCHEMA_URI, SARIF_VERSION, (run,)))


def _by_slug(request: ReportRequest) -> dict[str, Rule]:
    """The rules of the run, and any other that a finding refers to: each result needs an index."""
    rules = {rule.slug: rule for rule in request.rules}
    for finding in request.result.findings:
        rules.setdefault(finding.rule.slug, finding.rule)
    return rules


def _root(root: str) -> ArtifactLocation:
    """Where the base of relative URIs lies, if that is known: a relative root says nothing to another machine."""
    return ArtifactLocation(uri=directory_uri(root), description=Message("The root of the scanned source tree."))


def _result(finding: domain.Finding, rule_index: int, sources: SourceText) -> Result:
    return Result(
        rule_id=valid(finding.rule.slug),
        rule_index=rule_index,
        level=level(finding.severity),
        message=Message(plain(in_words(finding.message, finding.location))),
        locations=(location(finding.location, finding.definition, _snippet(finding, sources)),),
        partial_fingerprints={_FINGERPRINT: fingerprint(finding)},
        properties=ResultProperties(
            code=valid(finding.rule.code),
            family=valid(finding.rule.family),
            severity=finding.severity.label,
            confidence=finding.confidence.label,
            reasons=tuple(valid(reason) for reason in finding.reasons),
            arguments=tuple(Argument(valid(a.name), valid(a.text), valid(a.value)) for a in finding.arguments),
            cell=finding.location.cell,
            origin=valid(finding.flow.origin) if finding.flow is not None else None,
            covers=tuple(valid(slug) for slug in finding.covers),
        ),
        related_locations=related_locations(finding, sources),
        code_flows=code_flows(finding, sources),
    )


def _snippet(finding: domain.Finding, sources: SourceText) -> str:
    """The text of the region: from the finding, else from the source."""
    return finding.code or text_at(finding.location, sources)


def _invocation(problems: tuple[domain.Problem, ...]) -> Invocation:
    return Invocation(
        execution_successful=not any(problem.fatal for problem in problems),
        tool_execution_notifications=tuple(_notification(problem) for problem in problems),
    )


def _notification(problem: domain.Problem) -> Notification:
    region = Region(problem.line) if problem.line is not None else None
    locations = (Location(PhysicalLocation(artifact(problem.path), region)),) if problem.path else ()
    return Notification("error" if problem.fatal else "warning", Message(plain(problem.message)), locations)
