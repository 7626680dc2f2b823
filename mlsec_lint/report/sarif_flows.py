"""The flow of a finding as SARIF shows it: a path that viewers walk, and the source as a place beside the result."""

from __future__ import annotations

from mlsec_lint.domain.finding import Finding, Step
from mlsec_lint.report.request import SourceText
from mlsec_lint.report.sarif_document import CodeFlow, Location, Message, ThreadFlow, ThreadFlowLocation
from mlsec_lint.report.sarif_places import in_words, location, plain, text_at

_KINDS = {"source": ("taint", "source"), "sink": ("taint", "sink")}
"""Words for a step: ``taint`` is the standard's, the ends have none there."""


def code_flows(finding: Finding, sources: SourceText) -> tuple[CodeFlow, ...]:
    """The flow as the only path of the only thread; nothing for a finding without one."""
    flow = finding.flow
    if flow is None or not flow.steps:
        return ()
    steps = tuple(_step(step, number, sources) for number, step in enumerate(flow.steps, 1))
    return (CodeFlow((ThreadFlow(steps),), Message(plain(f"Data of origin {flow.origin} gets here"))),)


def related_locations(finding: Finding, sources: SourceText) -> tuple[Location, ...]:
    """Where the data comes from, for viewers that show no paths."""
    if finding.flow is None or not finding.flow.steps:
        return ()
    first = finding.flow.steps[0]
    return (_place(first, sources, f"Data of origin {finding.flow.origin}: {first.text}", number=1),)


def _step(step: Step, number: int, sources: SourceText) -> ThreadFlowLocation:
    return ThreadFlowLocation(
        location=_place(step, sources, step.text),
        kinds=_KINDS.get(step.role, ("taint",)),
        execution_order=number,
        importance="essential" if step.role in _KINDS else "important",
    )


def _place(step: Step, sources: SourceText, text: str, number: int | None = None) -> Location:
    snippet = text_at(step.location, sources)
    return location(step.location, step.definition, snippet, message=in_words(text, step.location), number=number)
