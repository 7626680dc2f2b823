"""The report for people: what, where, why it is believed, and what to do, with the source line underlined."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from rich.console import Console
from rich.text import Text

from mlsec_lint.domain.finding import Argument, Finding, Problem
from mlsec_lint.domain.levels import Severity
from mlsec_lint.report.escape import cropped, one_line
from mlsec_lint.report.excerpt import excerpt
from mlsec_lint.report.flow_text import flow_lines
from mlsec_lint.report.place import finding_place, problem_place
from mlsec_lint.report.request import ReportRequest, SourceText
from mlsec_lint.report.summary import summary_line

_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "blue",
}

_ARGUMENT_LIMIT = 80
"""Code points shown of an argument's text and of its value: a literal can be as long as a file."""


def render(request: ReportRequest) -> str:
    """Findings and problems, a blank line between them, and a summary; coloured if asked, never by the environment."""
    buffer = StringIO()
    console = Console(
        file=buffer,
        force_terminal=request.color,
        force_jupyter=False,
        color_system="standard" if request.color else None,
        no_color=not request.color,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for finding in request.result.findings:
        console.print(_finding(finding, request.sources), end="\n\n", soft_wrap=True)
    for problem in request.result.problems:
        console.print(_problem(problem), soft_wrap=True)
    if request.result.problems:
        console.print()
    console.print(Text(summary_line(request.result), style="bold"), soft_wrap=True)
    return buffer.getvalue()


def _finding(finding: Finding, sources: SourceText) -> Text:
    style = _STYLES[finding.severity]
    header = Text.assemble(
        (finding_place(finding.location), "bold"),
        ": ",
        (f"{one_line(finding.rule.code)} {one_line(finding.rule.slug)}", style),
        f" [{finding.severity.label}, {finding.confidence.label} confidence]",
    )
    flow = flow_lines(finding, sources, style)
    return Text("\n").join([header, *_excerpt(finding, sources, style), _message(finding), *flow, *_details(finding)])


def _excerpt(finding: Finding, sources: SourceText, style: str) -> Iterator[Text]:
    """The first line of the range with carets below it; nothing where the source is not known."""
    location = finding.location
    line = sources.line(location.path, location.line, location.cell)
    if not line.strip():
        return
    shown = excerpt(line, location.column, location.end_column if location.end_line == location.line else None)
    number = f"{location.line:>5}"
    yield Text.assemble((f"{number} | ", "dim"), shown.before, (shown.marked, style), shown.after)
    yield Text.assemble((f"{'':>{len(number)}} | ", "dim"), (shown.underline, style))


def _message(finding: Finding) -> Text:
    return Text(f"  {one_line(finding.message)}")


def _details(finding: Finding) -> Iterator[Text]:
    labelled = (
        ("why", "; ".join(one_line(reason) for reason in finding.reasons)),
        ("fix", one_line(finding.remedy)),
        ("args", ", ".join(_argument(argument) for argument in finding.arguments)),
        ("covers", ", ".join(one_line(slug) for slug in finding.covers)),
        ("risks", ", ".join(one_line(risk.id) for risk in finding.rule.risks)),
        ("see", one_line(finding.rule.url)),
    )
    for label, text in labelled:
        if text:
            yield Text.assemble("  ", (f"{label}:", "dim"), f" {text}")


def _argument(argument: Argument) -> str:
    """``name=text``, and in parentheses what is known of the value where the text does not say it already."""
    text, value = (cropped(one_line(part), _ARGUMENT_LIMIT) for part in (argument.text, argument.value))
    shown = f"{one_line(argument.name)}={text}" if argument.name else text
    return f"{shown} ({value})" if value and value != text else shown


def _problem(problem: Problem) -> Text:
    label, style = ("not scanned", "red") if problem.fatal else ("notice", "yellow")
    return Text.assemble((f"{label}:", style), f" {problem_place(problem)}: {one_line(problem.message)}")
