"""``mlsec-lint new``: the skeleton of a rule, so that nobody starts from a copy of another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from mlsec_lint.domain.errors import UsageError
from mlsec_lint.frontends.common import CONTEXT, debug_option


@click.command(context_settings=CONTEXT, short_help="Make the files of a new rule.")
@click.argument("slug")
@click.option(
    "--block",
    type=click.IntRange(1, 5),
    default=1,
    show_default=True,
    help="The block of codes, MLS1xx to MLS5xx, in which the rule gets the next one.",
)
@click.option("--check", is_flag=True, help="Make the skeleton of a check as well, for what data cannot express.")
@debug_option
def new(slug: str, block: int, check: bool) -> None:
    """Make the files of a new rule in a checkout: its data, its page and a fixture."""
    from mlsec_lint.frontends.scaffold import check_slug, files_of, find_checkout, next_code, write_files
    from mlsec_lint.knowledge.catalogue import load_knowledge

    check_slug(slug)
    checkout = find_checkout(Path.cwd())
    rules = load_knowledge(checkout / "rules").rules
    if any(rule.slug == slug for rule in rules):
        raise UsageError(f"rules/{slug} exists already; nothing was written")
    code = next_code(block, [rule.code for rule in rules])
    files = files_of(slug, code, check=check)
    write_files(checkout, files)
    load_knowledge(checkout / "rules")
    click.echo(f"Made the rule {code} ({slug}):")
    for file in files:
        click.echo(f"  {file.path}")
    click.echo("\nNext steps:")
    for number, step in enumerate(_steps(slug, check=check), 1):
        click.echo(f"  {number}. {step}")


def _steps(slug: str, *, check: bool) -> Iterator[str]:
    yield f"Describe the rule in rules/{slug}/rule.toml: summary, severity, family, message, remedy, risks."
    if check:
        yield f"Write the check in mlsec_lint/checks/{slug.replace('-', '_')}.py, and have the analysis run it."
    else:
        yield (
            f"Name what it finds: a kind in rules/_facts/kinds.toml and in rules/{slug}/rule.toml, and sinks of that "
            "kind in rules/_models (see rules/_models/README.md)."
        )
    yield f"Replace the code in fixtures/{slug}/bad_and_good.py by cases as people write them (fixtures/README.md)."
    yield f"Fill in the page rules/{slug}/README.md."
    yield "Run `make check`."
