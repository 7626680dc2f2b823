"""Guards: what the truth of one value says of others, and where it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.values import NO_LABELS, Label, Labels, Source, Test, Value, join

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

ALLOWED: Final = "allow-list"
DIGEST: Final = "digest"
_MOST_TESTS: Final = 6


def assume(machine: Machine, value: Value, holds: bool) -> None:
    """From here on, ``value`` is known to be true (or false): the values that it tests have passed their guards."""
    for test in value.tests:
        if test.holds is holds:
            establish(machine, test.ident, test.tag)


def establish(machine: Machine, ident: object, tag: str) -> None:
    """From here on, the value with this identity has passed a guard."""
    if ident is not None:
        guards = machine.state.guards
        guards[ident] = guards.get(ident, frozenset()) | {tag}


def negated(value: Value) -> tuple[Test, ...]:
    """The tests of ``not value``."""
    return tuple(Test(t.tag, t.ident, not t.holds) for t in value.tests)


def both(left: Value, right: Value) -> Value:
    """``left and right``: what is left of ``left`` is false, so only ``right`` carries data."""
    tests = tuple(t for t in (*left.tests, *right.tests) if t.holds)[:_MOST_TESTS]
    consts = tuple(c for c in left.consts if not c)
    rest = Value(NO_LABELS, (), consts, left.open or bool(left.refs))
    joined = join(rest, right) if consts or rest.open else right
    return Value(joined.labels, joined.refs, joined.consts, joined.open, None, tests)


def either(left: Value, right: Value) -> Value:
    """``left or right``."""
    tests = tuple(t for t in (*left.tests, *right.tests) if not t.holds)[:_MOST_TESTS]
    consts = tuple(c for c in left.consts if c)
    kept = Value(left.labels, left.refs, consts, left.open, left.ident)
    joined = join(kept, right) if kept.labels or kept.refs or consts or kept.open else right
    return Value(joined.labels, joined.refs, joined.consts, joined.open, joined.ident, tests)


def compared(machine: Machine, op: str, left: Value, right: Value) -> tuple[Test, ...]:
    """What the truth of a comparison says of the two values."""
    holds = op in ("==", "in", "is")
    found: list[Test] = []
    if op in ("in", "not in"):
        if left.ident is not None and not foreign(machine, content_labels(machine, right)):
            found.append(Test(ALLOWED, left.ident, holds))
        return tuple(found)
    if op not in ("==", "!=", "is", "is not"):
        return ()
    for one, other in ((left, right), (right, left)):
        if foreign(machine, other.labels):
            continue
        found.extend(Test(tag, ident, holds) for tag, ident in one.digests)
        if one.ident is not None and not one.digests and (other.consts or other.labels) and None not in other.consts:
            found.append(Test(ALLOWED, one.ident, holds))
    return tuple(found[:_MOST_TESTS])


def content_labels(machine: Machine, value: Value) -> Labels:
    """The labels of a container and its items."""
    from mlsec_lint.dataflow.flow.references import deep_labels

    return deep_labels(value, machine.state.heap)


def foreign(machine: Machine, labels: Labels) -> bool:
    """Whether some of the data comes from outside: comparing with it establishes nothing."""
    return any(isinstance(each.origin, Source) and machine.solver.is_foreign(each.origin.kind) for each in labels)


def remembered(labels: Labels) -> list[Label]:
    """The labels in a fixed order."""
    from mlsec_lint.dataflow.flow.values import order

    return sorted(labels, key=order)
