"""Calls: who is called, with which arguments, and what becomes of calls whose target is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from mlsec_lint.dataflow.flow import binders
from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.apply import call_function
from mlsec_lint.dataflow.flow.assigning import write_overlay_rest
from mlsec_lint.dataflow.flow.construct import TYPE_CALL, construct, construct_by_type
from mlsec_lint.dataflow.flow.container_methods import adds, container_method, is_modelled, symbolic_method
from mlsec_lint.dataflow.flow.externals import call_external, notice_method
from mlsec_lint.dataflow.flow.items import any_of, element_of, get_item
from mlsec_lint.dataflow.flow.objects import thing_at, things
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.summary import MOST_RESIDUALS, Argument, Call, Residual, Site
from mlsec_lint.dataflow.flow.values import (
    NO_LABELS,
    NOTHING,
    UNKNOWN,
    UNRESOLVED,
    Bound,
    Cls,
    Ext,
    Fun,
    Inst,
    Labels,
    Obj,
    Reference,
    Super,
    Sym,
    Value,
    Wrapped,
    bounded,
    data,
    join,
    ref,
    symbolic,
    with_tags,
)
from mlsec_lint.source import ir

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

_DEEPEST_CALLBACK: Final = 3


def _call(machine: Machine, op: ir.Call) -> None:
    machine.place = (op.at, op.end)
    call = arguments_of(machine, op.args)
    machine.set(op.dst, machine.current(call_value(machine, machine.get(op.func), call, op.at, op.end)))


def _method(machine: Machine, op: ir.Method) -> None:
    machine.place = (op.at, op.end)
    obj = machine.get(op.obj)
    call = arguments_of(machine, op.args)
    machine.set(op.dst, machine.current(call_method(machine, obj, op.name, call, op.at, op.end)))


def arguments_of(machine: Machine, written: tuple[ir.Arg, ...]) -> Call:
    """The arguments of a call, with spreads expanded where their content is known."""
    positional: list[Argument] = []
    keywords: dict[str, Argument] = {}
    more: Value | None = None
    more_keywords: Value | None = None
    iterable: Value | None = None
    for arg in written:
        value = machine.get(arg.src)
        if arg.kind == "**":
            more_keywords = _spread_keywords(machine, value, keywords, more_keywords)
        elif arg.kind == "*":
            items = sequence_of(machine, value) if more is None else None
            if items is not None:
                positional.extend(Argument(item, arg.at, arg.end) for item in items)
            else:
                iterable = value if more is None and len(value.refs) == 1 and isinstance(value.refs[0], Sym) else None
                element = element_of(machine, value)
                more = element if more is None else join(more, element)
        elif arg.name:
            keywords[arg.name] = Argument(value, arg.at, arg.end)
        elif more is None:
            positional.append(Argument(value, arg.at, arg.end))
        else:
            more, iterable = join(more, value), None
    return Call(tuple(positional), tuple(keywords.items()), more, more_keywords, iterable)


def sequence_of(machine: Machine, value: Value) -> list[Value] | None:
    """The elements of a list or tuple, if they are known one by one."""
    found = things(machine, value)
    if len(found) != 1 or len(value.refs) != 1 or value.open:
        return None
    thing = found[0][1]
    exact = thing.exact and thing.rest is None and thing.kind in ("list", "tuple")
    return thing.sequence() if exact else None


def _spread_keywords(machine: Machine, value: Value, keywords: dict[str, Argument], more: Value | None) -> Value | None:
    found = things(machine, value)
    for _, thing in found:
        for key, item in thing.items.items():
            if key[0] == "str":
                old = keywords.get(key[1])
                keywords[key[1]] = Argument(item if old is None else join(old.value, item))
        if thing.rest is not None or thing.own:
            more = any_of(machine, value) if more is None else join(more, any_of(machine, value))
    if len(found) < len(value.refs) or value.open or not value.refs:
        more = value if more is None else join(more, value)
    return more


def call_value(machine: Machine, callee: Value, call: Call, at: int, end: int) -> Value:
    """The result of calling a value: the join over everything that it may be."""
    result: Value | None = None
    for target in callee.refs:
        one = _call_one(machine, target, callee.labels, call, at, end)
        result = one if result is None else join(result, one)
    if result is None or (callee.open and callee.labels):
        unknown = unknown_call(machine, callee.labels, call, at)
        result = unknown if result is None else join(result, unknown)
    return result


def _call_one(machine: Machine, target: Reference, labels: Labels, call: Call, at: int, end: int) -> Value:
    if isinstance(target, Fun):
        return call_function(machine, target, call, at, end)
    if isinstance(target, Bound):
        return _call_bound(machine, target, call, at, end)
    if isinstance(target, Ext):
        return call_external(machine, target.name, call, None, at, end)
    if isinstance(target, Cls):
        return construct(machine, target, call, at, end)
    if isinstance(target, Inst):
        return call_external(machine, f"{target.name}.__call__", call, Value(labels, (target,)), at, end)
    if isinstance(target, Obj):
        return _call_object(machine, target, labels, call, at, end)
    if isinstance(target, Wrapped):
        return call_value(machine, target.func, call, at, end)
    if isinstance(target, Sym):
        return residual(machine, Value(frozenset(labels), (target,)), "", call, at, end)
    return unknown_call(machine, labels, call, at)


def _call_bound(machine: Machine, target: Bound, call: Call, at: int, end: int) -> Value:
    func = target.func
    if isinstance(func, Ext):
        if func.name.startswith(("builtins.list.", "builtins.dict.", "builtins.tuple.", "builtins.set.")):
            found = container_method(machine, target.receiver, func.name.rpartition(".")[2], call, at)
            if found is not None:
                return found
        if func.name == TYPE_CALL:
            return construct_by_type(machine, target.receiver, call, at, end)
        if func.name == "property.setter" and call.positional:
            old = next((r for r in target.receiver.refs if isinstance(r, Wrapped)), None)
            return ref(Wrapped("property", old.func, call.positional[0].value)) if old is not None else UNKNOWN
        if func.name == binders.REGISTER and call.positional:
            return binders.register(machine, target.receiver, call, at)
        return call_external(machine, func.name, call, target.receiver, at, end)
    if isinstance(func, Fun):
        return call_function(machine, func, call.after((Argument(target.receiver),)), at, end)
    found = binders.call_bound(machine, func, target.receiver, call, at, end) if isinstance(func, Obj) else None
    return found if found is not None else call_value(machine, Value(refs=(func,)), call, at, end)


def _call_object(machine: Machine, target: Obj, labels: Labels, call: Call, at: int, end: int) -> Value:
    thing = thing_at(machine, target)
    if thing is not None and thing.kind == "partial":
        if machine.nesting > _DEEPEST_CALLBACK * 2:
            return unknown_call(machine, labels, call, at)
        machine.nesting += 1
        try:
            return call_value(machine, thing.items[".func"], binders.held(thing, call), at, end)
        finally:
            machine.nesting -= 1
    if thing is not None and thing.cls is None and thing.kind in ("list", "dict", "tuple", "set"):
        return unknown_call(machine, labels, call, at)
    if thing is not None and thing.kind == binders.GENERIC:
        return binders.call_generic(machine, thing, call, 0, at, end)
    found = get_attribute(machine, ref(target), "__call__")
    if any(isinstance(r, Bound) and isinstance(r.func, (Fun, Ext)) for r in found.refs):
        return call_value(machine, found, call, at, end)
    own = thing.own if thing is not None else NO_LABELS
    return unknown_call(machine, labels | own, call, at)


def call_method(machine: Machine, obj: Value, name: str, call: Call, at: int, end: int) -> Value:
    """``obj.name(...)``: the receiver decides what it means."""
    result = container_method(machine, obj, name, call, at)
    for target in obj.refs:
        one = _method_of(machine, target, obj, name, call, at, end)
        if one is not None:
            result = one if result is None else join(result, one)
    if result is None or (obj.open and obj.labels):
        notice_method(machine, name, obj, call, at, end)
        one = unresolved_method(machine, obj, name, call, at)
        result = one if result is None else join(result, one)
    return result


def _method_of(
    machine: Machine, target: Reference, obj: Value, name: str, call: Call, at: int, end: int
) -> Value | None:
    if isinstance(target, Obj):
        thing = thing_at(machine, target)
        if thing is None:  # an object of a module that still runs: its top level knows it when it makes the call
            single = replace(obj, refs=(target,), open=False)
            return residual(machine, single, name, call, at, end) if machine.early else None
        if thing.cls is None and thing.kind in ("list", "dict", "tuple", "set"):
            labels = deep_labels(ref(target), machine.state.heap)
            return NOTHING if _is_container_method(name) else unknown_call(machine, labels, call, at)
        if thing.kind == "box":
            from mlsec_lint.dataflow.flow.tasks import future_method

            return future_method(machine, target, thing, name, call, at, end)
        if thing.kind == "generator":
            return element_of(machine, ref(target))
    if isinstance(target, Sym):
        return _symbolic_method(machine, target, obj, name, call, at, end)
    single = replace(obj, refs=(target,), open=False)
    if isinstance(target, Super) and _depends(machine, target):
        return residual(machine, single, name, call, at, end)
    callee = get_attribute(machine, single, name)
    if isinstance(target, (Ext, Inst)) and len(callee.refs) == 1:
        func = callee.refs[0]
        dotted = func.func.name if isinstance(func, Bound) and isinstance(func.func, Ext) else ""
        dotted = func.name if isinstance(func, (Ext, Inst)) else dotted
        if dotted:
            return call_external(machine, dotted, call, single, at, end)
    if not callee.refs:
        notice_method(machine, name, obj, call, at, end)
        return unresolved_method(machine, single, name, call, at)
    return call_value(machine, callee, call, at, end)


def _depends(machine: Machine, target: Super) -> bool:
    """Whether what ``super()`` means is only known with the receiver: its class may derive from several."""
    symbols = any(isinstance(r, Sym) for r in target.receiver.refs)
    info = machine.solver.classes.info(target.cls)
    return symbols and info is not None and machine.solver.index.is_mixed(info.name)


def _is_container_method(name: str) -> bool:
    return is_modelled(name)


def _symbolic_method(machine: Machine, target: Sym, obj: Value, name: str, call: Call, at: int, end: int) -> Value:
    """A method of what a caller passed: known by its class, left to the callers, or the unknown policy."""
    single = Value(obj.labels, (target,), (), False, obj.ident)
    external = machine.knowledge.canonical(f"{target.ext}.{name}") if target.ext else ""
    if external and (machine.knowledge.describes(external) or not machine.solver.is_project_method(name)):
        return call_external(machine, external, call, single, at, end)
    written = machine.state.heap.get(("s", *target.path))
    stored = written.items.get(f".{name}") if written is not None else None
    if stored is not None and stored.refs:
        return call_value(machine, stored, call, at, end)
    if target.cls is not None:
        callee = get_attribute(machine, single, name)
        if callee.refs:
            return call_value(machine, callee, call, at, end)
    if machine.solver.is_project_method(name) or _hands_over(call):
        return residual(machine, single, name, call, at, end)
    notice_method(machine, name, single, call, at, end)
    found = symbolic_method(machine, target, name, at) if not call.values() else None
    if found is not None:
        return found
    _write_through(machine, target, name, call)
    return unresolved_method(machine, single, name, call, at)


def _hands_over(call: Call) -> bool:
    """Whether functions of the project are passed: what becomes of them is for those to say who know the receiver."""
    return any(
        isinstance(r, Fun) or (isinstance(r, Bound) and isinstance(r.func, Fun)) for v in call.values() for r in v.refs
    )


def _write_through(machine: Machine, target: Sym, name: str, call: Call) -> None:
    """``append`` and the like on a caller's container: what is passed may be found in it afterwards."""
    if adds(name):
        for value in call.values():
            write_overlay_rest(machine, target, value)


def unresolved_method(machine: Machine, obj: Value, name: str, call: Call, at: int) -> Value:
    """A method of data, or of something unknown: the result carries the data of the receiver and the arguments."""
    from mlsec_lint.dataflow.flow.externals import method_effects

    shown = method_effects(machine, name, obj, call, at)
    if shown is not None:
        return shown
    labels = obj.labels | _argument_labels(machine, call)
    labels = labels | callbacks(machine, call, labels)
    same = obj.ident is not None and name in machine.knowledge.passing
    parts = [data(bounded(labels), obj.ident if same else ("v", machine.path, at))]
    if name in ("get", "pop", "setdefault") and call.positional:
        parts = [get_item(machine, obj, call.positional[0].value)]
        parts += [call.positional[1].value] if len(call.positional) > 1 else []
    result = parts[0]
    for part in parts[1:]:
        result = join(result, part)
    return result


def _argument_labels(machine: Machine, call: Call) -> Labels:
    found: Labels = frozenset()
    for value in call.values():
        found = found | deep_labels(value, machine.state.heap)
    return found


def unknown_call(machine: Machine, labels: Labels, call: Call, at: int) -> Value:
    """A call whose target is not known: the result may carry all that goes in."""
    labels = labels | _argument_labels(machine, call)
    labels = labels | callbacks(machine, call, labels)
    return data(bounded(with_tags(labels, frozenset((UNRESOLVED,)))), ("v", machine.path, at))


def callbacks(machine: Machine, call: Call, labels: Labels, *, likely: bool = False) -> Labels:
    """Functions among the arguments of an unknown function are called once, with the data of the others.

    What they return may be part of its result. Unless the calls are ``likely``, a graph of calls does not show them:
    most methods only keep what they are given.
    """
    made = NO_LABELS
    if machine.nesting >= _DEEPEST_CALLBACK:
        return made
    for value in call.values():
        for target in value.refs:
            if isinstance(target, (Fun, Bound)) and not (isinstance(target, Bound) and isinstance(target.func, Ext)):
                machine.nesting += 1
                machine.muted += not likely
                try:
                    given = data(bounded(with_tags(labels, frozenset((UNRESOLVED,)))))
                    result = call_value(machine, Value(refs=(target,)), Call((), (), given, None), -1, -1)
                    made = made | deep_labels(result, machine.state.heap)
                finally:
                    machine.nesting -= 1
                    machine.muted -= not likely
    return with_tags(made, frozenset((UNRESOLVED,)))


def residual(machine: Machine, callee: Value, method: str, call: Call, at: int, end: int) -> Value:
    """A call that only a caller can resolve; its result is named, and the call is made when the summary is applied."""
    code, place = machine.origin
    site = place if place is not None else Site(machine.path, at, end)
    for known in machine.residuals:
        if known.site == site and known.method == method and known.callee.refs == callee.refs:
            index = machine.residuals.index(known)
            machine.residuals[index] = replace(known, call=join_calls(known.call, call))
            return symbolic((("r", known.number),))
    if len(machine.residuals) >= MOST_RESIDUALS:
        machine.trimmed["calls that only callers can resolve were cut off"] = None
        return unknown_call(machine, callee.labels, call, at)
    number = len(machine.residuals)
    machine.residuals.append(Residual(number, callee, method, call, site, code, machine.via))
    return symbolic((("r", number),))


def join_calls(left: Call, right: Call) -> Call:
    """The arguments of one call site evaluated twice."""
    if left == right:
        return left
    size = min(len(left.positional), len(right.positional))
    longer = left.positional if len(left.positional) > size else right.positional
    positional = tuple(
        Argument(join(a.value, b.value), a.at, a.end)
        for a, b in zip(left.positional[:size], right.positional[:size], strict=True)
    )
    keywords = dict(left.keywords)
    for name, argument in right.keywords:
        old = keywords.get(name)
        keywords[name] = argument if old is None else Argument(join(old.value, argument.value), old.at, old.end)
    more = left.more if right.more is None else right.more if left.more is None else join(left.more, right.more)
    words = left.more_keywords or right.more_keywords
    return Call((*positional, *longer[size:]), tuple(keywords.items()), more, words)


CALLS: Final[Mapping[type[ir.Op], Callable[[Machine, Any], None]]] = {ir.Call: _call, ir.Method: _method}
