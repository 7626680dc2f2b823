"""The options of commands that scan. Those that decide what is scanned are named as the fields of ``CheckOptions``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from mlsec_lint.domain.levels import Severity
from mlsec_lint.domain.rule import PROFILES
from mlsec_lint.domain.threats import THREAT_MODELS
from mlsec_lint.frontends.outputs import OutputType
from mlsec_lint.frontends.terminal import COLORS
from mlsec_lint.report import FORMATS

F = TypeVar("F", bound=Callable[..., Any])

_Option = Callable[[Any], Any]

_LEVELS: Final = (*(level.label for level in Severity), "never")

_JUDGING: Final[tuple[_Option, ...]] = (
    click.option(
        "--select",
        multiple=True,
        metavar="RULES",
        help="Report only these rules: codes, slugs, or prefixes such as MLS1, separated by commas. Can be repeated.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        metavar="RULES",
        help="Do not report these rules. The more specific of --select and --ignore wins. Can be repeated.",
    ),
    click.option(
        "--profile",
        type=click.Choice(PROFILES),
        help="Report what a maintainer would act on (default), or all that is worth an auditor's look.",
    ),
    click.option(
        "--threat-model",
        type=click.Choice(THREAT_MODELS),
        help="Whom to take for an attacker: who sends requests, who also calls its functions, or who made the files "
        "that a person runs it on.  [default: judged from the project]",
    ),
)

_READING: Final[tuple[_Option, ...]] = (
    click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Read the settings from this file instead of searching for one.",
    ),
    click.option(
        "--isolated",
        is_flag=True,
        help="Take no settings from the scanned project: neither a configuration nor .gitignore files.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="PATTERN",
        help="Leave out what matches, as in .gitignore, in place of the default excludes. Can be repeated.",
    ),
    click.option(
        "--extend-exclude",
        multiple=True,
        metavar="PATTERN",
        help="Leave out what matches as well. Can be repeated.",
    ),
    click.option("--no-gitignore", is_flag=True, help="Scan what .gitignore files leave out."),
    click.option(
        "--models",
        multiple=True,
        metavar="FILE",
        help="Add knowledge about a library, in the format of rules/_models. Can be repeated.",
    ),
    click.option("--max-file-size", type=int, metavar="BYTES", help="Do not scan larger files.  [default: 10485760]"),
    click.option("--jobs", type=int, metavar="N", help="Processes a run may use; so far every run uses one."),
    click.option(
        "--no-cache",
        is_flag=True,
        expose_value=False,
        help="Accepted for scripts; nothing about scanned code is kept between runs.",
    ),
    click.option(
        "--stdin-filename",
        metavar="NAME",
        help="The name, relative to the current folder, of the source that a path of - reads from standard input.",
    ),
    click.option("--everything", is_flag=True, hidden=True, help="Evaluate every file, whatever the first scan says."),
)

_FAIL_ON: Final[_Option] = click.option(
    "--fail-on",
    type=click.Choice(_LEVELS),
    help="End with code 1 if a finding is at least this severe.  [default: low]",
)

_REPORTING: Final[tuple[_Option, ...]] = (
    click.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS),
        help="Write this report to standard output.  [default: text]",
    ),
    click.option(
        "--output",
        "outputs",
        type=OutputType(),
        multiple=True,
        metavar="FORMAT:FILE",
        help="Write a report to a file, or to standard output (-). Can be repeated. "
        "Without --format, no other report is written.",
    ),
    click.option(
        "--color",
        type=click.Choice(COLORS),
        default=COLORS[0],
        show_default=True,
        help="Colour standard output; auto does so on a terminal, unless NO_COLOR is set.",
    ),
    click.option("--no-progress", is_flag=True, help="Show no progress bar."),
    click.option(
        "--quiet",
        "-q",
        is_flag=True,
        help="Leave out the progress bar, and the notices and the summary on standard error.",
    ),
    click.option(
        "--statistics",
        is_flag=True,
        help="Tell on standard error how much was scanned, and how much of it was evaluated.",
    ),
)


def check_options(command: F) -> F:
    """All options of ``check``."""
    return _with((*_REPORTING, *_JUDGING, _FAIL_ON, *_READING), command)


def scanning_options(command: F) -> F:
    """The options that decide what is scanned and what is found in it, for every command that scans."""
    return _with((*_JUDGING, *_READING), command)


def _with(options: Iterable[_Option], command: F) -> F:
    for option in reversed(tuple(options)):
        command = option(command)
    return command
