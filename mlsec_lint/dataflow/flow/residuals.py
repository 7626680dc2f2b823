"""Calls that are left to the callers, who know what the called value is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlsec_lint.dataflow.flow.summary import MOST_RESIDUALS, Argument, Call, Residual, Site
from mlsec_lint.dataflow.flow.values import Value, join, symbolic

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


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
        from mlsec_lint.dataflow.flow.calls import unknown_call

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
