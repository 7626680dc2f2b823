"""The command ``mlsec-lint``: its subcommands, and what becomes of their errors."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Sequence

import click

from mlsec_lint.frontends.check import check
from mlsec_lint.frontends.common import CONTEXT, Diagnostics, debug_option
from mlsec_lint.frontends.explain import explain
from mlsec_lint.frontends.failures import PIPE_CLOSED, failure_of
from mlsec_lint.frontends.graph import graph
from mlsec_lint.frontends.main import VERSION_LINE
from mlsec_lint.frontends.new import new
from mlsec_lint.frontends.rules import rules


def _show_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001 - click's call
    if value:
        click.echo(VERSION_LINE)
        context.exit()


@click.group(context_settings=CONTEXT, invoke_without_command=True)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@debug_option
@click.pass_context
def command_line(context: click.Context) -> None:
    """Find security defects in machine-learning code without importing or running it."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(2)


for _command in (check, graph, explain, rules, new):
    command_line.add_command(_command)


def run_command_line(arguments: Sequence[str]) -> int:
    """Run one command line; every error becomes a sentence on standard error and the exit code that is returned.

    Not click's own ``main``, which ends a process whose reader went away with code 1: here that means findings.
    """
    _tolerate_narrow_encodings()
    diagnostics = Diagnostics()
    try:
        with command_line.make_context("mlsec-lint", list(arguments), obj=diagnostics) as context:
            command_line.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as request:
        return _flushed(request.exit_code)
    except BaseException as error:  # noqa: BLE001 - the one place where every error ends
        if diagnostics.traceback:
            traceback.print_exc()
        failure = failure_of(error)
        if failure.code == PIPE_CLOSED:
            _discard_output()
        if failure.message:
            click.echo(failure.message, err=True)
        return failure.code
    return 0


def _flushed(code: int) -> int:
    """``code``, once everything is written: a reader that goes away is noticed only here if the output is short."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return PIPE_CLOSED
    return code


def _tolerate_narrow_encodings() -> None:
    """A terminal that cannot show a character of a report shows its escape instead of ending the run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Nobody reads standard output any more; what is buffered must not raise again when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.close(devnull)
