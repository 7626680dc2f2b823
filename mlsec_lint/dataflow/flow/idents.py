"""The size of identities: what names a value must not grow with every round of a loop or a recursion."""

from __future__ import annotations

from typing import Final, cast

MOST_PARTS: Final = 48
"""Parts of an identity, those of its parts included. Longer ones name nothing: no guard speaks of such a value."""


def sized(ident: object) -> object:
    """The identity, or none if it is too long."""
    if not isinstance(ident, tuple):
        return ident
    pending = [cast("tuple[object, ...]", ident)]
    count = 0
    while pending:
        parts = pending.pop()
        count += len(parts)
        if count > MOST_PARTS:
            return None
        pending.extend(cast("tuple[object, ...]", part) for part in parts if isinstance(part, tuple))
    return ident
