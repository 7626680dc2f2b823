"""What calls of external names do to data: new provenance, other forms of the same data, data written or fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.arguments import Arguments
from mlsec_lint.dataflow.notices import OWN, localised
from mlsec_lint.dataflow.values import UNLISTED, Instance, Value, computed, derived

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator
    from mlsec_lint.knowledge.schema import Producer


def external_result(ev: Evaluator, name: str, args: Arguments, receiver: Value | None, at: int) -> Value:
    """The result of calling an external name, by the models of knowledge or by the default policy.

    The default: an instance of whatever the name is, carrying the provenance of every argument and the receiver.
    """
    typed = Instance(ev.knowledge.types.first(name) or name)
    producer = ev.knowledge.producers.first(name)
    if producer is None and receiver is not None:
        producer = ev.knowledge.producers.first(f"*.{name.rpartition('.')[2]}")
    if producer is not None:
        return _produced(ev, producer, typed, args, receiver, at)
    source = ev.knowledge.sources.first(name)
    if source is not None:
        if source.into:
            _fill(ev, _parameter(args, source.parameters, source.into, receiver), frozenset((source.origin,)))
        origins = derived(_localised(ev, args, receiver)).origins - UNLISTED | {source.origin}
        return Value((), (typed,), False, origins, ("site", at))
    propagator = ev.knowledge.propagators.first(name)
    if propagator is not None and len(args.positional) <= max(len(propagator.parameters), 1):
        value = _parameter(args, propagator.parameters, propagator.source, receiver)
        if value is None:
            return Value((), (typed,), False, frozenset(), ("site", at))
        value = localised(ev, value)
        references = (typed, *(r for r in value.references if r != typed))
        return Value(value.constants, references, False, value.origins, value.identity)
    return Value((), (typed,), False, computed(_localised(ev, args, receiver)), ("site", at))


def _produced(
    ev: Evaluator, producer: Producer, typed: Instance, args: Arguments, receiver: Value | None, at: int
) -> Value:
    """What a producer returns or writes: data of the program itself, or what its ``source`` parameter carries."""
    origins = OWN
    if producer.source:
        data = _parameter(args, producer.parameters, producer.source, receiver)
        origins = computed([localised(ev, data)]) if data is not None else UNLISTED
    target = _parameter(args, producer.parameters, producer.into, receiver) if producer.into else None
    if target is None:
        return Value((), (typed,), False, origins, ("site", at))
    _fill(ev, target, origins)
    return Value((), (typed,), False, UNLISTED)


def _fill(ev: Evaluator, target: Value | None, origins: frozenset[str]) -> None:
    if target is not None and target.identity is not None:
        ev.state.contents[target.identity] = origins


def unresolved_result(ev: Evaluator, method: str, args: Arguments, receiver: Value, identity: object) -> Value:
    """The result of a method of a receiver that nobody could resolve; producers may be known by the name alone."""
    producer = ev.knowledge.producers.first(f"*.{method}")
    if producer is not None:
        _produced(ev, producer, Instance(method), args, receiver, 0)
    likely = _likely_default(method, args)
    origins = computed(_localised(ev, args, receiver))
    if likely is not None:
        return Value(likely.constants, likely.references, True, origins, identity)
    return Value((), (), True, origins, identity)


def _likely_default(method: str, args: Arguments) -> Value | None:
    """The default that ``mapping.get(key, default)`` falls back to: the likely value of an entry nobody can see."""
    if method in _LOOKUPS and len(args.positional) == 2:
        return args.positional[1].value
    return None


_LOOKUPS: Final = ("get", "pop", "setdefault")


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
