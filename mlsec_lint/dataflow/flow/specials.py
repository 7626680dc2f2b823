"""Calls that the evaluation itself understands, by what knowledge says they do (``acts``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.acts import Special, value_of
from mlsec_lint.dataflow.flow.binders import generic, partial_method
from mlsec_lint.dataflow.flow.higher_order import HIGHER_ORDER, key_function
from mlsec_lint.dataflow.flow.introspection import INTROSPECTION
from mlsec_lint.dataflow.flow.iterating import ITERATING
from mlsec_lint.dataflow.flow.making import MAKING
from mlsec_lint.dataflow.flow.reflection import delete, globals_of, vars_of
from mlsec_lint.dataflow.flow.results import RESULTS
from mlsec_lint.dataflow.flow.shapes import as_dictionary, default, keyed, named, replaced
from mlsec_lint.dataflow.flow.summary import Call
from mlsec_lint.dataflow.flow.tasks import run, start
from mlsec_lint.dataflow.flow.texts import as_text
from mlsec_lint.dataflow.flow.values import Value

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def special_call(
    machine: Machine, acts: str, name: str, call: Call, receiver: Value | None, at: int, end: int
) -> Value | None:
    """The result of a special call; none if it does nothing special with these arguments."""
    key_function(machine, call, value_of(call, 0), at, end)
    if acts.startswith("__"):
        return as_text(machine, acts, value_of(call, 0), at, end)
    action = _ACTIONS.get(acts)
    return action(machine, name, call, receiver, at, end) if action is not None else None


_ACTIONS: Final[dict[str, Special]] = {
    **HIGHER_ORDER,
    **INTROSPECTION,
    **ITERATING,
    **MAKING,
    **RESULTS,
    "start": start,
    "timer": start,
    "vars": vars_of,
    "globals": globals_of,
    "delattr": delete,
    "default": default,
    "factory": default,
    "replace": replaced,
    "asdict": as_dictionary,
    "named": named,
    "keyed": keyed,
    "partialmethod": partial_method,
    "dispatch": generic,
    "run": run,
}
