"""``mlsec-lint check``: scan paths, write reports, and tell the outcome by the exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from mlsec_lint.frontends.collector import collector_paused
from mlsec_lint.frontends.common import CONTEXT, debug_option
from mlsec_lint.frontends.failures import ERROR
from mlsec_lint.frontends.options import check_options
from mlsec_lint.frontends.outputs import Output, account, chosen_outputs, write_reports
from mlsec_lint.frontends.progress import progress_on
from mlsec_lint.frontends.settings import CheckOptions
from mlsec_lint.frontends.terminal import wants_color

if TYPE_CHECKING:
    from mlsec_lint.domain.finding import ScanResult
    from mlsec_lint.domain.levels import Severity

FINDINGS = 1
"""The exit code of a complete run that found something at or above ``--fail-on``."""


@click.command(context_settings=CONTEXT, short_help="Scan files and folders for security defects.")
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@check_options
@debug_option
@click.pass_context
def check(
    context: click.Context,
    format_: str | None,
    outputs: tuple[Output, ...],
    color: str,
    no_progress: bool,
    quiet: bool,
    statistics: bool,
    **scanning: Any,  # noqa: ANN401 - the fields of CheckOptions, which states their types
) -> None:
    """Scan files and folders, by default the current one, and report what is unsafe in them.

    A path of - reads one source from standard input.

    The exit code is 0 if nothing was found at or above --fail-on, 1 if something was, and 2 if something could not be
    done: a wrong option or setting, or a part of the project that could not be scanned.
    """
    chosen = chosen_outputs(format_, outputs)
    with collector_paused():
        request = CheckOptions(**scanning).request()
        from mlsec_lint.engine.run import run

        with progress_on(sys.stderr, wanted=not (quiet or no_progress)) as progress:
            done = run(request, progress)
        write_reports(done, chosen, color=wants_color(color, sys.stdout), profile=request.config.profile)
    if not quiet and not any(output.told for output in chosen):
        click.echo(account(done), nl=False, err=True)
    if statistics:
        from mlsec_lint.report.statistics import statistics_text

        click.echo(statistics_text(done.result.statistics), err=True)
    context.exit(exit_code(done.result, request.config.fail_on))


def exit_code(result: ScanResult, fail_on: Severity | None) -> int:
    """What the run as a whole comes to. A part that was not scanned outweighs any number of findings."""
    if any(problem.fatal for problem in result.problems):
        return ERROR
    failed = fail_on is not None and any(finding.severity >= fail_on for finding in result.findings)
    return FINDINGS if failed else 0
