"""``setup.py``, read and never run: literal lists passed to ``setup()``, directly or through names and ``+``.

tree-sitter parses it, because it neither fails on Python 2 nor on nesting that is built to exhaust a parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mlsec_lint.source.manifests.names import Scope, group_scope, normalised
from mlsec_lint.source.manifests.statements import Collector
from mlsec_lint.source.syntax import parse, text

if TYPE_CHECKING:
    from tree_sitter import Node

_LARGEST: Final = 1_000_000
_MOST_STEPS: Final = 50_000
_LONGEST_NAME: Final = 100
_TRANSPARENT: Final = frozenset(
    {"list", "tuple", "set", "parenthesized_expression", "list_splat", "conditional_expression"}
)
_COPIES: Final = frozenset({"list", "tuple", "sorted", "set"})


@dataclass(slots=True)
class _Names:
    """What names are bound to, the entries later stored under their keys, and the calls of ``setup()``.

    ``steps`` is how many more nodes may be looked at when names are followed, so that names that lead to each other
    cost no more than a bound.
    """

    values: dict[str, list[Node]] = field(default_factory=dict[str, "list[Node]"])
    entries: dict[str, list[tuple[str, Node]]] = field(default_factory=dict[str, "list[tuple[str, Node]]"])
    calls: list[Node] = field(default_factory=list["Node"])
    steps: int = _MOST_STEPS


def read_setup_py(source: str, out: Collector) -> None:
    """Take ``install_requires``, ``extras_require`` and ``tests_require``. Computed requirements are passed over."""
    if "setup" not in source:
        return
    if len(source) > _LARGEST:
        out.problem("is too large to be a setup script that people write; no version was read from it")
        return
    names = _collect(parse(source.encode("utf-8", "replace")).root_node)
    for call in names.calls:
        for keyword, value in _keywords(call, names):
            if keyword == "install_requires":
                _take(value, names, out, Scope.MAIN)
            elif keyword == "tests_require":
                _take(value, names, out, Scope.DEVELOPMENT)
            elif keyword == "extras_require":
                for extra, listed in _pairs(value, names):
                    _take(listed, names, out, group_scope(extra), f"group {normalised(extra)}")


def _collect(root: Node) -> _Names:
    """One walk over the file with a stack of its own."""
    names = _Names()
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type in ("assignment", "augmented_assignment"):
            _note_assignment(node, names)
        elif node.type == "call" and _is_setup(node):
            names.calls.append(node)
        if node.type != "string":
            pending.extend(reversed(node.named_children))
    return names


def _is_setup(call: Node) -> bool:
    function = call.child_by_field_name("function")
    # The length first: the text of every link of a long chain of calls would cost its square.
    if function is None or function.end_byte - function.start_byte > _LONGEST_NAME:
        return False
    return text(function).rpartition(".")[2] == "setup"


def _note_assignment(node: Node, names: _Names) -> None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return
    if left.type == "identifier":
        names.values.setdefault(text(left), []).append(right)
    elif left.type == "subscript":
        holder, key = left.child_by_field_name("value"), left.child_by_field_name("subscript")
        if holder is not None and key is not None and (word := _string(key)):
            names.entries.setdefault(text(holder), []).append((word, right))


def _keywords(call: Node, names: _Names) -> Iterator[tuple[str, Node]]:
    """Keyword arguments, those of ``**mapping`` included."""
    arguments = call.child_by_field_name("arguments")
    for argument in arguments.named_children if arguments is not None else ():
        if argument.type == "keyword_argument":
            name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
            if value is not None:
                yield text(name), value
        elif argument.type == "dictionary_splat":
            for child in argument.named_children:
                yield from _pairs(child, names)


def _pairs(mapping: Node, names: _Names) -> Iterator[tuple[str, Node]]:
    """String keys and values of a dictionary display, also one behind a name, with what is stored in it later."""
    pending, seen = [mapping], set[str]()
    while pending and names.steps > 0:
        node = pending.pop()
        names.steps -= 1
        if node.type == "dictionary":
            for child in node.named_children:
                names.steps -= 1
                if child.type == "pair":
                    key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                    if key is not None and value is not None and (word := _string(key)):
                        yield word, value
                elif child.type == "dictionary_splat":
                    pending.extend(child.named_children)
        elif node.type == "identifier" and (name := text(node)) not in seen:
            seen.add(name)
            pending.extend(names.values.get(name, ()))
            yield from names.entries.get(name, ())


def _take(value: Node, names: _Names, out: Collector, scope: Scope, condition: str = "") -> None:
    """The strings of a list, of a sum of lists, or of a copy of one; names are looked up once each."""
    pending, seen = [value], set[str]()
    while pending and names.steps > 0:
        node = pending.pop()
        names.steps -= 1
        if node.type in ("string", "concatenated_string"):
            for line, requirement in enumerate((_string(node) or "").split("\n"), node.start_point[0] + 1):
                out.requirement(requirement.strip(), line, scope, condition)
        elif node.type in _TRANSPARENT or _is_sum(node):
            pending.extend(reversed(node.named_children))
        elif node.type == "call" and _is_copy(node):
            arguments = node.child_by_field_name("arguments")
            pending.extend(reversed(arguments.named_children if arguments is not None else []))
        elif node.type == "identifier" and (name := text(node)) not in seen:
            seen.add(name)
            pending.extend(reversed(names.values.get(name, ())))


def _is_sum(node: Node) -> bool:
    return node.type == "binary_operator" and text(node.child_by_field_name("operator")) == "+"


def _is_copy(call: Node) -> bool:
    function = call.child_by_field_name("function")
    return function is not None and function.type == "identifier" and text(function) in _COPIES


def _string(node: Node) -> str | None:
    """The value of a string literal that has neither escapes nor inserted expressions."""
    if node.type == "concatenated_string":
        parts = [_string(part) for part in node.named_children if part.type != "comment"]
        return "".join(part or "" for part in parts) if None not in parts else None
    if node.type != "string":
        return None
    pieces = node.named_children
    if any(piece.type == "interpolation" or piece.named_child_count for piece in pieces):
        return None
    return "".join(text(piece) for piece in pieces if piece.type == "string_content")
