"""Literals of Python source as constants, without evaluating anything else."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from mlsec_lint.source.syntax import text

if TYPE_CHECKING:
    from tree_sitter import Node

    from mlsec_lint.source.ir import Constant

LONGEST: Final = 2_000
"""Longer string and number literals are not evaluated: no key, flag, path or URL is that long."""


class Unknown:
    """The answer for a literal that is too long or malformed."""


UNKNOWN: Final = Unknown()


def string_constant(node: Node) -> Constant | Unknown:
    """The value of a ``string`` node without interpolations."""
    if node.end_byte - node.start_byte > LONGEST:
        return UNKNOWN
    source = text(node)
    quote = min((i for i in (source.find("'"), source.find('"')) if i >= 0), default=-1)
    prefix = source[:quote].lower() if quote > 0 else ""
    if "\\" not in source and not prefix.strip("r"):
        width = 3 if source[quote : quote + 3] in ('"""', "'''") else 1
        return source[quote + width : len(source) - width]
    return _evaluated(source)


def number_constant(node: Node) -> Constant | Unknown:
    """The value of an ``integer`` or ``float`` node."""
    if node.end_byte - node.start_byte > 40:
        return UNKNOWN
    return _evaluated(text(node))


def _evaluated(source: str) -> Constant | Unknown:
    try:
        value: object = ast.literal_eval(source)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return UNKNOWN
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return value
    return UNKNOWN
