"""Calls of values: what is called decides what it means, and unknown functions are taken to do what they can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow import binders
from mlsec_lint.dataflow.flow.access import get_attribute
from mlsec_lint.dataflow.flow.apply import call_function
from mlsec_lint.dataflow.flow.construct import TYPE_CALL, construct, construct_by_type
from mlsec_lint.dataflow.flow.container_methods import container_method
from mlsec_lint.dataflow.flow.externals import call_external
from mlsec_lint.dataflow.flow.labels import NO_LABELS, UNRESOLVED, Labels, bounded, with_tags
from mlsec_lint.dataflow.flow.objects import thing_at
from mlsec_lint.dataflow.flow.references import deep_labels
from mlsec_lint.dataflow.flow.residuals import residual
from mlsec_lint.dataflow.flow.summary import Argument, Call
from mlsec_lint.dataflow.flow.values import (
    UNKNOWN,
    Bound,
    Cls,
    Ext,
    Fun,
    Inst,
    Obj,
    Reference,
    Sym,
    Value,
    Wrapped,
    data,
    join,
    ref,
)

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine

_DEEPEST_CALLBACK: Final = 3


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


def argument_labels(machine: Machine, call: Call) -> Labels:
    """The labels of all that the arguments lead to."""
    found: Labels = frozenset()
    for value in call.values():
        found = found | deep_labels(value, machine.state.heap)
    return found


def unknown_call(machine: Machine, labels: Labels, call: Call, at: int) -> Value:
    """A call whose target is not known: the result may carry all that goes in."""
    labels = labels | argument_labels(machine, call)
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
