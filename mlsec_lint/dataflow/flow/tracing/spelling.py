"""How the code spells what a step is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.tracing.operands import span_of
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.code import Code

_LONGEST_LINE: Final = 160
_LONGEST_NAME: Final = 60
_NAME: Final = re.compile(r"[A-Za-z_][\w.]*")


def written(code: Code, span: tuple[int, int]) -> str:
    """The text of a span, on one line."""
    return " ".join(code.module.data[span[0] : span[1]].decode("utf-8", "replace").split())


def statement(code: Code, span: tuple[int, int]) -> tuple[int, int]:
    """The line around a target of an assignment, which shows what is assigned; the target itself on a long line."""
    data = code.module.data
    start = data.rfind(b"\n", 0, span[0]) + 1
    end = data.find(b"\n", span[1])
    end = len(data) if end < 0 else end
    line = data[start:end]
    if end - start > _LONGEST_LINE or line.count(b")") > line.count(b"("):
        return span
    comment = line.find(b"  #", span[1] - start)
    text = (line[:comment] if comment >= 0 else line).rstrip()
    return (start + len(line) - len(line.lstrip()), start + len(text))


def head_end(code: Code) -> int:
    """Where the head of a function ends: comments before its first statement are no part of it."""
    start, data = code.body.at, code.module.data
    lines = data[start : max(code.body.inside, start + 1)].split(b"\n")
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith(b"#")):
        lines.pop()
    return start + len(b"\n".join(lines).rstrip())


def call_name(code: Code, span: tuple[int, int]) -> str:
    """The dotted name that a call is written with; none for other expressions."""
    text = code.module.data[span[0] : min(span[1], span[0] + _LONGEST_NAME)].decode("utf-8", "replace")
    found = _NAME.match(text)
    return found[0] if found is not None and text[found.end() :].startswith("(") else ""


def prefix(code: Code, op: ir.Op) -> str:
    """What a method is called on, or whose item is set, if that is a plain dotted name."""
    if not isinstance(op, (ir.Method, ir.SetItem)):
        return ""
    at, end = span_of(op)
    text = code.module.data[at : min(end, at + _LONGEST_NAME)].decode("utf-8", "replace")
    found = _NAME.match(text)
    if found is None:
        return ""
    if isinstance(op, ir.SetItem):
        return found[0] if text[found.end() : found.end() + 1] == "[" else ""
    name, _, method = found[0].rpartition(".")
    return name if method == op.name and text[found.end() :].lstrip().startswith("(") else ""
