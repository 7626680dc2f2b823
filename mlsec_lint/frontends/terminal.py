"""What the terminal at the other end can show, and whether there is one."""

from __future__ import annotations

import os
from typing import Final, TextIO

COLORS: Final = ("auto", "always", "never")


def wants_color(choice: str, stream: TextIO) -> bool:
    """Whether to colour what goes to ``stream``; ``auto`` follows the terminal and ``NO_COLOR`` (no-color.org)."""
    if choice != COLORS[0]:
        return choice == COLORS[1]
    return not os.environ.get("NO_COLOR") and is_capable(stream)


def is_capable(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal that understands more than plain text."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"
