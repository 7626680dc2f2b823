"""Looking up names: class scope, locals, enclosing frames, module globals, star imports, builtins."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.values import UNKNOWN, External, Reference, Symbol, Value, reference, unknown

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator

_BUILTINS: Final = frozenset(dir(builtins))


def lookup(ev: Evaluator, name: str) -> Value:
    """The value of a name, from the innermost scope outward."""
    if ev.classes and name in ev.classes[-1][1]:
        return ev.classes[-1][1][name]
    found = ev.state.names.get(name)
    if found is not None:
        return replace(found, constants=(), open=True) if name in ev.shared else found
    if ev.body.kind != "module":
        if name in ev.body.binds:
            return UNKNOWN
        for frame in reversed(ev.frames):
            if name in frame.names:
                return frame.names[name]
            if name in frame.body.binds:
                return UNKNOWN
        found = _global(ev, name)
        if found is not None:
            return found
    return _fallback(ev, name)


def _global(ev: Evaluator, name: str) -> Value | None:
    exit_ = ev.context.exit_of(ev.module.path)
    found = exit_.names.get(name) if exit_ is not None else None
    if found is not None and name in ev.module.rebound:
        return Value(found.constants, found.references, True, found.origins)
    return found


def _fallback(ev: Evaluator, name: str) -> Value:
    """A name that no scope binds: a builtin, or something that a star import brought."""
    if name in _BUILTINS:
        return reference(External(ev.knowledge.canonical(f"builtins.{name}")))
    if name == "__file__":
        return unknown(frozenset(("package",)), ("file", ev.module.path))
    stars: Sequence[tuple[str | None, str]] = ev.stars
    if ev.body.kind != "module":
        exit_ = ev.context.exit_of(ev.module.path)
        stars = exit_.stars if exit_ is not None else ()
    candidates: list[Reference] = []
    for path, dotted in stars:
        if path is None:
            candidates.append(External(ev.knowledge.canonical(f"{dotted}.{name}")))
        elif not ev.resolving:
            candidates.append(Symbol(path, name))
        elif ev.context.is_relevant(name):
            found = ev.context.symbol(path, name, 1)
            if found.references or found.constants:
                return found
    return Value((), tuple(candidates), len(candidates) > 1) if candidates else UNKNOWN
