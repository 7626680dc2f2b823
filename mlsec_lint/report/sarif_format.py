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
    ArtifactContent,
    ArtifactLocation,
    Invocation,
    Location,
    LogicalLocation,
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
from mlsec_lint.report.sarif_rules import descriptor, level
from mlsec_lint.report.uri import directory_uri, relative_uri

_ROOT = "%SRCROOT%"

_FINGERPRINT = "mlsec-lint/v1"
"""The key says how the fingerprint is made: another way of making it needs another number."""

_SNIPPET_LIMIT = 4000
"""Code points up to which a snippet is written: the text of a region is all of it or nothing."""


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
        original_uri_base_ids={_ROOT: _root(request.result.root)},
        column_kind="unicodeCodePoints",
        results=tuple(
            _result(finding, index[finding.rule.slug], request.sources) for finding in request.result.findings
        ),
        properties=RunProperties(valid(request.profile)),
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
        message=Message(_message(finding)),
        locations=(_location(finding, sources),),
        partial_fingerprints={_FINGERPRINT: fingerprint(finding)},
        properties=ResultProperties(
            code=valid(finding.rule.code),
            family=valid(finding.rule.family),
            severity=finding.severity.label,
            confidence=finding.confidence.label,
            reasons=tuple(valid(reason) for reason in finding.reasons),
            arguments=tuple(Argument(valid(a.name), valid(a.text), valid(a.value)) for a in finding.arguments),
            cell=finding.location.cell,
        ),
    )


def _message(finding: domain.Finding) -> str:
    """The message; in a notebook with the place in words, since a viewer counts the lines of the notebook's JSON."""
    text = _plain(finding.message)
    place = finding.location
    return text if place.cell is None else f"{text} (notebook cell {place.cell}, line {place.line})"


def _plain(message: str) -> str:
    """``message`` without what SARIF reads as an embedded link.

    Code quoted in a message (``LOADERS[name](path)``) would be shown as a link to ``path``, and a hostile repository
    could place links of its choice. Braces stay as they are: the standard doubles them for the sake of placeholders,
    which need arguments and are not used here, and viewers show doubled ones doubled.
    """
    return valid(message).replace("](", "] (")


def _location(finding: domain.Finding, sources: SourceText) -> Location:
    place = finding.location
    region = Region(place.line, place.column, place.end_line, place.end_column, _snippet(finding, sources))
    logical: list[LogicalLocation] = []
    if finding.definition:
        definition = valid(finding.definition)
        logical.append(LogicalLocation(definition.rpartition(".")[2] or definition, definition))
    if place.cell is not None:
        logical.append(LogicalLocation(f"cell {place.cell}"))
    return Location(PhysicalLocation(_artifact(place.path), region), tuple(logical))


def _snippet(finding: domain.Finding, sources: SourceText) -> ArtifactContent | None:
    """The text of the region: from the finding, else from the source where the region is within one line."""
    place, text = finding.location, finding.code
    if not text and place.line == place.end_line:
        text = sources.line(place.path, place.line, place.cell)[place.column - 1 : place.end_column - 1]
    return ArtifactContent(valid(text)) if 0 < len(text) <= _SNIPPET_LIMIT else None


def _artifact(path: str) -> ArtifactLocation:
    return ArtifactLocation(uri=relative_uri(path), uri_base_id=_ROOT)


def _invocation(problems: tuple[domain.Problem, ...]) -> Invocation:
    return Invocation(
        execution_successful=not any(problem.fatal for problem in problems),
        tool_execution_notifications=tuple(_notification(problem) for problem in problems),
    )


def _notification(problem: domain.Problem) -> Notification:
    region = Region(problem.line) if problem.line is not None else None
    locations = (Location(PhysicalLocation(_artifact(problem.path), region)),) if problem.path else ()
    return Notification("error" if problem.fatal else "warning", Message(_plain(problem.message)), locations)
