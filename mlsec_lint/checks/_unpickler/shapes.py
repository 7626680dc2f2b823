"""Small questions about expressions and values that the path analysis asks."""

from __future__ import annotations

import libcst as cst

from mlsec_lint.checks._unpickler.literals import contents, row
from mlsec_lint.checks._unpickler.values import MODULE, NAME, OPAQUE, Known, Pair, Text, Unknown, Value, origin_of
from mlsec_lint.checks.shortening import short


def parts_of(args: list[Value]) -> tuple[Value, Value]:
    """Module and name among the arguments of a call."""
    for arg in args:
        if isinstance(arg, Pair):
            return arg.module, arg.name
    modules = [arg for arg in args if MODULE in origin_of(arg)]
    names = [arg for arg in args if NAME in origin_of(arg)]
    return (modules or names)[0], (names or modules)[-1]


def names_in(node: cst.CSTNode) -> list[str]:
    """All names in an expression, attributes included: they may be read too often, never too seldom."""
    found: list[str] = []
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, cst.Name):
            found.append(here.value)
        stack.extend([here.value] if isinstance(here, cst.Attribute) else here.children)
    return found


def snippet(node: cst.CSTNode) -> str:
    """An expression on one line, short enough for a sentence."""
    return short(" ".join(cst.Module([]).code_for_node(node).split()))


def elements(value: Value) -> Value:
    """What a loop over the value binds its variable to."""
    if isinstance(value, Known):
        if not isinstance(value.content, str):
            return Known(contents(value.content), value.text, member=True)
        return value
    if isinstance(value, Unknown):
        return Unknown(f"an item of {value.text}")
    return value


def unpacked(value: Value, count: int) -> list[Value]:
    """What each of ``count`` targets gets; module and name for a pair, columns for one of several known tuples."""
    if isinstance(value, Pair) and count == 2 and not value.separator:
        return [value.module, value.name]
    if isinstance(value, Known) and (cells := row(value.content)) is not None:
        if not value.member:
            return [Known(_cell(cells, n, count), value.text) for n in range(count)]
        return [Known(tuple(_cell(row(item), n, count) for item in cells), value.text, True) for n in range(count)]
    if isinstance(value, Text) and count == 2:
        return [Text(value.origin, f"{value.key} [{n}]") for n in range(count)]
    return [value if origin_of(value) else Unknown("a part") for _ in range(count)]


def _cell(cells: tuple[object, ...] | None, n: int, count: int) -> object:
    return cells[n] if cells is not None and len(cells) == count else OPAQUE
