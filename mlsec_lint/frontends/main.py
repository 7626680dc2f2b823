"""The entry point of the script, with a fast path for what needs no command line library."""

from __future__ import annotations

import sys

from mlsec_lint import __version__

VERSION_LINE = f"mlsec-lint {__version__}"


def main() -> int:
    """Run the command line of this process; returns its exit code.

    Editors and hooks ask for the version on every start, so that question is answered before anything is imported.
    """
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(VERSION_LINE + "\n")
        return 0
    from mlsec_lint.frontends.cli import run_command_line

    return run_command_line(arguments)
