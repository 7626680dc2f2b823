"""What calls of external names do to data: new provenance, other forms of the same data, data written or fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsec_lint.dataflow.arguments import Arguments
from mlsec_lint.dataflow.notices import OWN, localised
from mlsec_lint.dataflow.values import Instance, Value, computed, derived

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator


def external_result(ev: Evaluator, name: str, args: Arguments, receiver: Value | None, at: int) -> Value:
    """The result of calling an external name, by the models of knowledge or by the default policy.

    The default: an instance of whatever the name is, carrying the provenance of every argument and the receiver.
    """
    typed = Instance(ev.knowledge.types.first(name) or name)
    producer = ev.knowledge.producers.first(name)
    if producer is not None:
        target = _parameter(args, producer.parameters, producer.into, receiver) if producer.into else None
        if target is None:
            return Value((), (typed,), True, OWN, ("site", at))
        if target.identity is not None:
            ev.state.written |= {target.identity}
        return Value((), (typed,), True)
    source = ev.knowledge.sources.first(name)
    if source is not None:
        if source.into:
            target = _parameter(args, source.parameters, source.into, receiver)
            if target is not None and target.identity is not None:
                ev.state.fetched[target.identity] = source.origin
        return Value(
            (), (typed,), True, derived(_localised(ev, args, receiver)).origins | {source.origin}, ("site", at)
        )
    propagator = ev.knowledge.propagators.first(name)
    if propagator is not None and len(args.positional) <= max(len(propagator.parameters), 1):
        value = _parameter(args, propagator.parameters, propagator.source, receiver)
        if value is None:
            return Value((), (typed,), True, frozenset(), ("site", at))
        value = localised(ev, value)
        references = (typed, *(r for r in value.references if r != typed))
        return Value(value.constants, references, True, value.origins, value.identity)
    return Value((), (typed,), True, computed(_localised(ev, args, receiver)), ("site", at))


def unresolved_result(ev: Evaluator, method: str, args: Arguments, receiver: Value, identity: object) -> Value:
    """The result of a method of a receiver that nobody could resolve; producers may be known by the name alone."""
    producer = ev.knowledge.producers.first(f"*.{method}")
    target = _parameter(args, producer.parameters, producer.into, receiver) if producer is not None else None
    if target is not None and target.identity is not None:
        ev.state.written |= {target.identity}
    return Value((), (), True, computed(_localised(ev, args, receiver)), identity)


def _localised(ev: Evaluator, args: Arguments, receiver: Value | None) -> list[Value]:
    values = [localised(ev, v) for v in args.values()]
    if receiver is not None:
        values.append(localised(ev, receiver))
    return values


def _parameter(args: Arguments, parameters: tuple[str, ...], name: str, receiver: Value | None) -> Value | None:
    if name == "self":
        return receiver
    found = args.get(parameters, name)
    return found.value if found is not None else None
