"""Calls that establish something about data, by the guards that knowledge lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.guards import DIGEST, compared, establish
from mlsec_lint.dataflow.flow.operations import ident_of
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.values import Inst, Test, Value, bounded, data, with_tags

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.dataflow.flow.summary import Call
    from mlsec_lint.knowledge.schema_flow import Guard


def guarded_result(machine: Machine, name: str, call: Call, receiver: Value | None, at: int) -> Value | None:
    """The result of a call that is a guard; none if it is none."""
    absorbed = _digest_method(machine, name, call, receiver)
    if absorbed is not None:
        return absorbed
    guards = machine.knowledge.guards.find(name)
    if not guards and receiver is not None:
        guards = machine.knowledge.guards.find(f"*.{name.rpartition('.')[2]}")
    for guard in guards:
        if guard.given and not _is_given(guard, call):
            continue
        result = _acted(machine, guard, call, receiver, at)
        if result is not None:
            return result
    return None


def _is_given(guard: Guard, call: Call) -> bool:
    for name in guard.given:
        argument = call.get(guard.parameters, name)
        if argument is not None and not (argument.value.known and argument.value.consts[0] in (None, False)):
            return True
    return False


def _acted(machine: Machine, guard: Guard, call: Call, receiver: Value | None, at: int) -> Value | None:
    subject = receiver
    if guard.argument and guard.argument != "self":
        argument = call.get(guard.parameters, guard.argument)
        subject = argument.value if argument is not None else None
    elif not guard.argument and call.positional:
        subject = call.positional[0].value
    tag = guard.tag
    ident = ident_of(subject) if subject is not None else None
    if guard.acts == "test":
        if tag == DIGEST and len(call.positional) >= 2:
            one, other = call.positional[0].value, call.positional[1].value
            return Value(open=True, tests=compared(machine, "==", one, other))
        return Value(open=True, tests=(Test(tag, ident),) if ident is not None else ())
    if guard.acts == "check":
        establish(machine, ident, tag)
        labels = deep_labels(subject, machine.state.heap) if subject is not None else frozenset()
        return data(with_tags(labels, frozenset((tag,))), ident)
    if guard.acts == "digest":
        digests = ((tag, ident),) if ident is not None else ()
        return Value(open=True, ident=("v", machine.path, at), digests=digests)
    values = [v for v in (subject, *call.values()) if v is not None]
    labels = frozenset[object]().union(*(deep_labels(v, machine.state.heap) for v in values))
    return data(bounded(with_tags(labels, frozenset((tag,)))), ("v", machine.path, at))  # type: ignore[arg-type]


def _digest_method(machine: Machine, name: str, call: Call, receiver: Value | None) -> Value | None:
    """A method of a digest: data given to it is digested too, and what it returns is a digest."""
    if receiver is None:
        return None
    makers = [r.name for r in receiver.refs if isinstance(r, Inst)]
    guard = next((g for m in makers for g in machine.knowledge.guards.find(m) if g.acts == "digest"), None)
    if guard is None:
        return None
    current = machine.current(receiver)
    digests = current.digests
    for value in call.values():
        ident = ident_of(value)
        if ident is not None and (guard.tag, ident) not in digests:
            digests = (*digests, (guard.tag, ident))[:6]
    if receiver.ident is not None and digests != current.digests:
        old = machine.state.contents.get(receiver.ident) or Value()
        machine.state.contents[receiver.ident] = replace(old, digests=digests)
    return Value(open=True, ident=("d", receiver.ident), digests=digests)
