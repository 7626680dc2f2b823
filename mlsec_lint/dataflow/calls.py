"""Calls: who is called with what, what the observer is told, and what the result is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.arguments import Arguments, Passed
from mlsec_lint.dataflow.attributes import attribute
from mlsec_lint.dataflow.container_methods import container_method
from mlsec_lint.dataflow.containers import loosen, objects
from mlsec_lint.dataflow.effects import external_result, unresolved_result
from mlsec_lint.dataflow.notices import notice_call, notice_items, notice_method
from mlsec_lint.dataflow.specials import CALLING, call_partial, special_call
from mlsec_lint.dataflow.values import (
    ClassRef,
    External,
    FunctionRef,
    Inherited,
    Instance,
    InstanceOf,
    Member,
    ObjectRef,
    Reference,
    Symbol,
    Value,
    computed,
    derived,
    join,
    stored_key,
    unknown,
)
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.evaluator import Evaluator


def _call(ev: Evaluator, op: ir.Call) -> None:
    args = arguments_of(ev, op.args)
    ev.set(op.dst, apply(ev, ev.get(op.func), args, op.at, op.end, None))


def _method(ev: Evaluator, op: ir.Method) -> None:
    obj = ev.get(op.obj)
    args = arguments_of(ev, op.args)
    contained = container_method(ev, obj, op.name, args)
    if contained is not None and all(isinstance(r, (ObjectRef, Symbol, Inherited)) for r in obj.references):
        ev.set(op.dst, contained)
        return
    result: Value | None = contained
    for ref in obj.references:
        one = _method_of(ev, op, obj, ref, args)
        result = one if result is None else join(result, one)
    if obj.open or not obj.references:
        notice_method(ev, op.name, op.at, op.end, args, obj)
        one = unresolved_result(ev, op.name, args, obj, _method_identity(obj, op))
        result = one if result is None else join(result, one)
        _callbacks(ev, f"?.{op.name}", args)
    ev.set(op.dst, result if result is not None else derived([obj, *args.values()]))


def _method_identity(obj: Value, op: ir.Method) -> object:
    return ("method", obj.identity, op.name, op.at) if obj.identity is not None else ("site", op.at)


def _method_of(ev: Evaluator, op: ir.Method, obj: Value, ref: Reference, args: Arguments) -> Value:
    callee = attribute(ev, ref, op.name)
    if isinstance(ref, External):
        notice_items(ev, ref.name, op.name, args, op.at, op.end)
    if not callee.references:
        notice_method(ev, op.name, op.at, op.end, args, obj)
        return unknown(computed([obj, *args.values()]), _method_identity(obj, op))
    subclass = ref.cls if isinstance(ref, InstanceOf) else ref if isinstance(ref, ClassRef) else None
    receiver = replace(obj, references=(ref,), open=False) if obj.origins or not isinstance(ref, External) else None
    others = len(obj.references) - 1 + int(obj.open)
    return apply(ev, callee, args, op.at, op.end, receiver, subclass=subclass, others=others)


def _callbacks(ev: Evaluator, name: str, args: Arguments) -> None:
    if (acts := ev.knowledge.special(name)) in CALLING:
        special_call(ev, acts, name, args, 0, 0, apply)


def arguments_of(ev: Evaluator, written: tuple[ir.Arg, ...]) -> Arguments:
    """The arguments of a call, with spreads expanded where their content is known."""
    positional: list[Passed] = []
    keywords: dict[str, Passed] = {}
    more_positional = more_keywords = False
    for arg in written:
        value = ev.get(arg.src)
        if arg.kind == "**":
            more_keywords = _spread_keywords(ev, value, keywords) or more_keywords
        elif arg.kind == "*":
            found = objects(ev, value)
            if len(found) == 1 and not value.open and found[0][1].exact and found[0][1].kind in ("list", "tuple"):
                positional.extend(Passed(item, arg.at, arg.end) for item in found[0][1].items.values())
            else:
                more_positional = True
        elif arg.name:
            keywords[arg.name] = Passed(value, arg.at, arg.end)
        else:
            positional.append(Passed(value, arg.at, arg.end))
    return Arguments(tuple(positional), keywords, more_positional, more_keywords)


def _spread_keywords(ev: Evaluator, value: Value, keywords: dict[str, Passed]) -> bool:
    """Add the items of a mapping that is spread; returns whether it may hold more."""
    value = ev.resolve(value)
    found = objects(ev, value)
    more = value.open or len(found) < max(len(value.references), 1)
    for _, obj in found:
        more = more or not obj.exact
        for (kind, key), item in obj.items.items():
            if kind == "str" and isinstance(key, str):
                old = keywords.get(key)
                keywords[key] = Passed(item if old is None else join(old.value, item))
    return more


def apply(
    ev: Evaluator,
    callee: Value,
    args: Arguments,
    at: int,
    end: int,
    receiver: Value | None,
    *,
    subclass: ClassRef | None = None,
    others: int = 0,
) -> Value:
    """The result of calling a value: the join over everything that it may be."""
    result: Value | None = None
    if ev.resolving:
        callee = ev.context.resolve_relevant(callee)
    alternatives = len(callee.references) + int(callee.open) - 1 + others
    for ref in callee.references:
        one = _apply_one(ev, ref, args, at, end, receiver, subclass, alternatives)
        result = one if result is None else join(result, one)
    if callee.open or result is None:
        loosen(ev, args.values())
        values = [callee, *args.values(), *([receiver] if receiver is not None else [])]
        known = unknown(computed(values), ("site", at))
        result = known if result is None else join(result, known)
    return result


def _apply_one(
    ev: Evaluator,
    ref: Reference,
    args: Arguments,
    at: int,
    end: int,
    receiver: Value | None,
    subclass: ClassRef | None,
    alternatives: int,
) -> Value:
    if isinstance(ref, Instance):
        ref = External(f"{ref.name}.__call__")
    if isinstance(ref, (External, Member)):
        acts = ev.knowledge.special(ref.name)
        if acts:
            special = special_call(ev, acts, ref.name, args, at, end, apply)
            if special is not None:
                return special
        notice_call(
            ev, ref.name, at, end, args, receiver=receiver, subclass=subclass, alternatives=max(alternatives, 0)
        )
        return external_result(ev, ref.name, args, receiver, at)
    if isinstance(ref, ObjectRef):
        return call_partial(ev, ref, args, at, end, apply)
    if isinstance(ref, ClassRef):
        return _construct(ev, ref, args, at, end)
    loosen(ev, args.values())
    if isinstance(ref, FunctionRef):
        values = [*args.values(), *([receiver] if receiver is not None else [])]
        return unknown(computed(values), ("site", at))
    return unknown(computed(args.values()), ("site", at))


def _construct(ev: Evaluator, cls: ClassRef, args: Arguments, at: int, end: int) -> Value:
    """An instance of a project class; its external bases are told of the call."""
    for base in ev.context.bases_of(cls) if ev.resolving else ():
        if isinstance(base, External):
            notice_call(ev, base.name, at, end, args, subclass=cls)
    origins = derived(args.values()).origins
    wraps = len(args.positional) == 1 and not args.keywords
    identity = args.positional[0].value.identity if wraps else None
    identity = identity or ("site", ev.module.path, at)
    for name, passed in args.keywords.items():
        ev.state.names[stored_key(identity, name)] = passed.value
    return Value((), (InstanceOf(cls),), False, origins, identity)


CALLS: Final[Mapping[type[ir.Op], Callable[[Evaluator, Any], None]]] = {ir.Call: _call, ir.Method: _method}
