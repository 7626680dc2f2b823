"""Calls of which only the result matters: an argument, the data of all arguments, nothing, or no return at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlsec_lint.dataflow.flow.acts import Special, labels_of, value_of
from mlsec_lint.dataflow.flow.assigning import taint_content
from mlsec_lint.dataflow.flow.exceptions import exception
from mlsec_lint.dataflow.flow.summary import Call
from mlsec_lint.dataflow.flow.values import NONE, UNKNOWN, Inst, Value, data, ident_of

if TYPE_CHECKING:
    from mlsec_lint.dataflow.flow.machine import Machine


def _nothing(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    typed = machine.knowledge.types.first(name)
    made = typed or (name if name.rpartition(".")[2][:1].isupper() else "")
    return Value(refs=(Inst(made),) if made else (), open=True, ident=("v", machine.path, at))


def _leave(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The call does not come back: ``sys.exit()``, ``abort(404)``."""
    machine.raise_value(UNKNOWN)
    machine.state.alive = False
    return UNKNOWN


def _pure(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    values = [*([receiver] if receiver is not None else []), *call.values()]
    idents = [ident_of(value) for value in values]
    ident = ("op", name, *idents) if all(i is not None for i in idents) else ("v", machine.path, at)
    return data(labels_of(machine, values), ident)


def _second(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The second argument itself: ``typing.cast(T, x)``."""
    return value_of(call, 1)


def _enter(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``stack.enter_context(x)``: what entering gives; it is left some time later."""
    from mlsec_lint.dataflow.flow.scopes import enter, leave

    manager = value_of(call, 0)
    if manager is None:
        return None
    result = enter(machine, manager)
    leave(machine, manager)
    return result


def _same(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """The first argument itself: ``asyncio.create_task(coroutine)``."""
    return value_of(call, 0)


def _exception(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    return exception(machine, call, at)


def _print(machine: Machine, name: str, call: Call, receiver: Value | None, at: int, end: int) -> Value | None:
    """``print(x, file=f)``: the stream holds what was printed."""
    stream = call.keyword("file")
    if stream is not None:
        values = [argument.value for argument in call.positional]
        taint_content(machine, ident_of(stream.value), data(labels_of(machine, values)))
    return NONE


RESULTS: Final[dict[str, Special]] = {
    "pure": _pure,
    "nothing": _nothing,
    "leave": _leave,
    "second": _second,
    "enter": _enter,
    "same": _same,
    "exception": _exception,
    "print": _print,
}
