"""The report for programs: one versioned JSON document."""

from __future__ import annotations

from mlsec_lint.domain.finding import Argument, Finding, Flow, Location, Problem, Statistics
from mlsec_lint.domain.rule import Risk
from mlsec_lint.report import tool
from mlsec_lint.report.encode import encode
from mlsec_lint.report.escape import fingerprint, valid
from mlsec_lint.report.json_document import (
    VERSION,
    ArgumentRecord,
    Document,
    FindingRecord,
    FlowRecord,
    LocationRecord,
    ProblemRecord,
    StatisticsRecord,
    StepRecord,
    ToolRecord,
)
from mlsec_lint.report.request import ReportRequest


def render(request: ReportRequest) -> str:
    """The document as text; see ``docs/json-report.md``."""
    result = request.result
    return encode(
        Document(
            version=VERSION,
            tool=ToolRecord(tool.NAME, tool.VERSION),
            root=valid(result.root),
            profile=valid(request.profile),
            findings=tuple(_finding(finding) for finding in result.findings),
            problems=tuple(_problem(problem) for problem in result.problems),
            statistics=_statistics(result.statistics),
        )
    )


def _finding(finding: Finding) -> FindingRecord:
    rule = finding.rule
    return FindingRecord(
        code=valid(rule.code),
        slug=valid(rule.slug),
        severity=finding.severity.label,
        confidence=finding.confidence.label,
        reasons=tuple(valid(reason) for reason in finding.reasons),
        family=valid(rule.family),
        message=valid(finding.message),
        remedy=valid(finding.remedy),
        api=valid(finding.api),
        arguments=tuple(_argument(argument) for argument in finding.arguments),
        risks=_by_catalogue(rule.risks),
        location=_location(finding.location),
        definition=valid(finding.definition),
        fingerprint=fingerprint(finding),
        url=valid(rule.url),
        flow=_flow(finding.flow) if finding.flow is not None else None,
        covers=tuple(valid(slug) for slug in finding.covers),
    )


def _flow(flow: Flow) -> FlowRecord:
    return FlowRecord(
        origin=valid(flow.origin),
        steps=tuple(
            StepRecord(_location(step.location), valid(step.text), valid(step.code), step.role, valid(step.definition))
            for step in flow.steps
        ),
    )


def _argument(argument: Argument) -> ArgumentRecord:
    return ArgumentRecord(valid(argument.name), valid(argument.text), valid(argument.value))


def _by_catalogue(risks: tuple[Risk, ...]) -> dict[str, list[str]]:
    """The ids of each catalogue, both in the order of the rule."""
    catalogues: dict[str, list[str]] = {}
    for risk in risks:
        catalogues.setdefault(valid(risk.catalogue), []).append(valid(risk.id))
    return catalogues


def _location(place: Location) -> LocationRecord:
    return LocationRecord(valid(place.path), place.line, place.column, place.end_line, place.end_column, place.cell)


def _problem(problem: Problem) -> ProblemRecord:
    return ProblemRecord(valid(problem.path), problem.line, valid(problem.message), problem.fatal)


def _statistics(numbers: Statistics) -> StatisticsRecord:
    return StatisticsRecord(
        files=numbers.files,
        lines=numbers.lines,
        outlined=numbers.outlined,
        evaluated=numbers.evaluated,
        suppressed=numbers.suppressed,
        seconds=round(numbers.seconds, 3),
        definitions=numbers.definitions,
        lowered=numbers.lowered,
        composed=numbers.composed,
        unfollowed={valid(reason): count for reason, count in numbers.unfollowed},
        threat_model=valid(numbers.threat_model),
    )
