"""Identities of values: what names the very value, so that a guard on it holds for it and for nothing else.

A path of the callers is one (a tuple that starts with its root), and so is a tuple that starts with a word: ``"a"`` an
attribute of another, ``"i"`` an item, ``"op"`` and ``"fmt"`` what an operator or a string makes of others, ``"sl"`` a
slice, ``"t"`` the type, ``"j"`` one of several, ``"c"`` a constant, ``"x"`` what a module offers, ``"v"`` the result of
a call, ``"n"`` what is given a name, ``"e"`` an element, ``"o"`` an object.
"""

from __future__ import annotations

from typing import Any, Final, cast

COMPOUND: Final = frozenset(("a", "i", "op", "fmt", "sl", "j", "t"))
"""Identities made of others: what these are in the caller, they are made of there."""

MADE: Final = frozenset(("v", "e", "o", "n"))
"""Identities of what a body makes: another for each call of the body."""

MOST_PARTS: Final = 48
"""Parts of an identity, those of its parts included. Longer ones name nothing: no guard speaks of such a value."""

TYPE: Final = "t"
ONE_OF: Final = "j"


def parts_of(ident: object) -> tuple[Any, ...]:
    """The parts of an identity; nothing for other values."""
    return cast("tuple[Any, ...]", ident) if isinstance(ident, tuple) else ()


def is_path(ident: object) -> bool:
    """Whether an identity is a path of the callers."""
    parts = parts_of(ident)
    return bool(parts) and isinstance(parts[0], tuple)


def mentions(ident: object, part: object) -> bool:
    """Whether an identity is another one, or is made of it."""
    if ident == part:
        return True
    parts = parts_of(ident)
    if is_path(ident) and is_path(part):
        outer = parts_of(part)
        return parts[: len(outer)] == outer
    return any(mentions(each, part) for each in parts)


def mentions_path(ident: object) -> bool:
    """Whether an identity means something to the callers."""
    return is_path(ident) or any(map(mentions_path, parts_of(ident)))


def sized(ident: object) -> object:
    """The identity, or none if it is too long: it must not grow with every round of a loop or a recursion."""
    pending = [parts_of(ident)]
    count = 0
    while pending:
        parts = pending.pop()
        count += len(parts)
        if count > MOST_PARTS:
            return None
        pending.extend(inner for part in parts if (inner := parts_of(part)))
    return ident
