"""Calls of external names: sinks are noted, and models say what comes back.

In order: what the evaluation understands itself (``acts``), sinks, functions handed to a framework, producers,
sources, guards, propagators; else the default policy, by which the result carries what all arguments carry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.apply import record
from mlsec_lint.dataflow.flow.assigning import taint_content
from mlsec_lint.dataflow.flow.guarding import established, guarding
from mlsec_lint.dataflow.flow.labels import NO_LABELS, UNMODELLED, Labels, bounded, with_tags
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.sourcing import source_label
from mlsec_lint.dataflow.flow.specials import special_call
from mlsec_lint.dataflow.flow.summary import Argument, Call, SinkHit, Site
from mlsec_lint.dataflow.flow.values import UNKNOWN, Inst, Sym, Value, data, ident_of, join

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine
    from mlsec_lint.knowledge.schema import Producer


def call_external(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value:
    """The result of calling an external name, by the models of knowledge or by the default policy."""
    name = machine.knowledge.canonical(name)
    if machine.solver.log is not None:
        machine.solver.log.external(machine, name, call)
    # What a framework does with a function is told by its own name, not by that of some method (`*.submit`).
    acts = machine.knowledge.special(name) if not machine.knowledge.callbacks.find(name) else ""
    notice_sink(machine, name, call, receiver, at, end)
    if acts:
        special = special_call(machine, acts, name, call, receiver, at, end)
        if special is not None:
            return established(machine, name, call, receiver, at, special)
    return established(machine, name, call, receiver, at, _modelled(machine, name, call, receiver, at, end))


def _modelled(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value:
    from mlsec_lint.dataflow.flow.calls import callbacks
    from mlsec_lint.dataflow.flow.handing import hand_over
    from mlsec_lint.dataflow.flow.injection import request

    knowledge = machine.knowledge
    hand_over(machine, name, call, at, end)
    typed = Inst(knowledge.types.first(name) or name)
    asked = request(machine, call, name, at)
    if asked is not None:
        return Value(refs=(Inst(name), asked))
    ident = ("v", machine.path, at)
    producer = knowledge.producers.first(name)
    if producer is None and receiver is not None:
        producer = knowledge.producers.first(f"*.{name.rpartition('.')[2]}")
    if producer is not None:
        return _produced(machine, producer, typed, call, receiver, at)
    source = knowledge.sources.first(name)
    if source is not None:
        label = source_label(machine, source.origin, at, end, name)
        labels = _all_labels(machine, call, receiver) | {label}
        if source.into:
            target = _parameter(call, source.parameters, source.into, receiver)
            if target is not None:
                taint_content(machine, ident_of(target), data(labels))
                if target.ident is None and target.known:
                    return Value(bounded(labels), (typed,), (), True, ident_of(target))
        return Value(bounded(labels), (typed,), (), True, ident)
    propagator = knowledge.propagators.first(name)
    if propagator is not None and len(call.positional) <= max(len(propagator.parameters), 1):
        value = _parameter(call, propagator.parameters, propagator.source, receiver)
        if value is None:
            return Value(NO_LABELS, (typed,), (), False, ident)
        labels = deep_labels(value, machine.state.heap)
        refs = (*(r for r in value.refs if not isinstance(r, Sym) and r != typed), typed)
        return Value(bounded(labels), refs, value.consts, value.open, ident_of(value) or ident)
    labels = _all_labels(machine, call, receiver)
    labels = labels | callbacks(machine, call, labels, likely=not _is_described(name))
    if labels and not _is_described(name) and not guarding(machine, name, receiver):
        labels = with_tags(labels, frozenset((UNMODELLED,)))
    return Value(bounded(labels), (typed,), (), bool(labels), ident)


def _is_described(name: str) -> bool:
    """Whether the default policy is what the function really does, as for builtins and methods of strings."""
    return name.startswith("builtins.")


def _all_labels(machine: Machine, call: Call, receiver: Value | None) -> Labels:
    heap = machine.state.heap
    found: Labels = deep_labels(receiver, heap) if receiver is not None else NO_LABELS
    for value in call.values():
        found = found | deep_labels(machine.current(value), heap)
    return found


def _produced(machine: Machine, producer: Producer, typed: Inst, call: Call, receiver: Value | None, at: int) -> Value:
    """What a producer returns or writes: data of the program itself, or what its ``source`` parameter carries."""
    labels: Labels = NO_LABELS
    if producer.source:
        carried = _parameter(call, producer.parameters, producer.source, receiver)
        if carried is not None:
            labels = deep_labels(machine.current(carried), machine.state.heap)
    ident = ("v", machine.path, at)
    if not producer.into:
        return Value(labels, (typed,), (), bool(labels), ident)
    target = _parameter(call, producer.parameters, producer.into, receiver)
    if target is not None:
        place = ident_of(target)
        if labels:
            taint_content(machine, place, data(labels))
        elif place is not None and not producer.source:
            machine.state.contents[place] = UNKNOWN
    return Value(NO_LABELS, (typed,), (), False, ident)


def _parameter(call: Call, parameters: tuple[str, ...], name: str, receiver: Value | None) -> Value | None:
    if name == "self":
        return receiver
    found = call.get(parameters, name)
    return found.value if found is not None else None


def notice_sink(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> None:
    """Note a call of an external name that is a sink."""
    if machine.knowledge.sinks.find(name):
        _note(machine, name, call, receiver, at, end, exact=True)


def notice_method(machine: Machine, name: str, obj: Value, call: Call, at: int, end: int) -> None:
    """Note a method of a receiver that nobody could resolve, if a sink accepts the name alone."""
    if name in machine.knowledge.methods:
        _note(machine, f"*.{name}", call, obj, at, end, exact=False)


def _note(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int, *, exact: bool) -> None:
    code_key, site = machine.origin
    site = site if site is not None else Site(machine.path, at, end)
    if site.at < 0:
        return
    hit = SinkHit(name, site, definition_of(machine, code_key), frozen(machine, call), None, exact, hops=machine.via)
    if receiver is not None:
        hit = replace(hit, receiver=_frozen(machine, receiver))
    record(machine, hit)


def definition_of(machine: Machine, key: tuple[str, int]) -> str:
    """The qualified name of a body."""
    code = machine.solver.codes.get(key, machine.code)
    return code.body.qualname


def frozen(machine: Machine, call: Call) -> Call:
    """The arguments as they are now: labels of all that is in them belong to them."""
    return Call(
        tuple(Argument(_frozen(machine, a.value), a.at, a.end) for a in call.positional),
        tuple((n, Argument(_frozen(machine, a.value), a.at, a.end)) for n, a in call.keywords),
        _frozen(machine, call.more) if call.more is not None else None,
        _frozen(machine, call.more_keywords) if call.more_keywords is not None else None,
    )


def _frozen(machine: Machine, value: Value) -> Value:
    value = machine.current(value)
    labels = deep_labels(value, machine.state.heap)
    return replace(value, labels=bounded(labels)) if labels != value.labels else value


def method_effects(machine: Machine, name: str, obj: Value, call: Call, at: int) -> Value | None:
    """Methods known by their name alone, whatever the receiver: producers, guards, functions that are called."""
    producer = machine.knowledge.producers.first(f"*.{name}")
    if producer is not None:
        result = _produced(machine, producer, Inst(name), call, obj, at)
        return result if not producer.source or result.labels else None
    acts = machine.knowledge.special(f"?.{name}")
    if acts:
        special = special_call(machine, acts, f"*.{name}", call, obj, at, at)
        if special is not None:
            return established(machine, f"*.{name}", call, obj, at, special)
    if not machine.knowledge.guards.find(f"*.{name}"):
        return None
    return established(machine, f"*.{name}", call, obj, at, Value(open=True, ident=("v", machine.path, at)))


__all__ = ["call_external", "join", "method_effects", "notice_method", "notice_sink"]
