"""The concrete syntax of one definition, as libcst sees it.

libcst is exact and slow, so it gets single definitions, cut out by whole lines: an indented one is put under ``if 1:``
instead of being dedented, because dedenting breaks on multi-line strings and CRLF, and alters strings where it works.
Walks go over the fields that hold syntax; visitors, matchers and ``.children`` cost 20 to 30 times more.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from mlsec_lint.source.nesting import MAX_DEPTH, bracket_problem, nesting_depth

if TYPE_CHECKING:
    import libcst
    from libcst.metadata import CodeRange
    from tree_sitter import Node, Tree

__all__ = ["Body", "BodyRefused", "call_spans", "nesting_depth", "parse_body", "run_with_stack"]

T = TypeVar("T")

MAX_BYTES: Final = 400_000
MAX_LINES: Final = 8_000
"""Larger definitions are refused; libcst needs 6 s for a list of 200,000 numbers."""
SHALLOW_DEPTH: Final = 30
"""Up to here the smallest stack that a platform gives to a thread (512 KiB) is enough; it fails from 50 to 100."""
STACK_BYTES: Final = 16 * 1024 * 1024
"""Stack for deeper source: ten times what ``MAX_DEPTH`` levels need."""
_STACK_SIZE_LOCK: Final = threading.Lock()
"""``threading.stack_size`` belongs to the whole interpreter: set, start and restore must not interleave."""

# fmt: off
_NOT_SYNTAX: Final = frozenset(
    {
        "asynchronous", "colon", "comma", "conversion", "dot", "encoding", "end", "equal", "footer", "header",
        "indent", "lbrace", "lbracket", "leading_lines", "leading_whitespace", "lines_after_decorators", "lpar",
        "newline", "operator", "posonly_ind", "rbrace", "rbracket", "relative", "rpar", "semicolon", "separator",
        "star", "start", "trailing_comma", "trailing_whitespace",
    }
)
# fmt: on
"""Fields of libcst's nodes that hold tokens and layout; so do all that start with ``whitespace``."""
_SOURCE_ORDER: Final = {
    "FunctionDef": ("decorators", "name", "type_parameters", "params", "returns", "body"),
    "ClassDef": ("decorators", "name", "type_parameters", "bases", "keywords", "body"),
    "Parameters": ("posonly_params", "params", "star_arg", "kwonly_params", "star_kwarg"),
    "IfExp": ("body", "test", "orelse"),
    "ExceptHandler": ("type", "name", "body"),
    "ExceptStarHandler": ("type", "name", "body"),
    "MatchCase": ("pattern", "guard", "body"),
    "TypeAlias": ("name", "type_parameters", "value"),
    "Arg": ("keyword", "value"),
}
"""Node classes whose fields are declared in another order than they are written in."""


@dataclass(frozen=True, slots=True)
class BodyRefused:
    """A definition that libcst will not be given, or does not accept; ``reason`` is a clause without full stop."""

    reason: str


class Body:
    """A parsed slice of whole lines, ``data[start:end]`` of its file, that holds one definition or statement.

    ``line`` is the number of the slice's first line, from 1.
    """

    def __init__(self, module: libcst.Module, text: str, start: int, end: int, line: int, indented: bool) -> None:
        self.module = module
        self._text = text
        self.start = start
        self.end = end
        self.line = line
        self._indented = indented

    @property
    def statements(self) -> Sequence[libcst.CSTNode]:
        """The statements of the slice, without the line that was put above an indented one."""
        import libcst

        first = self.module.body[0] if self._indented else None
        return first.body.body if isinstance(first, libcst.If) else self.module.body

    def class_def(self) -> libcst.ClassDef | None:
        """The class that the slice defines, if it is one."""
        import libcst

        return next((s for s in self.statements if isinstance(s, libcst.ClassDef)), None)

    def function_def(self) -> libcst.FunctionDef | None:
        """The function that the slice defines, if it is one."""
        import libcst

        return next((s for s in self.statements if isinstance(s, libcst.FunctionDef)), None)

    def walk(self, node: libcst.CSTNode | None = None) -> Iterator[libcst.CSTNode]:
        """``node`` (the whole slice without one) and all syntax below it, parents first, in the order of the text."""
        import libcst

        stack: list[object] = [node] if node is not None else list(reversed(self.statements))
        while stack:
            here = stack.pop()
            if not isinstance(here, libcst.CSTNode):
                continue
            yield here
            for name in _backward_fields(type(here)):
                value: object = getattr(here, name)
                if isinstance(value, (tuple, list)):
                    stack.extend(reversed(value))  # pyright: ignore[reportUnknownArgumentType]
                elif value is not None:
                    stack.append(value)

    def calls(self) -> list[libcst.Call]:
        """All calls of the slice: the k-th is the k-th ``call`` that ``call_spans`` finds in ``start`` to ``end``."""
        import libcst

        return [node for node in self.walk() if isinstance(node, libcst.Call)]

    def code(self, node: libcst.CSTNode) -> str:
        """The source text of a node, without parentheses around it; ``...`` if it is too deep to print."""
        try:
            text = self.module.code_for_node(_bare(node))
        except RecursionError:
            return "..."
        found = self._ranges.get(node) if "\n" in text else None
        if found is None:
            return text
        # A node alone does not know its block's indentation, which its continuation lines lack in that text.
        lines = self._text.split("\n")[found.start.line - 1 : found.end.line]
        lines[-1] = lines[-1][: found.end.column]
        lines[0] = lines[0][found.start.column :]
        return "\n".join(lines)

    def position(self, node: libcst.CSTNode) -> tuple[int, int] | None:
        """Line in the file and column, both from 1, of a node of this slice; ``None`` if it cannot be told.

        Costs a pass over the whole slice, so it is for findings; calls have their place by ordinal, for nothing. In the
        first line, columns count from the start of the slice, which is the start of the line but for a form feed.
        """
        found = self._ranges.get(node)
        if found is None:
            return None
        return found.start.line + self.line - 1 - self._indented, found.start.column + 1

    @cached_property
    def _ranges(self) -> Mapping[libcst.CSTNode, CodeRange]:
        from libcst.metadata import MetadataWrapper, PositionProvider

        try:
            return MetadataWrapper(self.module, unsafe_skip_copy=True).resolve(PositionProvider)
        except RecursionError:
            return {}


def _bare(node: libcst.CSTNode) -> libcst.CSTNode:
    return node.with_changes(lpar=(), rpar=()) if getattr(node, "lpar", None) and hasattr(node, "rpar") else node


@lru_cache(maxsize=512)
def _backward_fields(kind: type[libcst.CSTNode]) -> tuple[str, ...]:
    """The fields of a node class that hold syntax, last in the text first, as a stack wants them."""
    order = _SOURCE_ORDER.get(kind.__name__)
    if order is None:
        names: Sequence[str] = tuple(kind.__dataclass_fields__)
        order = tuple(n for n in names if n not in _NOT_SYNTAX and not n.startswith("whitespace"))
    return order[::-1]


def parse_body(data: bytes, start: int, end: int, depth: int) -> Body | BodyRefused:
    """Parse the whole lines that hold ``data[start:end]``, the span of one definition from its first decorator.

    ``data`` is normalised UTF-8 and ``depth`` its ``nesting_depth`` in that span: libcst ends the process on a deep
    text, so nothing gets there unmeasured. Never raises for what the text says.
    """
    line_start = data.rfind(b"\n", 0, start) + 1
    begin = max(line_start, data.rfind(b"\f", line_start, start) + 1)
    line_end = data.find(b"\n", max(end - 1, begin))
    finish = len(data) if line_end < 0 else line_end + 1
    piece = data[begin:finish]
    problem = _problem(piece, depth)
    if problem is not None:
        return BodyRefused(problem)
    indented = piece[:1] in (b" ", b"\t")
    text = ("if 1:\n" if indented else "") + piece.decode("utf-8", "replace")
    parsed = run_with_stack(lambda: _parse(text), depth)
    if isinstance(parsed, BodyRefused):
        return parsed
    return Body(parsed, text, begin, finish, data.count(b"\n", 0, begin) + 1, indented)


def _problem(piece: bytes, depth: int) -> str | None:
    if depth > MAX_DEPTH:
        return f"it nests {depth} levels deep, more than {MAX_DEPTH}"
    if len(piece) > MAX_BYTES:
        return f"it is {len(piece):,} bytes long, more than {MAX_BYTES:,}"
    lines = piece.count(b"\n")
    if lines > MAX_LINES:
        return f"it is {lines:,} lines long, more than {MAX_LINES:,}"
    return bracket_problem(piece)


def _parse(text: str) -> libcst.Module | BodyRefused:
    import libcst

    try:
        return libcst.parse_module(text)
    except libcst.ParserSyntaxError as error:
        return BodyRefused(f"it is not Python 3 that libcst accepts ({str(error.message).splitlines()[0]})")
    except (RecursionError, libcst.CSTValidationError, UnicodeError):
        return BodyRefused("libcst cannot represent it")


def run_with_stack(function: Callable[[], T], depth: int) -> T:
    """The result of ``function()``, run on a thread with a large stack if source of this ``depth`` needs one.

    Exceptions come out as if it had been called directly.
    """
    if depth <= SHALLOW_DEPTH:
        return function()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
            errors.append(error)

    with _STACK_SIZE_LOCK:
        before = threading.stack_size(STACK_BYTES)
        try:
            thread = threading.Thread(target=run, name="deep-syntax", daemon=True)
            thread.start()
        finally:
            threading.stack_size(before)
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def call_spans(tree_or_node: Tree | Node, start: int = 0, end: int = sys.maxsize) -> list[tuple[int, int]]:
    """The byte spans of the ``call`` nodes within ``start`` to ``end``, parents first, in the order of the text."""
    spans: list[tuple[int, int]] = []
    cursor = tree_or_node.walk()
    while True:
        node = cursor.node
        inside = node is not None and node.start_byte < end and node.end_byte > start
        if node is not None and inside and node.type == "call" and start <= node.start_byte and node.end_byte <= end:
            spans.append((node.start_byte, node.end_byte))
        if inside and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return spans
