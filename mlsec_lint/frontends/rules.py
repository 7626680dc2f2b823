"""``mlsec-lint rules``: the catalogue at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from mlsec_lint.frontends.catalogue import shipped
from mlsec_lint.frontends.common import CONTEXT, FORMATS_OF_FACTS, debug_option

if TYPE_CHECKING:
    from mlsec_lint.domain.rule import Rule

_HEADER = ("code", "slug", "severity", "profile", "title")


@click.command(context_settings=CONTEXT, short_help="List all rules.")
@click.option("--format", "format_", type=click.Choice(FORMATS_OF_FACTS), default="text", show_default=True,
              help="Write a table for people, or a document for programs.")  # fmt: skip
@debug_option
def rules(format_: str) -> None:
    """List all rules with their code, slug, severity, profile and title."""
    found = shipped().rules
    if format_ == "text":
        click.echo("\n".join(_table(found)))
        return
    from mlsec_lint.frontends.documents import RuleEntry, RuleList
    from mlsec_lint.report.encode import encode

    click.echo(encode(RuleList(tuple(RuleEntry.of(rule) for rule in found))), nl=False)


def _table(found: Sequence[Rule]) -> Iterator[str]:
    """Columns as wide as their widest entry; the last one needs no padding."""
    rows = [_HEADER, *((rule.code, rule.slug, rule.severity.label, rule.profile, rule.title) for rule in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER) - 1)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        yield "  ".join((*cells, row[-1]))
