"""How deeply a piece of source nests, measured before libcst sees it.

libcst recurses over what it reads: a few thousand parentheses end the process without an exception, and nested patterns
of a ``case`` take exponential time. tree-sitter reads both without harm, so it measures, and a look at the brackets
alone catches what its error recovery flattens.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

MAX_DEPTH: Final = 200
"""Deeper source is refused. The deepest file of five large ML packages has 33 levels; libcst dies from about 1,000."""
_MAX_PATTERN_DEPTH: Final = 8
"""Brackets of a ``case`` head. Each level of a mapping pattern multiplies libcst's time by 3.7: 10 take over 1 s."""
_CHAIN: Final = 4
"""Members of a chain that weigh as much as one level: 250 of them fit where 60 levels fit."""
_CHAIN_PARENTS: Final = frozenset({"concatenated_string", "dotted_name"})
_CHAIN_MEMBERS: Final = frozenset({"elif_clause", "for_in_clause"})
"""Flat in tree-sitter's tree and nested in libcst's: the parents of such chains, and the members among siblings."""
_CASE: Final = re.compile(rb"^[ \t\f]*case\b", re.MULTILINE)
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"()[]{}"))
_OPENING: Final = frozenset(b"([{")


def nesting_depth(tree_or_node: Tree | Node) -> int:
    """The levels of syntax below (and with) a tree or node, never less than libcst will recurse for it.

    An ``ERROR`` node counts a level per byte: what is in it has no known structure, and libcst may read it after all.
    """
    cursor = tree_or_node.walk()
    bases, members, extra = [0], [0], [_weight(cursor.node)]
    total = deepest = 1 + extra[0]
    while True:
        parent = cursor.node
        if cursor.goto_first_child():
            chain = parent is not None and parent.type in _CHAIN_PARENTS
            bases.append(parent.child_count // _CHAIN if chain and parent is not None else 0)
            members.append(0)
        else:
            while True:
                total -= 1 + extra.pop()
                if cursor.goto_next_sibling():
                    break
                bases.pop()
                members.pop()
                if not cursor.goto_parent():
                    return deepest
        node = cursor.node
        if node is not None and node.type in _CHAIN_MEMBERS:
            members[-1] += 1
        extra.append(_weight(node) + bases[-1] + members[-1] // _CHAIN)
        total += 1 + extra[-1]
        deepest = max(deepest, total)


def _weight(node: Node | None) -> int:
    return node.end_byte - node.start_byte if node is not None and node.is_error else 0


def bracket_problem(data: bytes) -> str | None:
    """Why the brackets of a slice forbid parsing it, as a clause; ``None`` if they do not.

    Brackets in strings and comments count too: to know them apart would need the parser that is being guarded.
    """
    if sum(map(data.count, (b"(", b"[", b"{"))) > MAX_DEPTH and _bracket_depth(data) > MAX_DEPTH:
        return f"its brackets nest more than {MAX_DEPTH} levels deep"
    if b"case" in data and _pattern_depth(data) > _MAX_PATTERN_DEPTH:
        return f"the pattern of a case nests more than {_MAX_PATTERN_DEPTH} levels deep"
    return None


def _bracket_depth(data: bytes) -> int:
    depth = deepest = 0
    for byte in data.translate(None, _NO_BRACKETS):
        if byte in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth = max(0, depth - 1)
    return deepest


def _pattern_depth(data: bytes) -> int:
    """The deepest brackets between ``case`` at the start of a line and the end of that logical line."""
    deepest = at = 0
    while deepest <= _MAX_PATTERN_DEPTH and (head := _CASE.search(data, at)):
        at, depth = head.end(), 0
        while True:
            end = data.find(b"\n", at)
            end = len(data) if end < 0 else end
            for byte in data[at:end].translate(None, _NO_BRACKETS):
                depth = depth + 1 if byte in _OPENING else max(0, depth - 1)
                deepest = max(deepest, depth)
            at = end + 1
            if not depth or at > len(data) or deepest > _MAX_PATTERN_DEPTH:
                break
    return deepest
