"""Records written as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import msgspec


def encode(document: msgspec.Struct | Mapping[str, Sequence[str]]) -> str:
    """``document`` as indented JSON in pure ASCII.

    ASCII, because a report is also printed to terminals and piped through tools with another encoding: escapes keep
    control and bidirectional characters of the scanned source harmless everywhere.
    """
    return json.dumps(msgspec.to_builtins(document), indent=2, ensure_ascii=True, allow_nan=False) + "\n"
