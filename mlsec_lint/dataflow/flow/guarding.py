"""Calls that establish something about data, by the guards that knowledge lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.conditions import given
from mlsec_lint.dataflow.flow.guards import compared, establish, trusted_by
from mlsec_lint.dataflow.flow.labels import Condition, Labels, bounded, with_tags
from mlsec_lint.dataflow.flow.objects import things
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.values import Inst, Test, Value, ident_of

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.summary import Call
    from mlsec_lint.knowledge.schema_flow import Guard

_MOST_DIGESTS = 6


def guarding(machine: Machine, name: str, receiver: Value | None) -> tuple[Guard, ...]:
    """The guards that knowledge lists under a name, or under the name of a method alone."""
    guards = machine.knowledge.guards.find(name)
    if not guards and receiver is not None:
        guards = machine.knowledge.guards.find(f"*.{name.rpartition('.')[2]}")
    return guards


def _guard_of(machine: Machine, name: str, call: Call, receiver: Value | None) -> tuple[Guard, str | Condition] | None:
    """The guard that a call is, with its tag (conditional, if it depends on what callers pass)."""
    for guard in guarding(machine, name, receiver):
        tag = _tag(machine, guard, call)
        if tag is not None:
            return guard, tag
    return None


def _tag(machine: Machine, guard: Guard, call: Call) -> str | Condition | None:
    if not guard.given:
        return guard.tag
    for name in guard.given:
        argument = call.get(guard.parameters, name)
        tag = given(argument.value, guard.tag, guard.matches) if argument is not None else None
        if isinstance(tag, str) and argument is not None:
            # What comes from the same place as the data says nothing about it.
            tag = next(iter(trusted_by(machine, tag, argument.value.labels)), None)
        if tag is not None:
            return tag
    return None


def established(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, result: Value) -> Value:
    """The result of a call, which the models or the default policy know, with what a guard adds to it."""
    found = _guard_of(machine, name, call, receiver)
    if found is None:
        return result
    guard, tag = found
    if guard.acts == "compare":
        return replace(result, labels=frozenset(), tests=_comparison(machine, guard, call))
    subject = machine.current(receiver) if guard.argument == "self" and receiver is not None else None
    if guard.argument != "self":
        argument = call.get(guard.parameters, guard.argument)
        subject = machine.current(argument.value) if argument is not None else None
    if subject is None:
        return result
    if guard.acts == "digest":
        return _digest(machine, tag, subject, receiver, guard.argument == "self", result, at)
    ident = ident_of(subject)
    tags = frozenset((tag,))
    if guard.acts == "test":
        tests = (Test(tag, ident),) if ident is not None else ()
        return replace(result, labels=with_tags(result.labels, tags), tests=tests)
    if guard.acts == "check":
        establish(machine, ident, tag)
        return replace(result, labels=with_tags(result.labels, tags))
    return replace(result, labels=bounded(with_tags(result.labels, tags)), ident=("v", machine.path, at))


def _comparison(machine: Machine, guard: Guard, call: Call) -> tuple[Test, ...]:
    sides = [call.get(guard.parameters, name) for name in guard.parameters[:2]]
    if sides[0] is None or sides[1] is None:
        return ()
    return compared(machine, "==", machine.current(sides[0].value), machine.current(sides[1].value))


def _digest(
    machine: Machine, tag: str | Condition, subject: Value, receiver: Value | None, own: bool, result: Value, at: int
) -> Value:
    """A digest of the subject; a digest that is given more data is a digest of that too, and so is what it returns."""
    digests = subject.digests if own else tuple((tag, ident) for ident in _idents(machine, subject))
    if not own and receiver is not None and any(isinstance(r, Inst) for r in receiver.refs):
        known = machine.current(receiver).digests
        digests = tuple(dict.fromkeys((*known, *digests)))[:_MOST_DIGESTS]
        if receiver.ident is not None and digests != known:
            old = machine.state.contents.get(receiver.ident) or Value()
            machine.state.contents[receiver.ident] = replace(old, digests=digests)
    return replace(result, labels=frozenset(), open=True, ident=("v", machine.path, at), digests=digests)


def _idents(machine: Machine, subject: Value) -> list[object]:
    """What a digest is made of: the value, and the items of a container (``commonpath([root, path])``)."""
    found = [ident_of(subject)]
    for _, thing in things(machine, subject):
        found += [ident_of(item) for item in thing.items.values()]
    return [ident for ident in found if ident is not None]


def cleaned_attribute(machine: Machine, name: str, labels: Labels) -> Labels | None:
    """The labels of an attribute that is a guard (``path.name``); none if it is no guard."""
    for guard in machine.knowledge.guards.find(name):
        if guard.acts == "clean":
            return with_tags(labels, frozenset((guard.tag,)))
    return None


def cleaning(machine: Machine, names: list[str]) -> frozenset[str]:
    """What making an instance of a class derived from these external ones establishes about its arguments."""
    found = (guard for name in names for guard in machine.knowledge.guards.find(name))
    return frozenset(guard.tag for guard in found if guard.acts == "clean" and not guard.given)


__all__ = ["cleaned_attribute", "cleaning", "deep_labels", "established", "guarding"]
