"""Telling the observer: events are made only for names that knowledge speaks about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.arguments import Arguments, Passed
from mlsec_lint.dataflow.containers import object_at
from mlsec_lint.dataflow.events import Event
from mlsec_lint.dataflow.values import ClassRef, ObjectRef, Reference, Snapshot, Value

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator

OWN = frozenset(("own",))
"""The provenance of what the function itself wrote."""


def definition_of(ev: Evaluator) -> str:
    """The qualified name of what is being evaluated."""
    inner = ".".join(cls.name for cls, _ in ev.classes)
    return ".".join(part for part in (ev.body.qualname, inner) if part)


def notice_call(
    ev: Evaluator,
    name: str,
    at: int,
    end: int,
    args: Arguments,
    *,
    receiver: Value | None = None,
    subclass: ClassRef | None = None,
    alternatives: int = 0,
    passed: bool = False,
) -> None:
    """Report a call of an external name, if it is a sink."""
    if ev.observer is None or not ev.knowledge.sinks.find(name):
        return
    ev.observer.add(
        Event(
            name,
            at,
            end,
            located(ev, args),
            localised(ev, receiver) if receiver is not None else None,
            subclass,
            alternatives=alternatives,
            passed=passed,
            definition=definition_of(ev),
        )
    )


def notice_method(ev: Evaluator, name: str, at: int, end: int, args: Arguments, receiver: Value) -> None:
    """Report a method call on a receiver that nobody could resolve, if a sink accepts the name alone."""
    if ev.observer is None or name not in ev.knowledge.methods:
        return
    event = Event(
        f"*.{name}", at, end, located(ev, args), localised(ev, receiver), exact=False, definition=definition_of(ev)
    )
    ev.observer.add(event)


def notice_assignment(ev: Evaluator, name: str, value: Value, at: int, end: int) -> None:
    """Report an assignment to a name that matters, such as a setting."""
    if ev.observer is None or not ev.knowledge.assigned.find(name):
        return
    args = Arguments((), {"value": Passed(value, at, end)})
    ev.observer.add(Event(name, at, end, located(ev, args), assigned=True, definition=definition_of(ev)))


def notice_items(ev: Evaluator, name: str, method: str, args: Arguments, at: int, end: int) -> None:
    """Report items that a mapping method sets: ``environ.setdefault(key, value)``, ``environ.update(KEY=value)``."""
    if ev.observer is None or method not in ("setdefault", "update"):
        return
    items = {key: passed.value for key, passed in args.keywords.items()}
    if method == "setdefault" and len(args.positional) == 2 and args.positional[0].value.text is not None:
        items[args.positional[0].value.text] = args.positional[1].value
    for key, value in items.items():
        notice_assignment(ev, f"{name}[{key}]", value, at, end)


def located(ev: Evaluator, args: Arguments) -> Arguments:
    """The arguments with what the function wrote or fetched before taken into account."""
    positional = tuple(Passed(localised(ev, p.value), p.at, p.end) for p in args.positional)
    keywords = {k: Passed(localised(ev, p.value), p.at, p.end) for k, p in args.keywords.items()}
    return Arguments(positional, keywords, args.more_positional, args.more_keywords)


def localised(ev: Evaluator, value: Value) -> Value:
    """The value with the provenance of the resource that it stands for, and its containers as they are now."""
    value = _frozen(ev, value, 2) if value.references else value
    if value.identity is None:
        return value
    content = ev.state.contents.get(value.identity)
    if content is not None:
        return Value(value.constants, value.references, value.open, content, value.identity)
    return value


def _frozen(ev: Evaluator, value: Value, depth: int) -> Value:
    """The value with heap objects replaced by what is in them."""
    identity = value.identity
    value = ev.resolve(value)
    if not any(isinstance(ref, ObjectRef) for ref in value.references):
        return value if value.identity is not None or identity is None else replace(value, identity=identity)
    references: list[Reference] = []
    origins = value.origins
    for ref in value.references:
        obj = object_at(ev, ref) if isinstance(ref, ObjectRef) else None
        if obj is None or not depth:
            references.append(ref)
            continue
        items = tuple((key, _frozen(ev, item, depth - 1)) for (_, key), item in obj.items.items())
        rest = _frozen(ev, obj.rest, depth - 1) if obj.rest is not None else None
        references.append(Snapshot(obj.kind, items, rest, obj.exact))
        origins = origins.union(*(item.origins for _, item in items), obj.origins)
    return Value(value.constants, tuple(references), value.open, origins, value.identity)
