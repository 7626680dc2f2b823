"""What all commands share: help on ``-h``, and ``--debug``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click

CONTEXT: Final[dict[str, Any]] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""Settings of every command. The width is that of ``docs/cli.md``."""

FORMATS_OF_FACTS: Final = ("text", "json")
"""The formats of commands that tell about rules."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Diagnostics:
    """What the process as a whole was asked for; lives as long as the context of the command line."""

    traceback: bool = False


def debug_option(command: F) -> F:
    """``--debug``: show the traceback of an error."""

    def enable(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001 - click's call
        if value:
            context.ensure_object(Diagnostics).traceback = True

    option = click.option(
        "--debug", is_flag=True, expose_value=False, callback=enable, help="Show the traceback of an error."
    )
    return option(command)
