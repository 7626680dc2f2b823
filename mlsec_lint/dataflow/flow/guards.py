"""Guards: what the truth of one value says of others, where it holds, and when it is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.idents import ONE_OF, TYPE, mentions, parts_of
from mlsec_lint.dataflow.flow.labels import NO_LABELS, Condition, Labels, Source, Tags
from mlsec_lint.dataflow.flow.values import Ext, Test, Value, join

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.heap import State
    from mlsec_lint.dataflow.flow.machine import Machine

ALLOWED: Final = "allow-list"
SIGNED: Final = "signature"
"""A digest with a secret key: it may come with the data, since nobody else can make it."""

_MOST_TESTS: Final = 6


def assume(machine: Machine, value: Value, holds: bool) -> None:
    """From here on, ``value`` is known to be true (or false): the values that it tests have passed their guards."""
    for test in value.tests:
        if test.holds is holds:
            establish(machine, test.ident, test.tag)


def establish(machine: Machine, ident: object, tag: str | Condition) -> None:
    """From here on, the value with this identity has passed a guard."""
    if ident is not None:
        guards = machine.state.guards
        guards[ident] = guards.get(ident, frozenset()) | {tag}


def forget(state: State, *idents: object) -> None:
    """Something else stands under these names from now on: what was established of the old values is void."""
    for known in [k for k in state.guards if any(mentions(k, each) for each in idents)]:
        del state.guards[known]


def tags_of(state: State, ident: object) -> Tags:
    """The guards that a value has passed here; one of several values must have passed them as each of them."""
    tags = state.guards.get(ident, frozenset())
    parts = parts_of(ident)
    if parts and parts[0] == ONE_OF:
        common: Tags | None = None
        for part in parts[1:]:
            one = state.guards.get(part, frozenset())
            common = one if common is None else common & one
        tags = tags | common if common else tags
    return tags


def content_at(state: State, ident: object) -> Value | None:
    """What was written into what a value stands for; the name of a file stands for the file."""
    found = state.contents.get(ident)
    parts = parts_of(ident)
    if found is None and parts and parts[0] == "a":
        return state.contents.get(parts[1])
    if parts and parts[0] == ONE_OF:
        for part in parts[1:]:
            one = state.contents.get(part)
            if one is not None:
                found = one if found is None else join(found, one)
    return found


def negated(value: Value) -> tuple[Test, ...]:
    """The tests of ``not value``."""
    return tuple(Test(t.tag, t.ident, not t.holds) for t in value.tests)


def _combined(left: Value, right: Value, *, holds: bool) -> tuple[Test, ...]:
    """What two conditions say together: of both if the result is what each must be, else what they agree on."""
    every = [test for test in (*left.tests, *right.tests) if test.holds is holds]
    common = [test for test in left.tests if test.holds is not holds and test in right.tests]
    return tuple(dict.fromkeys((*every, *common)))[:_MOST_TESTS]


def both(left: Value, right: Value) -> Value:
    """``left and right``: what is left of ``left`` is false, so only ``right`` carries data."""
    tests = _combined(left, right, holds=True)
    consts = tuple(c for c in left.consts if not c)
    rest = Value(NO_LABELS, (), consts, left.open or bool(left.refs))
    joined = join(rest, right) if consts or rest.open else right
    return Value(joined.labels, joined.refs, joined.consts, joined.open, None, tests)


def either(left: Value, right: Value) -> Value:
    """``left or right``."""
    tests = _combined(left, right, holds=False)
    consts = tuple(c for c in left.consts if c)
    kept = Value(left.labels, left.refs, consts, left.open, left.ident)
    joined = join(kept, right) if kept.labels or kept.refs or consts or kept.open else right
    return Value(joined.labels, joined.refs, joined.consts, joined.open, joined.ident, tests)


def compared(machine: Machine, op: str, left: Value, right: Value) -> tuple[Test, ...]:
    """What the truth of a comparison says of the two values."""
    holds = op in ("==", "in", "is")
    found: list[Test] = []
    if op in ("in", "not in"):
        labels = content_labels(machine, right)
        found.extend(Test(tag, left.ident, holds) for tag in trusted_by(machine, ALLOWED, labels) if left.ident)
        for tag, ident in left.digests:
            found.extend(Test(each, ident, holds) for each in trusted_by(machine, str_of(tag), labels))
        return tuple(found[:_MOST_TESTS])
    if op not in ("==", "!=", "is", "is not"):
        return ()
    for one, other in ((left, right), (right, left)):
        if other.known and (other.consts[0] is None or isinstance(other.consts[0], bool)):
            # ``match is None``, ``ok is True``: what the truth of the other side says.
            same = bool(other.consts[0]) is holds
            found.extend(test if same else Test(test.tag, test.ident, not test.holds) for test in one.tests)
        found.extend(_of_type(machine, one, other, holds))
        for tag, ident in one.digests:
            if isinstance(tag, str) and tag != SIGNED:
                found.extend(Test(each, ident, holds) for each in trusted_by(machine, tag, other.labels))
            else:
                found.append(Test(tag, ident, holds))
        if one.ident is not None and not one.digests and _is_fixed(other):
            found.extend(Test(each, one.ident, holds) for each in trusted_by(machine, ALLOWED, other.labels))
    return tuple(found[:_MOST_TESTS])


def _of_type(machine: Machine, one: Value, other: Value, holds: bool) -> list[Test]:
    """``type(x) is int``: what the class establishes that the type is compared with."""
    parts = parts_of(one.ident)
    if len(parts) != 2 or parts[0] != TYPE or len(other.refs) != 1:
        return []
    target = other.refs[0]
    guards = machine.knowledge.guards.find(target.name) if isinstance(target, Ext) else ()
    return [Test(guard.tag, parts[1], holds) for guard in guards if guard.acts == "clean"]


def str_of(tag: str | Condition) -> str:
    """The word of a tag."""
    return tag if isinstance(tag, str) else tag.tag


def _is_fixed(value: Value) -> bool:
    """Whether being equal to a value says which of some texts something is."""
    return bool(value.consts or value.labels) and not any(c is None or isinstance(c, bool) for c in value.consts)


def trusted_by(machine: Machine, tag: str, labels: Labels) -> list[str | Condition]:
    """The tag for what agrees with data of these labels: none for data from outside, conditions for that of callers."""
    if foreign(machine, labels):
        return []
    paths = sorted({each.origin for each in labels if isinstance(each.origin, tuple)}, key=repr)
    return [Condition(tag, tuple(paths), trusted=True)] if paths else [tag]


def content_labels(machine: Machine, value: Value) -> Labels:
    """The labels of a container and its items."""
    from mlsec_lint.dataflow.flow.references import deep_labels

    return deep_labels(value, machine.state.heap)


def foreign(machine: Machine, labels: Labels) -> bool:
    """Whether some of the data comes from outside: comparing with it establishes nothing."""
    return any(isinstance(each.origin, Source) and machine.solver.is_foreign(each.origin.kind) for each in labels)
