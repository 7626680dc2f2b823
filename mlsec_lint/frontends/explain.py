"""``mlsec-lint explain``: everything about one rule."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from mlsec_lint.domain.errors import KnowledgeError
from mlsec_lint.frontends.catalogue import rule_called, shipped
from mlsec_lint.frontends.common import CONTEXT, FORMATS_OF_FACTS, debug_option
from mlsec_lint.frontends.flow_facts import flow_facts, flow_lines
from mlsec_lint.frontends.terminal import is_capable

if TYPE_CHECKING:
    from mlsec_lint.domain.rule import Risk, Rule


@click.command(context_settings=CONTEXT, short_help="Explain one rule.")
@click.argument("name", metavar="CODE|SLUG")
@click.option("--format", "format_", type=click.Choice(FORMATS_OF_FACTS), default="text", show_default=True,
              help="Write a page for people, or a document for programs.")  # fmt: skip
@debug_option
def explain(name: str, format_: str) -> None:
    """Explain one rule, named by its code or slug: what it finds, why that matters, and what to do instead."""
    knowledge = shipped()
    rule = rule_called(name, knowledge.rules)
    flow = flow_facts(rule.flow, knowledge) if rule.flow is not None else None
    page = _page(rule)
    if format_ == "json":
        from mlsec_lint.frontends.documents import RulePage
        from mlsec_lint.report.encode import encode

        click.echo(encode(RulePage.about(rule, page, flow)), nl=False)
        return
    joined = ("", *flow_lines(flow, knowledge)) if flow is not None else ()
    facts = "\n".join((*_facts(rule), *joined, *_risks(rule)))
    if is_capable(sys.stdout):
        _show(facts, page)
    else:
        click.echo(f"{facts}\n\n{page}", nl=False)


def _page(rule: Rule) -> str:
    """The rule's page in Markdown. Raises ``KnowledgeError`` if it cannot be read."""
    from mlsec_lint.knowledge.catalogue import rules_directory

    path = rules_directory() / rule.slug / "README.md"
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{rule.slug}/README.md", "", f"the page of the rule cannot be read ({error})") from error


def _facts(rule: Rule) -> Iterator[str]:
    yield f"{rule.code} {rule.slug}: {rule.title}"
    yield ""
    yield rule.summary
    yield ""
    yield f"severity: {rule.severity.label}" + (", raised or lowered by the origin of the data" if rule.graded else "")
    yield f"profile:  {rule.profile}"
    yield f"family:   {rule.family}"
    yield f"since:    {rule.since}"
    yield f"page:     {rule.url}"


def _risks(rule: Rule) -> Iterator[str]:
    by_catalogue: dict[str, list[Risk]] = {}
    for risk in rule.risks:
        by_catalogue.setdefault(risk.catalogue, []).append(risk)
    for catalogue, risks in by_catalogue.items():
        yield ""
        yield f"{catalogue}:"
        for risk in risks:
            yield f"  {risk.id} {risk.title}"
            yield f"    {risk.url}"


def _show(facts: str, page: str) -> None:
    """Facts as they are, and the page laid out for the terminal."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(highlight=False, markup=False, emoji=False)
    console.print(facts, soft_wrap=True)
    console.print()
    console.print(Markdown(page))
