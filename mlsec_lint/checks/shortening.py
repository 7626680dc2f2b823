"""Code and values, short enough for a sentence."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 60


def short(text: str) -> str:
    """``text`` of at most 60 characters, the last ones dots where something was cut."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
