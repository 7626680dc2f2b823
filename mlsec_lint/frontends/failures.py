"""Errors as people meet them: one sentence, an exit code, and a traceback only for those who ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import click

from mlsec_lint.domain.errors import MlsecError
from mlsec_lint.report.escape import cropped, one_line

ERROR: Final = 2
"""Something was not done: a mistake in the request, the configuration, the catalogue, or the program."""

INTERRUPTED: Final = 130
"""What shells report for a process that was ended by Ctrl-C (128 + SIGINT)."""

PIPE_CLOSED: Final = 141
"""What shells report for a process whose reader went away (128 + SIGPIPE)."""

_ISSUES: Final = "https://github.com/mlsec-lint/mlsec-lint/issues"
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """How a run ends that could not be completed; no ``message`` means that nobody is left to read one."""

    code: int
    message: str = ""


def failure_of(error: BaseException) -> Failure:
    """The sentence and the exit code for ``error``.

    What an error quotes may come from a scanned file, so it is escaped like everything that is shown.
    """
    if isinstance(error, BrokenPipeError):
        return Failure(PIPE_CLOSED)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return Failure(INTERRUPTED, "mlsec-lint: interrupted")
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx is not None else "mlsec-lint"
        return _error(f"{error.format_message().rstrip('.')} (see `{command} --help`)")
    if isinstance(error, click.ClickException):
        return _error(error.format_message())
    if isinstance(error, MlsecError):
        return _error(str(error))
    detail = cropped(one_line(str(error)), _LONGEST)
    shown = f"{type(error).__name__}: {detail}" if detail else type(error).__name__
    return _error(
        f"unexpected failure ({shown}); this is a defect of mlsec-lint, please report it at {_ISSUES} "
        "(--debug shows the traceback)"
    )


def _error(sentence: str) -> Failure:
    return Failure(ERROR, f"mlsec-lint: error: {one_line(sentence)}")
